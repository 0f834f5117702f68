"""Test the loop as a pure function: without database, process or clock."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gates.verdict import Judgement, Verdict
from sprints.contract.contract import DEFAULT_GATE, draft
from sprints.core import commands, pause
from sprints.core.actions import MOST_LOST, Recover, RunGate
from sprints.core.decide import decide
from sprints.core.reducer import reduce
from sprints.state.snapshot import evolve
from sprints.state.transitions import MoveRefused
from tests.engine import GREEN, LOST, NOON, RED, begun, drive, fresh, step

DOCUMENTED = {
    "sprint_created",
    "round_started",
    "round_done",
    "gate_started",
    "gate_finished",
    "note",
    "error",
}


def kinds(moves):
    return [move.kind for move in moves if move.kind in DOCUMENTED]


def test_a_green_sprint_tells_the_documented_story_and_succeeds():
    after, moves = drive(fresh())

    quiet, gated = (
        ["round_started", "round_done"],
        ["round_started", "gate_started", "gate_finished", "round_done"],
    )
    assert kinds(moves) == [*quiet * 3, *gated, *quiet, *gated, "note"]
    assert after.sprint.status == "succeeded"
    assert after.sprint.current_round is None
    assert {round.status for round in after.rounds} == {"done"}


def test_agent_01_leads_every_round_and_r1_collects_four_acks():
    after, _ = drive(fresh())

    assert [t.owner_agent for t in after.tasks].count("agent_01") == 6
    assert {t.owner_agent for t in after.tasks if t.round_id == "s1/R1_CONTRACTS"} == {
        "agent_01",
        "agent_02",
        "agent_03",
        "agent_11",
        "agent_12",
    }
    assert (
        after.rounds[1].notes[-1]
        == "acks_collected=['agent_02', 'agent_03', 'agent_11', 'agent_12']"
    )
    assert all(t.status == "done" and t.reply.startswith("Status: ") for t in after.tasks)


@pytest.mark.parametrize("code", ["R3_BUILD_A_INTEGRATE", "R5_RELEASE_CANDIDATE"])
@pytest.mark.parametrize("verdict", ["failed", "error", "timed_out"])
def test_a_required_gate_that_is_not_green_ends_the_sprint_there(code, verdict):
    def judge(action):
        return Judgement(Verdict(verdict), 3, "no", 1.0) if action.code == code else GREEN

    after, moves = drive(fresh(), judge)

    assert kinds(moves)[-2:] == ["gate_finished", "error"]
    assert (after.sprint.status, after.sprint.current_round) == ("failed", code)
    assert after.sprint.last_error == "gate_failed:qa_smoke_quick exit_code=3"
    assert after.round_if_any.status == "blocked"
    assert not any(move.kind == "round_done" and move.round_id == code for move in moves)


def test_an_advisory_gate_may_say_no():
    lint = replace(DEFAULT_GATE, gate_id="lint", required=False)

    after, moves = drive(
        fresh(gates=(lint, DEFAULT_GATE)), lambda a: RED if a.gate_id == "lint" else GREEN
    )

    assert after.sprint.status == "succeeded"
    assert [move.data.get("code") for move in moves].count("advisory_gate_failed") == 2


def test_the_first_red_gate_of_a_round_keeps_the_others_from_running():
    second = replace(DEFAULT_GATE, gate_id="second")

    after, _ = drive(fresh(gates=(DEFAULT_GATE, second)), lambda action: RED)

    assert [run.gate_id for run in after.gate_runs] == ["qa_smoke_quick"]


def test_an_interrupted_gate_is_run_again_and_both_runs_stay():
    answers = iter([LOST, LOST, GREEN, GREEN])

    after, _ = drive(fresh(), lambda action: next(answers))

    assert [run.status for run in after.gate_runs] == [
        "interrupted",
        "interrupted",
        "passed",
        "passed",
    ]
    assert [run.number for run in after.gate_runs] == [1, 2, 3, 4]
    assert after.sprint.status == "succeeded"


def test_a_gate_under_which_gateway_after_gateway_dies_is_an_error_in_the_end():
    snapshot = fresh()
    while not isinstance(decide(snapshot), RunGate):
        snapshot, _, _ = step(snapshot, lambda action: GREEN, snapshot.at)

    for _ in range(MOST_LOST):
        began = reduce(snapshot, decide(snapshot), begun(snapshot))
        snapshot, action, _ = step(
            evolve(snapshot, began, snapshot.at), lambda action: LOST, snapshot.at
        )
        assert isinstance(action, Recover)
    after, _ = drive(snapshot)

    assert [run.status for run in after.gate_runs] == ["interrupted"] * (MOST_LOST - 1) + ["error"]
    assert after.gate_runs[-1].reason == "lost, 5 times: it may be the gate that ends it"
    assert after.sprint.last_error == "gate_failed:qa_smoke_quick exit_code=None"


def test_a_gate_that_an_earlier_life_left_is_looked_after_before_anything_else():
    snapshot = fresh()
    while not isinstance(decide(snapshot), RunGate):
        snapshot, _, _ = step(snapshot, lambda action: GREEN, snapshot.at)
    left = evolve(snapshot, reduce(snapshot, decide(snapshot), begun(snapshot)), snapshot.at)

    action = decide(left)

    assert action == Recover("s1/qa_smoke_quick/1")


def test_a_retry_begins_at_the_round_that_failed_and_keeps_the_old_evidence():
    failed, _ = drive(fresh(), lambda a: RED if a.code.startswith("R5") else GREEN)

    again = evolve(failed, [commands.retry(failed, failed.contract, NOON)], NOON)
    after, moves = drive(again)

    assert again.sprint.current_round == "R5_RELEASE_CANDIDATE"
    assert again.sprint.last_error is None
    assert [run.status for run in after.gate_runs] == ["passed", "failed", "passed"]
    assert [move.round_id for move in moves if move.kind == "round_started"] == [
        "R5_RELEASE_CANDIDATE"
    ]
    assert [t.attempt for t in after.tasks if t.round_id.endswith("R5_RELEASE_CANDIDATE")] == [1, 2]
    assert after.sprint.status == "succeeded"


def test_a_green_gate_of_an_earlier_attempt_counts_for_nothing():
    second = replace(DEFAULT_GATE, gate_id="second")
    failed, _ = drive(
        fresh(gates=(DEFAULT_GATE, second)), lambda a: RED if a.gate_id == "second" else GREEN
    )

    again = evolve(failed, [commands.retry(failed, failed.contract, NOON)], NOON)
    after, _ = drive(again)

    r3 = [run for run in after.gate_runs if run.attempt == 2 and "R3" in run.round_id]
    assert [run.gate_id for run in r3] == ["qa_smoke_quick", "second"]


def test_a_retry_is_judged_by_the_gates_as_they_are_now_and_says_so():
    failed, _ = drive(fresh(), lambda action: RED)
    mended = draft({}, [replace(DEFAULT_GATE, command=("true",))])

    move = commands.retry(failed, mended, NOON)
    same = commands.retry(failed, failed.contract, NOON)
    after, _ = drive(evolve(failed, [move], NOON))

    assert move.data["contract"] == mended.to_json()
    assert "contract" not in same.data
    assert after.gate_runs[-1].command == ["true"]


@pytest.mark.parametrize("steps", range(1, 24))
def test_a_cancel_at_any_point_ends_the_sprint_and_nothing_overwrites_that(steps):
    snapshot = fresh()
    for _ in range(steps):
        snapshot, _, _ = step(snapshot, lambda action: GREEN, snapshot.at)

    asked = evolve(snapshot, [commands.cancel(snapshot, "sam", NOON)], NOON)
    after, moves = drive(asked)

    assert (after.sprint.status, after.sprint.last_error) == ("cancelled", "cancelled_by_user")
    assert moves[-1].data == {"code": "sprint_cancelled", "by": "sam"}
    with pytest.raises(MoveRefused, match="cannot become succeeded from cancelled"):
        evolve(after, [drive(fresh())[1][-1]], NOON)


def test_a_round_over_its_minutes_is_told_once_and_goes_on():
    after, moves = drive(fresh(), each=timedelta(minutes=7))

    told = [move.round_id for move in moves if move.data.get("code") == "round_overdue"]
    assert len(told) == len(set(told)) > 0
    assert after.sprint.status == "succeeded"


def test_under_stop_a_round_over_its_minutes_ends_the_sprint():
    after, moves = drive(fresh({"round_deadline": "stop"}), each=timedelta(minutes=7))

    assert after.sprint.status == "failed"
    assert after.sprint.last_error == "deadline:R0_SETUP minutes=6"
    assert moves[-1].kind == "error"


def test_a_succeeded_sprint_cannot_be_cancelled_or_retried():
    after, _ = drive(fresh())

    with pytest.raises(MoveRefused, match="nothing to cancel"):
        commands.cancel(after, "sam", NOON)
    with pytest.raises(MoveRefused, match="only a failed, blocked or cancelled one"):
        commands.retry(after, after.contract, NOON)


@pytest.mark.parametrize("steps", range(1, 24))
def test_a_paused_sprint_holds_at_any_point_and_goes_on_where_it_was(steps):
    snapshot = fresh()
    for _ in range(steps):
        snapshot, _, _ = step(snapshot, lambda action: GREEN, snapshot.at)

    held = evolve(snapshot, [commands.pause(snapshot, "sam", "lunch", NOON)], NOON)
    again = evolve(held, [commands.resume(held, "sam")], NOON)

    assert decide(held) is None
    assert pause.paused_by(held) == "sam since 2026-11-24T12:00:00Z (lunch)"
    assert again.sprint == snapshot.sprint
    assert drive(again)[0].sprint.status == "succeeded"


def test_a_paused_sprint_can_be_cancelled():
    snapshot = fresh()
    held = evolve(snapshot, [commands.pause(snapshot, "sam", "", NOON)], NOON)

    after, _ = drive(evolve(held, [commands.cancel(held, "kim", NOON)], NOON))

    assert after.sprint.status == "cancelled"


def test_a_pause_is_refused_where_nothing_would_hold():
    after, _ = drive(fresh())
    held = evolve(fresh(), [commands.pause(fresh(), "sam", "", NOON)], NOON)

    with pytest.raises(MoveRefused, match="nothing to pause"):
        commands.pause(after, "sam", "", NOON)
    with pytest.raises(MoveRefused, match="paused already, by sam"):
        commands.pause(held, "kim", "", NOON)
    with pytest.raises(MoveRefused, match="is not paused"):
        commands.resume(after, "sam")


def test_a_gate_that_still_runs_is_looked_after_before_a_cancel_is_final():
    snapshot = fresh()
    while not isinstance(decide(snapshot), RunGate):
        snapshot, _, _ = step(snapshot, lambda action: GREEN, snapshot.at)
    running = evolve(snapshot, reduce(snapshot, decide(snapshot), begun(snapshot)), snapshot.at)

    asked = evolve(running, [commands.cancel(running, "sam", NOON)], NOON)

    assert decide(asked) == Recover("s1/qa_smoke_quick/1")
    assert drive(asked, lambda action: LOST)[0].sprint.status == "cancelled"


def test_a_cancelled_sprint_goes_on_when_it_is_retried():
    snapshot, _, _ = step(fresh(), lambda action: GREEN, NOON)
    ended, _ = drive(evolve(snapshot, [commands.cancel(snapshot, "sam", NOON)], NOON))

    again = evolve(ended, [commands.retry(ended, ended.contract, NOON)], NOON)

    assert again.sprint.cancel_by == ""
    assert drive(again)[0].sprint.status == "succeeded"


def test_a_retry_is_told_anew_that_its_round_is_over_its_minutes():
    slow = timedelta(minutes=7)
    failed, _ = drive(fresh(), lambda a: RED if a.code.startswith("R3") else GREEN, slow)
    again = evolve(failed, [commands.retry(failed, failed.contract, NOON)], NOON)

    _, moves = drive(again, each=slow)

    told = [move.round_id for move in moves if move.data.get("code") == "round_overdue"]
    assert "R3_BUILD_A_INTEGRATE" in told


@pytest.mark.parametrize("asked", [False, True])
def test_a_gate_that_was_stopped_and_is_found_so_later_is_no_verdict_without_a_cancel(asked):
    """Its gateway died between the stop and its record."""
    snapshot = fresh()
    while not isinstance(action := decide(snapshot), RunGate):
        snapshot, _, _ = step(snapshot, lambda a: GREEN, NOON)
    snapshot = evolve(snapshot, reduce(snapshot, action, begun(snapshot)), NOON)
    if asked:
        snapshot = evolve(snapshot, [commands.cancel(snapshot, "sam", NOON)], NOON)
    stopped = Judgement(Verdict.CANCELLED, -15, "the gateway stops", 1.0)

    after, _ = drive(snapshot, lambda a: stopped if isinstance(a, Recover) else GREEN)

    assert after.gate_runs[0].status == ("cancelled" if asked else "interrupted")
    assert after.sprint.status == ("cancelled" if asked else "succeeded")
