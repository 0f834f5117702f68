"""Texts written backwards where they are made, and what must not notice."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

from sprints.models import Sprint
from sprints.replay.replay import replay
from tests import studio
from tests.people import Role, signed_in

MARK = "◁"  # before a text that is written backwards, also before one that was so twice


def backwards(text: str) -> str:
    """The text with its letters reversed; a second time does not restore it."""
    return f"{MARK}{text[::-1]}" if text else ""


def without_readable_reasons(outcome: Any) -> Any:
    """An outcome of gates, agents, hooks and git whose reasons are written backwards."""
    found = {one.name: getattr(outcome, one.name) for one in fields(outcome)}
    for name, value in found.items():
        if name == "reason":
            found[name] = backwards(value)
        elif is_dataclass(value) and hasattr(value, "reason"):
            found[name] = replace(value, reason=backwards(value.reason))  # type: ignore[type-var]
    return type(outcome)(**found)


def row(name: str = "wk1") -> Sprint:
    """The sprint as it is now."""
    return studio.sprint(name)


def run(name: str = "wk1") -> str:
    """Run it, and return its status then."""
    return str(studio.run(name).sprint.status)


def retry(name: str = "wk1") -> str:
    """Retry it, and return its status then."""
    return str(studio.retry(name).sprint.status)


def why(name: str = "wk1") -> str | None:
    """The code of the reason for which the sprint has stopped."""
    reason = row(name).stop_reason
    return reason and str(reason["code"])


def headings() -> dict[str, str]:
    """Under what the dashboard lists each sprint that waits for a person."""
    waits = signed_in(Role.VIEWER).get("/").context["waits"]
    return {item.line.sprint_id: item.kind for item in waits}


def offered(name: str = "wk1") -> str | None:
    """The act that a sprint's page offers first."""
    acts = signed_in(Role.OPERATOR).get(f"/sprints/{name}/").context["acts"]
    return next((act.verb for act in acts if act.main), None)


def codes(name: str | None = "wk1") -> list[str]:
    """The codes of the notes and errors of that sprint, in their order."""
    bodies = studio.events(sprint_id=name)
    return [body["data"].get("code", "") for body in bodies if body["kind"] in ("note", "error")]


def sound() -> bool:
    """Files, rows and folded events agree, and the engine would do all of it again."""
    studio.settle_files()
    for sprint in studio.sprints():
        bodies = studio.events(sprint_id=sprint.pk)
        assert replay(bodies) is None
    assert studio.check_rebuild().difference == ""
    return studio.differences() == []
