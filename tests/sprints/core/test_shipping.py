"""Test shipping in the pure engine: when it starts, its conditions, its ends."""

from dataclasses import replace

import pytest

from sprints.contract.git_values import Base
from sprints.contract.meta import BadMeta, merged
from sprints.core import commands, shipping
from sprints.core.actions import (
    BlockAtShip,
    FinishRound,
    Merge,
    Merged,
    Publish,
    Published,
    RecoverShip,
    RunGate,
)
from sprints.core.decide import decide
from sprints.core.reducer import reduce
from sprints.core.wait_reason import wait_of
from sprints.state import ship_values
from sprints.state.engine_meta import SHIPPING, Shipping, SprintMeta
from sprints.state.snapshot import evolve
from tests.engine import GREEN, NOON, RED, begun, fresh, judged, step

MERGE = ship_values.Merge("main", "1" * 40, "2" * 40, "3" * 40, "4" * 40)


def at_the_ship(**contract):
    """A sprint whose next step is to merge, and that step."""
    snapshot = fresh()
    based = replace(snapshot.started_contract, base=Base("main", "1" * 40), ship=True)
    snapshot = replace(snapshot, contract=replace(based, **contract))
    while not isinstance(action := decide(snapshot), Merge | None):
        snapshot, _, _ = step(snapshot, lambda action: GREEN, NOON)
    return snapshot, action


def go(snapshot, action, outcome):
    """Begin the action and settle it with that."""
    snapshot = evolve(snapshot, reduce(snapshot, action, begun(snapshot)), NOON)
    return evolve(snapshot, reduce(snapshot, action, outcome), NOON)


def test_it_begins_in_the_last_round_once_the_gates_have_passed():
    snapshot, action = at_the_ship()

    assert action == Merge("R5_RELEASE_CANDIDATE")
    assert [run.status for run in snapshot.gate_runs] == ["passed", "passed"]


@pytest.mark.parametrize("without", [{"ship": False}, {"base": None}])
def test_without_the_wish_or_a_base_there_is_nothing_of_it(without):
    snapshot, action = at_the_ship(**without)

    assert (action, snapshot.sprint.status) == (None, "succeeded")
    assert snapshot.sprint.meta.shipping is None


def test_what_was_merged_is_judged_anew_and_published_only_green():
    snapshot, action = at_the_ship()
    snapshot = go(snapshot, action, Merged(NOON, MERGE))

    gate = decide(snapshot)
    green = go(snapshot, gate, judged(snapshot, GREEN))
    red = go(snapshot, gate, judged(snapshot, RED))

    assert gate == RunGate("R5_RELEASE_CANDIDATE", "qa_smoke_quick")
    assert decide(green) == Publish("R5_RELEASE_CANDIDATE")
    red, _, moves = step(red, lambda action: GREEN, NOON)
    assert (red.sprint.status, moves[0].kind) == ("failed", "error")


def to_publish():
    """A sprint whose next step is to publish, and that step."""
    snapshot, action = at_the_ship()
    snapshot = go(snapshot, action, Merged(NOON, MERGE))
    gate = decide(snapshot)
    snapshot = go(snapshot, gate, judged(snapshot, GREEN))
    return snapshot, decide(snapshot)


def test_what_is_shipped_ends_the_round_and_its_event_carries_all_that_hooks_need():
    snapshot, action = to_publish()
    snapshot = evolve(snapshot, reduce(snapshot, action, begun(snapshot)), NOON)

    (move,) = reduce(snapshot, action, Published(NOON, tag="shipped/s1"))

    assert move.kind == "shipped"
    keys = ("status", "branch", "base", "head", "commit", "tree", "tag")
    assert [move.data[key] for key in keys] == [
        "shipped", "main", "1" * 40, "2" * 40, "3" * 40, "4" * 40, "shipped/s1",
    ]  # fmt: skip
    assert decide(evolve(snapshot, [move], NOON)) == FinishRound("R5_RELEASE_CANDIDATE")


def test_nothing_to_ship_is_no_hindrance():
    snapshot, action = at_the_ship()

    after = go(snapshot, action, Merged(NOON, replace(MERGE, commit="", tree="")))

    assert decide(after) == FinishRound("R5_RELEASE_CANDIDATE")


