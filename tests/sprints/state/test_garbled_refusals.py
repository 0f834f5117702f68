"""Refusals are told apart by their codes: with every text reversed they are the same."""

import pytest

from gates import wording
from sprints import operations
from sprints.state.messages import message
from sprints.state.refusals import RefusalCode
from sprints.state.transitions import MoveRefused
from tests import studio
from tests.sprints.state.garbled import MARK, backwards
from tests.sprints.views.conftest import call, tokens_by_role

__all__ = ["call", "tokens_by_role"]

REFUSED = {
    ("wk1/resume", None): (409, "wrong_status"),
    ("wk1/retry", None): (409, "wrong_status"),
    ("wk1/answer", '{"text": "Blue."}'): (409, "wrong_status"),
    ("wk1/approve", "{}"): (409, "wrong_status"),
    ("wk1/unship", "{}"): (409, "wrong_status"),
    ("wk1/archive", None): (409, "wrong_status"),
    ("held/pause", None): (409, "paused"),
    ("held/step", None): (409, "paused"),
    ("held", '{"meta": {"gate_profile": "full"}}'): (409, "frozen"),
    ("gone/pause", None): (409, "archived"),
    ("gone/archive", None): (409, "archived"),
    ("none/pause", None): (404, "unknown_sprint"),
    ("wk1/budget", "{}"): (400, "missing"),
    ("wk1", '{"meta": {"round_minutes": 7}}'): (422, "invalid"),
    ("", '{"sprint_id": "no/id"}'): (422, "invalid"),
    ("", '{"sprint_id": "wk1"}'): (409, "already_exists"),
}


@pytest.fixture
def sprints(store):
    """A new sprint, one that is paused, one that is archived."""
    for name in ("wk1", "held", "gone"):
        studio.create(name, by="sam")
    studio.start("held")
    studio.pause("held", "sam")
    operations.ask_to_cancel("gone", "sam")
    studio.archive(["gone"], "sam")
    return store


@pytest.mark.parametrize(("path", "body"), REFUSED)
def test_the_interface_answers_with_the_same_code(call, sprints, monkeypatch, path, body):
    at = f"/api/sprints/{path}".rstrip("/")
    plain = call("POST", at, body)
    made = wording.worded
    monkeypatch.setattr(wording, "worded", lambda text, fields: backwards(made(text, fields)))

    garbled = call("POST", at, body)

    for answer in (plain, garbled):
        assert (answer.status_code, answer.json()["code"]) == REFUSED[path, body]
    before, after = (
        [(one["field"], one["code"]) for one in answer.json().get("problems", ())]
        for answer in (plain, garbled)
    )
    assert before == after
    assert MARK not in plain.json()["error"]
    assert MARK in garbled.json()["error"]


@pytest.mark.parametrize(
    "argv",
    [
        ("sprint", "resume", "wk1"),
        ("sprint", "retry", "wk1"),
        ("sprint", "run", "none"),
        ("sprint", "create", "no/id"),
        ("gate", "remove", "none"),
        ("config", "set", "port", "0"),
    ],
)
def test_a_command_exits_with_the_same_code(invoke, sprints, monkeypatch, argv):
    made = wording.worded
    monkeypatch.setattr(wording, "worded", lambda text, fields: backwards(made(text, fields)))

    said = invoke(*argv)

    assert (said.code, said.err.count("\n")) == (2, 1)
    assert MARK in said.err


def test_a_refused_move_has_a_code():
    assert MoveRefused(message("wait.start")).code == RefusalCode.WRONG_STATUS
