"""Test hooks as rows: stored values, recorded values, allowed events."""

import json
import re
from pathlib import Path

import pytest

from sprints.contract.hook_spec import HookDefinition
from sprints.definitions import hooks
from sprints.models import Event, Hook
from sprints.state.event_catalog import NAMES, payload, point_of
from sprints.state.event_codes import EventKind
from tests import studio

SPRINTS = Path(hooks.__file__).parents[1]
TELL = HookDefinition("tell", "command", ("round_done",), ("true",))


def event(kind: str, **data: object) -> dict:
    """An event as JSON has it, as far as a hook looks at it."""
    about = {"ts": "2026-11-24T12:00:00Z", "seq": 7, "sprint_id": "wk1", "round_id": "R0_SETUP"}
    return {**about, "kind": kind, "message": "words", "data": data}


def test_a_hook_is_added_changed_and_removed_and_each_is_an_event(invoke):
    added = invoke("hook", "add", "tell", "--on", "round_done,error", "--command", "say 'a b'")
    invoke("hook", "set", "tell", "--timeout", "5", "--disable")
    listed = invoke("hook", "list", "--json")
    removed = invoke("hook", "remove", "tell")

    assert (added.out, removed.out) == ("added hook tell\n", "removed hook tell\n")
    (hook,) = json.loads(listed.out)
    assert (hook["target"], hook["points"]) == (["say", "a b"], ["round_done", "error"])
    assert (hook["timeout_s"], hook["tries"], hook["enabled"]) == (5, 3, False)
    told = Event.objects.filter(kind="hook_changed").order_by("seq")
    assert [row.body["message"] for row in told] == [
        "hook added: tell",
        "hook changed: tell",
        "hook removed: tell",
    ]


def test_a_hook_is_not_told_of_what_was_before_it_or_while_it_was_off(store):
    studio.create("before")
    row = hooks.put(TELL)
    added_at = row.seq

    hooks.put(TELL, enabled=False)
    studio.create("meanwhile")
    hooks.put(TELL, enabled=True)

    assert studio.event(seq=added_at)["message"] == "sprint created: before"
    seen = Hook.objects.get().seq
    assert studio.event(seq=seen)["message"] == "sprint created: meanwhile"
    assert studio.seq() == seen + 1


@pytest.mark.parametrize(
    ("wanted", "told", "point"),
    [
        (["round_start"], event("round_started"), "round_start"),
        (["round_started"], event("round_started"), "round_started"),
        (["round_done"], event("round_done"), "round_done"),
        (["gate_start"], event("gate_started"), "gate_start"),
        (["gate_done"], event("gate_finished"), "gate_done"),
        (["gate_start"], event("gate_finished"), None),
        (["sprint_start"], event("note", point="sprint_start"), "sprint_start"),
        (["release_ready"], event("note", point="release_ready"), "release_ready"),
        (["sprint_start"], event("note"), None),
        (["note"], event("note"), "note"),
        (["error", "note"], event("note", point="sprint_start"), "note"),
        (["error"], event("error"), "error"),
        (["error"], event("error", undelivered="msg_1"), None),
        (list(NAMES), event("something_new"), None),
    ],
)
def test_an_event_goes_by_its_kind_and_by_its_point(wanted, told, point):
    assert point_of(wanted, told) == point


def test_the_start_of_a_sprint_names_its_point_and_a_retry_does_not(invoke):
    invoke("gate", "set", "qa_smoke_quick", "--command", "false")
    invoke("sprint", "create", "wk1")
    invoke("sprint", "run", "wk1")
    invoke("sprint", "retry", "wk1")

    bodies = studio.events()
    named = [body["message"] for body in bodies if point_of(["sprint_start"], body)]
    assert named == ["sprint started"]
    assert any("sprint retried" in body["message"] for body in bodies)


def test_every_kind_of_event_that_is_recorded_can_be_hooked():
    sources = [path.read_text() for path in SPRINTS.rglob("*.py")]
    sources += [path.read_text() for path in (SPRINTS.parent / "gateway_project").rglob("*.py")]

    recorded = set(re.findall(r"EventKind\.([A-Z_]+)", "\n".join(sources)))
    others = re.findall(r'\b(?:Transition|note|Draft)\(\s*"(\w+)"', "\n".join(sources))

    assert recorded == {kind.name for kind in EventKind}
    assert others == []
    assert set(EventKind) <= set(NAMES)


def test_a_payload_is_about_what_the_event_is_about():
    told = payload("gate_done", event("gate_finished", gate_id="qa", exit_code=3))

    assert told["type"] == "gate_done"
    assert told["seq"] == 7
    assert told["data"] == {
        "sprint_id": "wk1",
        "round_id": "R0_SETUP",
        "message": "words",
        "gate_id": "qa",
        "exit_code": 3,
    }