@pytest.mark.parametrize("at", ["merge", "publish"])
def test_a_reason_blocks_the_sprint_for_a_human_and_a_retry_begins_anew(at):
    if at == "merge":
        snapshot, action = at_the_ship()
        after = go(snapshot, action, Merged(NOON, ship_values.Merge("main", reason="it conflicts")))
    else:
        snapshot, action = to_publish()
        after = go(snapshot, action, Published(NOON, reason="it conflicts"))

    assert decide(after) == BlockAtShip("R5_RELEASE_CANDIDATE")
    blocked, _, _ = step(after, lambda action: GREEN, NOON)
    assert (blocked.sprint.status, blocked.sprint.last_error) == (
        "blocked", "ship_refused:it conflicts",
    )  # fmt: skip
    assert wait_of(blocked)["who"] == "an operator"
    again = evolve(blocked, [commands.retry(blocked, blocked.started_contract, NOON)], NOON)
    assert shipping.status(again) == ""


def test_a_rewound_base_is_named_by_event_and_stop_reason():
    snapshot, action = at_the_ship()
    lost = replace(MERGE, rebased="5" * 40)
    gone = ship_values.Merge("main", reason="gone", cause=ship_values.ShipCause.BASE_REWOUND)

    snapshot = evolve(snapshot, reduce(snapshot, action, begun(snapshot)), NOON)
    (move,) = reduce(snapshot, action, Merged(NOON, lost))
    refused = evolve(snapshot, reduce(snapshot, action, Merged(NOON, gone)), NOON)
    blocked, _, _ = step(refused, lambda action: GREEN, NOON)

    assert (move.kind, move.data["rebased"]) == ("ship_merged", "5" * 40)
    assert "main no longer has 555555555555, from which the sprint began" in move.message
    assert blocked.sprint.last_error == "ship_refused:gone"
    assert blocked.sprint.stop_reason["cause"] == "base_rewound"


def test_a_base_that_moves_is_merged_with_again_but_not_for_ever():
    snapshot, action = at_the_ship()
    tries = 0
    while isinstance(action, Merge):
        tries += 1
        snapshot = go(snapshot, action, Merged(NOON, MERGE))
        snapshot = go(snapshot, decide(snapshot), judged(snapshot, GREEN))
        snapshot = go(snapshot, decide(snapshot), Published(NOON, moved=True))
        action = decide(snapshot)

    assert tries == shipping.MOST_TRIES
    assert action == BlockAtShip("R5_RELEASE_CANDIDATE")


def test_what_was_being_published_is_found_out_before_a_cancel_is_heard():
    snapshot, action = to_publish()
    snapshot = evolve(snapshot, reduce(snapshot, action, begun(snapshot)), NOON)
    snapshot = evolve(snapshot, [commands.cancel(snapshot, "ada", NOON)], NOON)

    assert decide(snapshot) == RecoverShip("R5_RELEASE_CANDIDATE")
    assert decide(snapshot, {shipping.SHIP}) is None
    assert wait_of(snapshot)["what"] == "git, publishing the passed work"


def test_how_far_it_is_is_written_by_the_gateway_alone():
    with pytest.raises(BadMeta, match="shipping is written by the gateway alone"):
        merged({}, {"shipping": {"status": "shipped"}})


@pytest.mark.parametrize("junk", ["text", [], {"status": "shipped"}, {"attempt": 7}])
def test_a_key_of_that_name_in_an_older_store_is_not_taken_for_ours(junk):
    snapshot, action = at_the_ship()
    meta = SprintMeta(snapshot.sprint.meta.stored | {SHIPPING: junk})
    odd = replace(snapshot, sprint=replace(snapshot.sprint, meta=meta))

    assert decide(odd) == action
    assert shipping.status(go(odd, action, Merged(NOON, MERGE))) == "judging"


def test_what_an_attempt_has_shipped_no_later_one_ships_again():
    snapshot, action = to_publish()
    shipped = go(snapshot, action, Published(NOON, tag="shipped/s1"))
    later = replace(shipped, sprint=replace(shipped.sprint, attempt=2))

    assert shipping.status(later) == "shipped"
    assert shipping.due(later) is None


def test_what_is_published_and_not_whole_is_shipped_and_says_what_is_left():
    snapshot, action = at_the_ship()
    snapshot = go(snapshot, action, Merged(NOON, MERGE))
    snapshot = go(snapshot, decide(snapshot), judged(snapshot, GREEN))
    said = Published(NOON, tag="shipped/s", unfinished="cannot lock ref")

    snapshot = go(snapshot, decide(snapshot), said)

    found = snapshot.sprint.meta.shipping
    assert (found.status, found.unfinished) == ("shipped", "cannot lock ref")
    assert not isinstance(decide(snapshot), BlockAtShip)


def test_a_publishing_says_to_which_remote():
    found = Shipping(status="merging", branch="main")

    assert shipping._where(found) == "main"
    assert shipping._where(replace(found, remote="origin", url="u")) == "main of origin"
