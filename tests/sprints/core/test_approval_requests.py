"""Test approvals in the pure engine: changed protected paths, and the subject of an approval."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sprints.contract.approval_policy import HOURS, Approvals
from sprints.contract.git_values import Base
from sprints.contract.protected_paths import Touched
from sprints.core import approval_decisions, approval_requests, commands
from sprints.core.actions import BlockForApproval, Compare, Compared, Merge, Merged, Publish
from sprints.core.decide import decide
from sprints.core.reducer import reduce
from sprints.core.wait_reason import wait_of
from sprints.prompts import approval_notes
from sprints.state import ship_values
from sprints.state.engine_meta import APPROVAL, ApprovalState, Decision
from sprints.state.refusals import RefusalCode
from sprints.state.snapshot import evolve
from sprints.state.transitions import MoveRefused
from tests.engine import GREEN, NOON, begun, fresh, judged, step

R3, R5 = "R3_BUILD_A_INTEGRATE", "R5_RELEASE_CANDIDATE"
TOUCHED = Touched("a", "d1", 1, ("tests/test_a.py",))
MERGE = ship_values.Merge("main", "1" * 40, "2" * 40, "3" * 40, "t1")


def in_a_clone(*before, **terms):
    """A sprint that works in a clone with protected paths, and asks before these."""
    snapshot = fresh()
    approvals = Approvals(before, ("tests/**",))
    contract = replace(
        snapshot.started_contract, base=Base("main", "1" * 40), approvals=approvals, **terms
    )
    return replace(snapshot, contract=contract)


def until(snapshot, kind, touched=TOUCHED):
    """The sprint when its next step is of that kind, or nothing."""
    while not isinstance(action := decide(snapshot), kind | None):
        snapshot, _, _ = step(snapshot, lambda action: GREEN, NOON, compare=lambda: touched)
    return snapshot, action


def goes(snapshot, action, outcome):
    """The action is begun, and settled with that."""
    snapshot = evolve(snapshot, reduce(snapshot, action, begun(snapshot)), NOON)
    return evolve(snapshot, reduce(snapshot, action, outcome), NOON)


def yes(snapshot):
    """A human approves of what is asked now."""
    return evolve(snapshot, [approval_decisions.approve(snapshot, "ada", "", NOON)], NOON)


def test_git_is_asked_once_gates_have_passed_and_before_the_round_is_closed():
    snapshot, action = until(in_a_clone(), Compare)

    assert action == Compare(R3)
    assert [run.status for run in snapshot.gate_runs] == ["passed"]
    after = goes(snapshot, action, Compared(NOON, Touched("a")))
    assert decide(after) != action
    assert approval_requests.comparison(after) == Touched("a")


def test_a_protected_path_blocks_and_a_yes_closes_the_round_without_a_second_look():
    blocked, _ = until(in_a_clone(), type(None))

    after, _ = until(yes(blocked), type(None))

    assert blocked.sprint.last_error == "approval_needed:protected_paths"
    assert wait_of(blocked)["until_ts"] == "2026-11-27T12:00:00Z"
    assert after.sprint.status == "succeeded"
    numbers = [one.number for one in approval_requests.state(after).given]
    assert numbers == [1]


def test_what_git_cannot_tell_is_passed_over_by_nobody_and_looked_at_again_by_a_retry():
    blocked, _ = until(in_a_clone(), type(None), Touched(reason="git is away"))

    with pytest.raises(MoveRefused, match="is blocked; it waits for no approval"):
        yes(blocked)
    again = evolve(blocked, [commands.retry(blocked, blocked.started_contract, NOON)], NOON)
    after, _ = until(again, type(None), Touched("a"))

    assert blocked.sprint.status == "blocked"
    assert blocked.sprint.last_error == "paths_unknown:git is away"
    assert after.sprint.status == "succeeded"


def test_an_agent_is_told_what_is_protected_and_what_was_rejected_and_why():
    blocked, _ = until(in_a_clone(), type(None))
    no = evolve(blocked, [approval_decisions.reject(blocked, "ada", "Mend the code", NOON)], NOON)
    again = evolve(no, [commands.retry(no, no.started_contract, NOON)], NOON)

    protected, rejected = approval_notes.approval_lines(again)

    assert protected.endswith(":\n- tests/**\n")
    assert rejected.endswith(
        f"- ada rejected the approval for changes to protected files, in {R3}: Mend the code\n"
    )
    assert [*approval_notes.approval_lines(fresh())] == []


def test_a_yes_outlasts_a_retry_for_the_same_contents_alone():
    blocked, _ = until(in_a_clone(), type(None))
    given = yes(blocked)
    stopping = evolve(given, [commands.cancel(given, "ada", NOON)], NOON)
    stopped, _ = until(stopping, type(None))
    again = evolve(stopped, [commands.retry(stopped, stopped.started_contract, NOON)], NOON)

    same, _ = until(again, type(None))
    other, _ = until(again, type(None), replace(TOUCHED, digest="d2"))

    assert (stopped.sprint.status, same.sprint.status) == ("cancelled", "succeeded")
    assert other.sprint.last_error == "approval_needed:protected_paths"


@pytest.mark.parametrize(
    ("before", "said", "asked"),
    [
        ((), TOUCHED, None),
        ((), replace(TOUCHED, tree="t1", digest="d2"), "protected_paths"),
        (("before_ship",), Touched("t1"), "before_ship"),
        (("before_ship",), replace(TOUCHED, tree="t1", digest="d2"), "before_ship"),
    ],
)
def test_the_merge_is_compared_and_approved_before_it_is_published(before, said, asked):
    snapshot = in_a_clone(*before, ship=True)
    while not isinstance(action := decide(snapshot), Merge):
        blocked, action = until(snapshot, Merge)
        snapshot = yes(blocked) if action is None else blocked
    snapshot = goes(snapshot, action, Merged(NOON, MERGE))
    gate = decide(snapshot)
    snapshot = goes(snapshot, gate, judged(snapshot, GREEN))
    look = decide(snapshot)

    snapshot = goes(snapshot, look, Compared(NOON, said))

    assert look == Compare(R5)
    assert decide(snapshot) == (BlockForApproval(R5, asked) if asked else Publish(R5))
    if asked:
        blocked, _, (move,) = step(snapshot, lambda action: GREEN, NOON)
        assert move.data.get("tree") == "t1"
        assert until(yes(blocked), Publish)[1] == Publish(R5)


def test_who_has_begun_to_build_is_not_asked_again_in_the_midst_of_it():
    snapshot, _ = until(in_a_clone("before_build"), BlockForApproval)
    snapshot = evolve(snapshot, reduce(snapshot, decide(snapshot), begun(snapshot)), NOON)
    building, _ = until(yes(snapshot), Compare)
    again = [replace(one, status="pending") if one.code == R3 else one for one in building.rounds]
    meta = building.sprint.meta.having("brief", "another")

    opened = replace(building, rounds=tuple(again), sprint=replace(building.sprint, meta=meta))

    assert not isinstance(decide(opened), BlockForApproval)


def test_an_approval_holds_for_its_own_subject_only():
    def decided(what, **subject):
        given = (Decision(what=what, verdict="approved", **subject),)
        snapshot = in_a_clone("before_ship")
        meta = snapshot.sprint.meta.having(APPROVAL, ApprovalState(given=given))
        return replace(snapshot, sprint=replace(snapshot.sprint, meta=meta))

    shipped = decided("before_ship", tree="t1", digest="d1")
    changed = decided("protected_paths", tree="t1", digest="d1")

    assert approval_requests.is_given(shipped, "before_ship", "t1")
    assert not approval_requests.is_given(shipped, "before_ship", "t2")
    assert approval_requests.is_given(shipped, "protected_paths", "d1")
    assert approval_requests.is_given(changed, "protected_paths", "d1")
    assert not approval_requests.is_given(changed, "before_ship", "t1")


def test_an_expired_request_can_no_longer_be_approved():
    blocked, _ = until(in_a_clone(), type(None))
    late = NOON + timedelta(hours=HOURS)

    with pytest.raises(MoveRefused) as refused:
        approval_decisions.approve(blocked, "ada", "", late)

    assert refused.value.code == RefusalCode.EXPIRED
    assert approval_decisions.approve(blocked, "ada", "", late - timedelta(seconds=1))
