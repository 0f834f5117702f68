"""Test that a sprint waits for a blocking hook at each point and continues only if it passes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sprints.contract.contract import CODES, DEFAULT_GATE
from sprints.contract.hook_spec import HookDefinition
from sprints.core import commands
from sprints.core.actions import (
    MOST_LOST,
    Begun,
    BlockAtHook,
    Brought,
    RecoverHook,
    Replied,
    RunHook,
)
from sprints.core.blocking_hooks import LOST
from sprints.core.decide import decide
from sprints.core.reducer import reduce
from sprints.state.delivery_result import DeliveryResult
from sprints.state.snapshot import Snapshot, evolve
from tests.engine import NO, NOON, RED, YES, drive, fresh, scripted

POINTS = ("sprint_start", "round_start", "gate_start", "gate_done", "round_done")


def hook(*points: str, **changes: object) -> HookDefinition:
    """A blocking hook that is tried once."""
    plain = HookDefinition("h1", "command", points, ("true",), tries=1, blocking=True)
    return replace(plain, **changes)  # type: ignore[arg-type]


def waiting(*points: str, **changes: object) -> Snapshot:
    """A sprint that has just been started under such a hook."""
    return fresh(hooks=(hook(*points, **changes),))


def tried(snapshot: Snapshot, *answers: DeliveryResult) -> Snapshot:
    """Have what is decided begin and be answered so, one after the other."""
    for said in answers:
        action = decide(snapshot)
        assert isinstance(action, RunHook)
        snapshot = evolve(snapshot, reduce(snapshot, action, Begun(NOON)), NOON)
        snapshot = evolve(snapshot, reduce(snapshot, action, Brought(NOON, said)), NOON)
    return snapshot


def test_a_hook_is_brought_each_point_before_what_follows_it():
    after, moves = drive(waiting(*POINTS))

    assert after.sprint.status == "succeeded"
    told = [
        (move.kind, move.data.get("point"))
        for move in moves
        if move.kind in ("round_started", "gate_started", "gate_finished", "round_done")
        or move.kind == "hook_started"
    ]
    hooked = "hook_started"
    plain = [("round_started", None), (hooked, "round_start"), (hooked, "round_done")]
    plain += [("round_done", None)]
    gate = [(hooked, "gate_start"), ("gate_started", None), ("gate_finished", None)]
    gated = [*plain[:2], *gate, (hooked, "gate_done"), *plain[2:]]
    assert told == [(hooked, "sprint_start"), *plain * 3, *gated, *plain, *gated]


@pytest.mark.parametrize("point", POINTS)
def test_a_no_blocks_the_sprint_at_that_point(point):
    after, moves = drive(waiting(point), bring=lambda action: NO)

    assert (after.sprint.status, after.current_round.status) == ("blocked", "blocked")
    assert after.sprint.last_error == "hook_failed:h1 exit code 1"
    assert [move.kind for move in moves[-3:]] == ["hook_started", "hook_finished", "error"]
    kinds = [move.kind for move in moves]
    assert kinds.count("round_done") == {"gate_start": 3, "gate_done": 3}.get(point, 0)
    assert kinds.count("gate_started") == (point == "gate_done")
    assert kinds.count("round_started") == {"sprint_start": 0, "gate_start": 4, "gate_done": 4}.get(
        point, 1
    )


def test_a_retry_asks_again_and_leads_on():
    blocked, _ = drive(waiting("round_start"), bring=lambda action: NO)

    again = evolve(blocked, [commands.retry(blocked, blocked.started_contract, NOON)], NOON)
    after, moves = drive(again)

    assert after.sprint.status == "succeeded"
    assert [move.kind for move in moves].count("hook_started") == len(CODES)


def test_a_hook_of_the_start_that_said_no_is_asked_again_and_one_that_said_yes_is_not():
    blocked, _ = drive(waiting("sprint_start"), bring=lambda action: NO)
    failed, _ = drive(waiting("sprint_start"), judge=lambda action: RED)

    asked = [
        [
            move.kind
            for move in drive(evolve(s, [commands.retry(s, s.started_contract, NOON)], NOON))[1]
        ]
        for s in (blocked, failed)
    ]

    assert [kinds.count("hook_started") for kinds in asked] == [1, 0]


def test_a_retry_goes_by_the_hooks_of_now():
    blocked, _ = drive(waiting("round_start"), bring=lambda action: NO)

    without = replace(blocked.started_contract, hooks=())
    after, moves = drive(evolve(blocked, [commands.retry(blocked, without, NOON)], NOON))

    assert after.sprint.status == "succeeded"
    assert "hook_started" not in [move.kind for move in moves]


def test_a_hook_is_tried_as_often_as_its_policy_says_with_a_wait_that_doubles():
    start = waiting("sprint_start", tries=3, backoff_s=10)

    waits = []
    for answers in ([NO], [NO, NO]):
        (row,) = tried(start, *answers).deliveries
        waits.append((row.status, row.next_at))
    after = tried(start, NO, NO, NO)

    assert waits == [
        ("pending", NOON + timedelta(seconds=10)),
        ("pending", NOON + timedelta(seconds=20)),
    ]
    assert isinstance(decide(after), BlockAtHook)
    assert len({row.id for row in after.deliveries}) == 1
    assert after.deliveries[0].tries == 3


def test_a_yes_at_the_last_try_is_a_yes():
    after = tried(waiting("sprint_start", tries=2), NO, YES)

    assert after.deliveries[0].status == "delivered"
    assert drive(after)[0].sprint.status == "succeeded"


def test_a_red_gate_ends_the_sprint_whatever_a_hook_says_of_it():
    after, moves = drive(waiting("gate_done"), judge=lambda action: RED, bring=lambda action: NO)

    assert (after.sprint.status, after.sprint.last_error) == (
        "failed",
        "gate_failed:qa_smoke_quick exit_code=3",
    )
    assert [m.data["verdict"] for m in moves if m.kind == "gate_finished"] == ["failed"]
    payloads = [row.payload for row in after.deliveries]
    assert len(payloads) == 1
    assert '"exit_code": 3' in payloads[0]


def crashed(snapshot: Snapshot) -> Snapshot:
    """The hook has begun, and nobody is left who waits for it."""
    action = decide(snapshot)
    assert action is not None
    return evolve(snapshot, reduce(snapshot, action, Begun(NOON)), NOON)


def test_what_a_crash_left_is_looked_after_and_brought_again_under_the_same_id():
    left = crashed(waiting("sprint_start"))

    action = decide(left)
    assert isinstance(action, RecoverHook)
    lost = evolve(left, reduce(left, action, Brought(NOON, LOST)), NOON)
    after, _ = drive(lost)

    (row,) = after.deliveries
    assert (row.id, row.status, row.tries, row.failures) == (
        left.deliveries[0].id,
        "delivered",
        2,
        0,
    )


def test_a_result_that_a_crash_left_is_taken():
    left = crashed(waiting("sprint_start"))

    after, _ = drive(left)

    assert after.deliveries[0].tries == 1
    assert after.sprint.status == "succeeded"


def test_a_hook_under_which_each_gateway_dies_blocks_the_sprint():
    after, _ = drive(waiting("sprint_start"), bring=lambda action: LOST)

    assert after.sprint.status == "blocked"
    assert after.deliveries[0].tries == MOST_LOST
    assert (after.sprint.last_error or "").endswith(f"before the hook did, {MOST_LOST} times")


def test_a_cancel_during_a_hook_ends_the_sprint_and_drops_what_was_to_be_tried():
    left = crashed(waiting("sprint_start"))
    asked = evolve(left, [commands.cancel(left, "sam", NOON)], NOON)

    after, _ = drive(asked, bring=lambda action: LOST)

    assert after.sprint.status == "cancelled"
    assert [row.status for row in after.deliveries] == ["dropped"]


def test_a_gate_does_not_start_beside_others_before_its_hook_has_said_yes():
    second = replace(DEFAULT_GATE, gate_id="second")
    start = fresh({"gates_at_once": 2}, (DEFAULT_GATE, second), (hook("gate_start"),))
    snapshot = start
    while not snapshot.gate_runs:
        action = decide(snapshot)
        assert action is not None
        before = snapshot
        snapshot = evolve(snapshot, reduce(snapshot, action, Begun(NOON)), NOON)
        if isinstance(action, RunHook):
            snapshot = evolve(snapshot, reduce(snapshot, action, Brought(NOON, YES)), NOON)
        elif snapshot.tasks != before.tasks:
            snapshot = evolve(snapshot, settle_reply(snapshot, action), NOON)

    assert decide(snapshot, [snapshot.gate_runs[0].id]) is None


def settle_reply(snapshot: Snapshot, action):
    """What a scripted agent answers."""
    return reduce(snapshot, action, Replied(NOON, scripted(action)))


def test_nothing_else_begins_while_a_hook_runs():
    left = crashed(waiting("sprint_start"))

    assert decide(left, [left.deliveries[0].id]) is None


def test_a_contract_without_hooks_is_as_it_was_and_one_with_them_keeps_them():
    plain, guarded = fresh().started_contract, waiting("round_done").started_contract

    assert "hooks" not in plain.to_json()
    assert type(guarded).from_json(guarded.to_json()) == guarded
