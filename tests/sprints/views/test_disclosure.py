"""Test every path as every role: none answers with a value that this role may not see."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from gateway_project.accounts import tokens, user_operations
from gateway_project.accounts.admin import site
from gateway_project.accounts.roles import give
from sprints import operations
from sprints.contract.agent_spec import COMMAND
from sprints.models import Delivery, Event, Hook
from sprints.queries.disclosure import HIDDEN, shown, shown_line
from sprints.roles import NOBODY, Role
from tests import studio
from tests.checkout import commit
from tests.people import PASSWORD
from tests.sprints.views.routes import every_route

# Below an admin, nobody sees these; an admin edits them.
DEFINED = {
    "agent command": "planted-agent-command",
    "agent variable": "planted-agent-value",
    "gate variable": "planted-gate-value",
    "hook address": "planted-hook-address",
    "notify address": "planted-notify-address",
}


@pytest.fixture
def secrets(store) -> dict[str, str]:
    """Values planted everywhere; what nobody sees, by its name."""
    commit(store.repo, {"a.txt": "a"})
    studio.set_agent(
        runner=COMMAND,
        command=("python3", DEFINED["agent command"]),
        env={"PLAIN": DEFINED["agent variable"]},
    )
    studio.gate("true", env={"DB_PASSWORD": DEFINED["gate variable"], "PLAIN": "1"})
    board = ("https://example.com/" + DEFINED["hook address"],)
    studio.hook("board", "webhook", ("note",), board)
    studio.hook("me", "notify", ("note",), (f"json://example.com/{DEFINED['notify address']}",))
    alice = user_operations.add("alice", Role.ADMIN, by="test", password=PASSWORD)
    studio.create("wk1")
    studio.start("wk1")
    for event in Event.objects.all():
        Delivery.objects.create(
            id=f"d{event.seq}", hook_id="board", point="note", payload=event.line,
            created_at=timezone.now(), sprint_id="wk1", status="failed",
        )  # fmt: skip
    folder = Path(studio.sprint().artifacts_dir) / "gates" / "qa_smoke_quick"
    folder.mkdir(parents=True)
    (folder / "stdout.txt").write_text("printed\n")
    config = json.loads(store.config.read_text())
    return {
        "token in config.json": config["auth_token"],
        "key in config.json": config["secret_key"],
        "key of a webhook": Hook.objects.get(pk="board").secret,
        "hash of a password": alice.password,
        "digest of a token": tokens.issue(alice, "test", Role.ADMIN)[0].digest,
    }


def paths() -> set[str]:
    """Every path, with things that are there and that are not; every row's page; every file."""
    found = {route.path(there) for route in every_route() for there in (True, False)}
    for model in apps.get_models():
        if site.is_registered(model):
            at = f"/admin/{model._meta.app_label}/{model._meta.model_name}"
            for row in model._default_manager.all()[:40]:
                found |= {f"{at}/{quote(row.pk)}/{page}/" for page in ("change", "history")}
    found |= {"/api/events?tail=10000", "/api/events?after_seq=0", "/events/?kind=agent_changed"}
    found |= {"/sprints/wk1/?part=live", "/sprints/wk1/?part=output", "/api/gates", "/api/agents"}
    return found | {"/api/artifacts/wk1/gates/qa_smoke_quick/stdout.txt"}


def asked(role: int) -> dict[str, str]:
    """What each path answers to a user of that role."""
    client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
    headers: dict[str, Any] = {"Accept": "text/html"}
    if role != NOBODY:
        user, _ = User.objects.get_or_create(username=f"r{role}", is_staff=True)
        give(user, Role(role))
        headers["X-Studio-Gateway-Token"] = tokens.issue(user, "test", Role(role))[1]
    answers = {path: client.get(path, headers=headers) for path in sorted(paths())}
    return {path: b"".join(one).decode(errors="replace") for path, one in answers.items()}


@pytest.mark.parametrize("role", [NOBODY, *Role])
def test_no_path_answers_with_what_its_reader_may_not_see(secrets, role):
    hidden = secrets if role == Role.ADMIN else secrets | DEFINED

    said = asked(role)

    told = [(path, name) for path in said for name, value in hidden.items() if value in said[path]]
    assert told == []
    if role == Role.VIEWER:
        assert HIDDEN in said["/api/events?tail=10000"]
        assert HIDDEN in said["/admin/sprints/sprint/wk1/change/"]
    if role == Role.ADMIN:  # they are planted where others would find them
        events = said["/api/events?tail=10000"]
        assert {name for name, value in DEFINED.items() if value in events} == {
            "agent command", "agent variable", "gate variable",
        }  # fmt: skip
        assert DEFINED["agent command"] in said["/admin/sprints/sprint/wk1/change/"]
        assert DEFINED["agent command"] in said["/admin/sprints/agent/"]
        assert DEFINED["hook address"] in said["/admin/sprints/hook/board/change/"]


def test_an_event_without_a_definition_is_answered_byte_for_byte(store):
    studio.create("wk1")
    line = Event.objects.get(kind="sprint_created").line

    assert shown_line(line, Role.VIEWER) == line
    assert shown_line('{"env": {"A": "x"}}', Role.ADMIN) == '{"env": {"A": "x"}}'


def test_names_stay_and_values_go():
    gate = {"gate_id": "g", "command": ["make"], "env": {"A": "x"}}
    agent = {"agent_id": "agent_01", "command": ["ask", "--key"], "env": {}}

    assert shown({"gates": [gate], "agents": [agent]}, Role.OPERATOR) == {
        "gates": [gate | {"env": {"A": HIDDEN}}],
        "agents": [agent | {"command": [HIDDEN]}],
    }
    assert shown([agent], Role.ADMIN) == [agent]


def test_a_definition_in_the_data_of_an_act_is_hidden_too(store):
    operations.agents.put([replace(studio.agent(), env={"PLAIN": "planted"})], "sam")

    line = Event.objects.get(kind="agent_changed").line

    assert "planted" in line
    assert "planted" not in shown_line(line, Role.VIEWER)
