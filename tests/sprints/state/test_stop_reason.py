"""Test stop reasons: codes with fields, their JSON, their documented text, and old stores."""

import json

import pytest

from sprints.state.snapshot import stopped_for
from sprints.state.stop_reason import FIELDS, StopCode, StopReason
from sprints.state.version0 import stop_reason_of

UNTIL = "2026-11-27T12:00:00Z"
REASONS = [
    ("gate_failed:lint exit_code=3", {"gate_id": "lint", "exit_code": 3}),
    ("gate_failed:lint exit_code=-9", {"gate_id": "lint", "exit_code": -9}),
    ("gate_failed:lint exit_code=None", {"gate_id": "lint", "exit_code": None}),
    ("gate_failed:lint exit_code=1 (same)", {"gate_id": "lint", "exit_code": 1, "detail": "same"}),
    ("gate_flaky:lint runs 1 and 2 of one tree", {"gate_id": "lint", "runs": (1, 2)}),
    ("agent_failed:agent_01 exit code 3", {"agent_id": "agent_01", "detail": "exit code 3"}),
    ("no_workspace:agent_01 no disk", {"agent_id": "agent_01", "detail": "no disk"}),
    ("agent_asks:agent_01 red? / b\nc", {"agent_id": "agent_01", "questions": ("red?", "b\nc")}),
    ("hook_failed:h1 timed out: 3 s", {"hook_id": "h1", "detail": "timed out: 3 s"}),
    ("ship_refused:a conflict in: x", {"detail": "a conflict in: x"}),
    ("paths_unknown:git is away", {"detail": "git is away"}),
    ("approval_needed:before_build", {"point": "before_build"}),
    ("approval_rejected:before_ship by sam", {"point": "before_ship", "by": "sam"}),
    (
        "approval_rejected:before_ship by sam: no: never",
        {"point": "before_ship", "by": "sam", "detail": "no: never"},
    ),
    (f"approval_expired:before_build until {UNTIL}", {"point": "before_build", "until_ts": UNTIL}),
    ("budget:40 of 40 launches", {"resource": "launches", "used": 40, "allowed": 40}),
    ("budget:0.5 of 0.5 minutes", {"resource": "minutes", "used": 0.5, "allowed": 0.5}),
    ("budget:5000123 of 5000000 tokens", {"resource": "tokens", "used": 5000123, "allowed": 5e6}),
    ("budget:2.5 of 2 USD", {"resource": "usd", "used": 2.5, "allowed": 2}),
    ("deadline:R0_SETUP minutes=6", {"round_id": "R0_SETUP", "minutes": 6.0}),
    ("deadline:R0_SETUP minutes=0.05", {"round_id": "R0_SETUP", "minutes": 0.05}),
    ("engine_error:KeyError: 'x'", {"detail": "KeyError: 'x'"}),
    ("cancelled_by_user", {}),
]


def code_of(text: str) -> StopCode:
    return StopCode(text.partition(":")[0])


def test_each_code_but_that_of_other_gateways_is_tried_here():
    assert {code_of(text) for text, _ in REASONS} == {*StopCode} - {StopCode.OTHER}
    assert {*FIELDS} == {*StopCode}


@pytest.mark.parametrize(("text", "fields"), REASONS)
def test_last_error_is_the_documented_text(text, fields):
    assert StopReason(code_of(text), **fields).last_error() == text


@pytest.mark.parametrize(("text", "fields"), REASONS)
def test_a_reason_comes_back_from_json(text, fields):
    reason = StopReason(code_of(text), **fields)

    assert StopReason.from_json(json.loads(json.dumps(reason.to_json()))) == reason
    assert {*reason.to_json()} == {"code", *fields}


@pytest.mark.parametrize(("text", "fields"), REASONS)
def test_what_an_older_version_recorded_is_read(text, fields):
    assert stop_reason_of(text) == StopReason(code_of(text), **fields)
    assert stopped_for(None, text) == StopReason(code_of(text), **fields)


@pytest.mark.parametrize(
    "text",
    ["", "out of milk", "gate_failed:lint", "budget:all", "deadline:R0 minutes=x"],
)
def test_a_text_of_another_gateway_stays_as_it_is(text):
    assert stop_reason_of(text) == StopReason(StopCode.OTHER, detail=text)
    assert stop_reason_of(text).last_error() == stop_reason_of(text).text() == text


def test_the_code_counts_before_the_text():
    reason = StopReason(StopCode.CANCELLED, by="sam")

    assert stopped_for(reason.to_json(), "gate_failed:lint exit_code=3") == reason
    assert stopped_for(reason.to_json(), None) is None, "it goes on"


@pytest.mark.parametrize(("text", "fields"), REASONS)
def test_each_reason_has_a_sentence_for_people(text, fields):
    said = StopReason(code_of(text), **fields).text()

    assert said
    assert "{" not in said
    assert not said.startswith(f"{code_of(text)}:")


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"code": "of_a_later_version"},
        {"code": ["budget"]},
        {"code": "gate_flaky", "gate_id": "lint", "runs": []},
        {"code": "gate_flaky", "gate_id": "lint", "runs": 3},
        {"code": "agent_asks", "agent_id": "agent_01", "questions": 5},
        {"code": "agent_asks", "agent_id": "agent_01", "questions": [1]},
        {"code": "budget", "resource": "usd", "used": "much", "allowed": 2},
        {"code": "deadline", "round_id": "R0_SETUP", "minutes": None},
        {"code": "gate_failed", "gate_id": 7, "exit_code": 1},
    ],
)
def test_a_reason_that_cannot_be_read_is_that_of_last_error(stored):
    found = stopped_for(stored, "gate_failed:lint exit_code=3")

    assert found == StopReason(StopCode.GATE_FAILED, gate_id="lint", exit_code=3)
    assert found.text()
