"""Test unshipping in the pure engine: its contract, and every sequence under it."""

from dataclasses import replace

import pytest

from sprints.contract.approval_policy import Approvals
from sprints.contract.contract import DEFAULT_GATE, Contract, draft
from sprints.contract.git_values import Base, Undone
from sprints.contract.meta import BadMeta, merged
from sprints.core import shipping, unshipping
from sprints.core.actions import Merged
from sprints.modelcheck import invariants, ship_model
from sprints.modelcheck.explore import explore
from sprints.modelcheck.model import WORLD
from sprints.state import ship_values
from sprints.state.engine_meta import SprintMeta
from sprints.state.transitions import MoveRefused
from tests.sprints.core.test_agent_tasks import LEAD
from tests.sprints.modelcheck.bounds import shorten

IN_R5 = replace(DEFAULT_GATE, rounds=("R5_RELEASE_CANDIDATE",))
LATE = replace(DEFAULT_GATE, gate_id="late", rounds=("R3_BUILD_A_INTEGRATE",))
UNSHIPS = {"sprint": "wk1", "commit": "1" * 40, "branch": "main", "head": "2" * 40}
BACK = unshipping.undoing(draft({}, [DEFAULT_GATE, LATE]), SprintMeta({"unships": UNSHIPS}))
PUSHED = replace(draft({}, [IN_R5]), base=Base("main", "0" * 40), ship=True, ship_remote="origin")


def test_it_has_the_last_round_alone_and_its_gates_and_begins_at_the_revert():
    assert [(spec.code, spec.acks) for spec in BACK.rounds] == [("R5_RELEASE_CANDIDATE", ())]
    assert [gate.gate_id for gate in BACK.gates] == ["qa_smoke_quick"]
    assert (BACK.ship, BACK.base) == (True, Base("main", "2" * 40))
    assert BACK.undoes == Undone("wk1", "1" * 40)
    assert Contract.from_json(BACK.to_json()) == BACK


def test_any_other_contract_and_its_digest_stay_as_they_are():
    contract = draft({}, [DEFAULT_GATE])

    assert unshipping.undoing(contract, SprintMeta({})) is contract
    assert not {"undoes", "ship_remote"} & contract.to_json().keys()


@pytest.mark.parametrize("contract", [BACK, PUSHED], ids=["taken back", "pushed"])
def test_every_promise_holds_wherever_the_machine_can_go(contract, monkeypatch):
    shorten(monkeypatch)
    monkeypatch.setattr(shipping, "MOST_TRIES", 2)  # enough for a base that has moved

    found = explore(contract)

    assert found.findings == ()
    assert found.holds


def test_an_engine_that_forgets_to_push_is_found_out(monkeypatch):
    def forgets(snapshot, at):
        if shipping.status(snapshot) == shipping.PUBLISHING:
            return SHIPPED(snapshot, at)
        return [(WORLD, "merged", Merged(at, ship_values.Merge("main", "b", "h", "c", "t")))]

    monkeypatch.setattr(ship_model, "outcomes", forgets)

    found = explore(PUSHED)

    assert "is not pushed to where the contract says" in found.findings[0].text
    assert invariants.PROMISES[found.findings[0].promise] is invariants.ships_what_passed


SHIPPED = ship_model.outcomes


@pytest.mark.parametrize("meta", [{}, {"shipping": {"status": "refused"}}, {"shipping": "text"}])
def test_what_has_shipped_nothing_cannot_be_taken_back(meta):
    with pytest.raises(MoveRefused, match="sprint wk1 has shipped nothing"):
        unshipping.shipped("wk1", SprintMeta(meta))


@pytest.mark.parametrize("key", ["unships", "unshipped_by"])
def test_what_takes_back_what_is_written_by_the_gateway_alone(key):
    with pytest.raises(BadMeta, match=f"{key} is written by the gateway alone"):
        merged({}, {key: UNSHIPS})


def test_a_name_is_an_id_however_long_the_other_is():
    assert len(unshipping.name_of("x" * 64)) == 64


def test_the_next_name_is_taken_where_one_is_anothers():
    names = [*unshipping.names_of("x" * 64)]

    assert names[:2] == [f"{'x' * 57}-unship", f"{'x' * 54}-unship-2"]
    assert len({*names}) == len(names) == unshipping.MOST_NAMES
    assert {len(name) for name in names} <= {64, 63}


@pytest.mark.parametrize(
    ("approvals", "kept"), [(["before_ship"], Approvals(("before_ship",))), ([], None)]
)
def test_what_takes_back_asks_before_it_ships_and_for_no_path(approvals, kept):
    drafted = draft({"approvals": approvals}, [DEFAULT_GATE], agents=[LEAD])
    assert drafted.approvals
    assert drafted.approvals.protected

    assert unshipping.undoing(drafted, SprintMeta({"unships": UNSHIPS})).approvals == kept
