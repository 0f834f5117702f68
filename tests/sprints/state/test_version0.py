"""Test the decoder of version 0, whose events have messages but no codes."""

import pytest

from gates.verdict import Cause
from sprints.state.event_codes import EventCode
from sprints.state.version0 import act_of, cause_of

SHAPES = [
    ("note", "sprint started", EventCode.SPRINT_STARTED),
    ("note", "sprint retried from R3_BUILD_A_INTEGRATE, attempt 2", EventCode.SPRINT_RETRIED),
    ("note", "sprint paused by kim: lunch", EventCode.SPRINT_PAUSED),
    ("note", "sprint resumed by kim", EventCode.SPRINT_RESUMED),
    ("note", "one round asked for by kim: R1_CONTRACTS", EventCode.STEP_REQUESTED),
    ("note", "sprint goes on to its end", EventCode.STEP_CLEARED),
    ("note", "sprint holds after R1_CONTRACTS, as kim asked", EventCode.HELD_AFTER_STEP),
    ("note", "cancel asked by kim", EventCode.CANCEL_REQUESTED),
    ("note", "sprint cancelled by kim", EventCode.SPRINT_CANCELLED),
    ("note", "sprint succeeded", EventCode.SPRINT_SUCCEEDED),
    ("note", "evidence is kept in /srv/artifacts/wk1 from now on", EventCode.EVIDENCE_MOVED),
    ("note", "round R0_SETUP is over its minutes: 6", EventCode.ROUND_OVERDUE),
    ("note", "gate qa_smoke_quick is run again", EventCode.GATE_REPEATED),
    ("note", "advisory gate lint said no: exit code 1", EventCode.ADVISORY_GATE_FAILED),
    ("error", "overdue: the sprint has waited for gate qa since …", EventCode.WAIT_OVERDUE),
    ("error", "the engine cannot carry the sprint: KeyError: 'x'", EventCode.ENGINE_ERROR),
    ("gate_changed", "gate removed: lint", EventCode.REMOVED),
    ("hook_changed", "hook removed: tell", EventCode.REMOVED),
    ("schedule_changed", "schedule removed: nightly", EventCode.REMOVED),
    ("hook_changed", "hook disabled (it was removed: gone): tell", None),
    ("gate_changed", "gate changed: lint", None),
    ("error", "required gate failed; stopping sprint", None),
    ("error", "round R0_SETUP is over its 6 minutes; stopping sprint", None),
    ("error", "sprint started", None),
    ("note", "mirror is written again", None),
    ("round_done", "sprint started", None),
]


@pytest.mark.parametrize(("kind", "message", "code"), SHAPES, ids=[one[1] for one in SHAPES])
def test_a_message_of_version_0_says_which_act_it_is(kind, message, code):
    assert act_of({"kind": kind, "message": message, "data": {"by": "kim"}}) == code


@pytest.mark.parametrize("code", list(EventCode))
def test_a_code_is_read_before_any_message(code):
    event = {"kind": "note", "message": "sprint started", "data": {"code": code.value}}

    assert act_of(event) == code


def test_a_code_that_is_of_no_act_is_none():
    event = {"kind": "error", "message": "overdue: …", "data": {"code": "something_else"}}

    assert act_of(event) is None


LOST = "the gateway ended before the {} did"
CAUSES = [
    ("gate_finished", "interrupted", LOST.format("gate"), Cause.LOST),
    (
        "gate_finished",
        "error",
        f"{LOST.format('gate')}, 5 times: it may be the gate that ends it",
        Cause.LOST_TOO_OFTEN,
    ),
    ("gate_finished", "interrupted", "the gateway stops; stopped after 1.0 s", Cause.NONE),
    ("gate_finished", "failed", "it may be the gate that ends it", Cause.NONE),
    ("task_stopped", "", LOST.format("agent"), Cause.LOST),
    (
        "task_failed",
        "",
        f"{LOST.format('agent')}, 5 times: it may be the agent that ends it",
        Cause.LOST_TOO_OFTEN,
    ),
    ("task_stopped", "", "the sprint's minutes for agents ended; timed out", Cause.BUDGET_ENDED),
    ("task_failed", "", "exit code 3", Cause.NONE),
    ("hook_finished", "", f"{LOST.format('hook')}, 5 times", Cause.LOST),
    ("hook_finished", "", "exit code 1", Cause.NONE),
]


@pytest.mark.parametrize(("kind", "verdict", "reason", "cause"), CAUSES)
def test_a_reason_of_version_0_says_which_cause_it_is(kind, verdict, reason, cause):
    event = {"kind": kind, "data": {"verdict": verdict, "reason": reason}}

    assert cause_of(event) == cause


def test_a_cause_is_read_before_any_reason():
    event = {"kind": "task_stopped", "data": {"reason": LOST.format("agent"), "cause": "stopped"}}

    assert cause_of(event) == Cause.STOPPED
