"""Test that an edit is kept only if no invariant can break under the resulting contract."""

from dataclasses import replace

import pytest

from gates.models import Gate
from sprints.contract.contract import DEFAULT_GATE, draft
from sprints.contract.git_values import Base
from sprints.core import decide
from sprints.modelcheck import plan
from sprints.modelcheck.explore import explore
from sprints.modelcheck.plan import prove
from sprints.models import Hook
from sprints.operations.prove import shape
from sprints.store import config_values
from tests import studio
from tests.sprints.core.test_agent_tasks import LEAD
from tests.sprints.modelcheck.test_explore import blind, hook

ADD = ("gate", "add", "first", "--command", "true", "--rounds", "R0")


@pytest.fixture
def short_proofs():
    """Here, as many states are explored as in a gateway."""


@pytest.fixture
def walked(monkeypatch):
    """The contracts that are walked through."""
    seen = []
    monkeypatch.setattr(plan, "prove", lambda c, **kwargs: seen.append(c) or prove(c, **kwargs))
    return seen


def test_an_edit_under_which_a_promise_can_be_broken_is_refused(store, invoke, monkeypatch):
    monkeypatch.setattr(decide, "_red_gate", blind)
    before = studio.seq()

    said = invoke(*ADD)

    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "an invariant can be broken: a round closes only after its required" in said.err
    assert "first/1 says failed: gate finished: first exit_code=1 > round done" in said.err
    assert (Gate.objects.count(), studio.seq()) == (1, before)


def test_an_edit_that_changes_no_way_is_not_walked_through(store, invoke, walked):
    invoke(*ADD)
    assert [gate.gate_id for gate in walked[0].gates] == ["qa_smoke_quick", "first"]
    walked.clear()

    said = invoke("gate", "set", "first", "--command", "false", "--timeout", "9")

    assert (said.code, walked) == (0, [])
    assert Gate.objects.get(pk="first").command == ["false"]


def test_hooks_agents_and_the_switch_that_ships_are_walked_through(store, invoke, walked):
    acts = (
        ("agent", "set", "agent_02", "--command", "cat"),
        ("config", "set", "enable_auto_merge", "true"),
        ("hook", "add", "ask", "--on", "round_start", "--command", "true", "--blocking"),
        ("hook", "remove", "ask"),
    )

    for argv in acts:
        walked.clear()
        assert invoke(*argv).code == 0
        assert len(walked) == 1

    assert (config_values.current_config().enable_auto_merge, Hook.objects.count()) == (True, 0)


def test_a_contract_that_the_tests_walk_whole_is_not_walked_through_again(store, invoke, walked):
    for argv in (
        ("agent", "set", "agent_01", "--command", "cat"),
        ("gate", "set", "qa_smoke_quick", "--command", "sh tools/gate.sh"),
        ("config", "set", "enable_auto_merge", "true"),
    ):
        assert invoke(*argv).code == 0

    assert walked == []


def test_init_says_where_the_contracts_of_a_store_can_break_a_promise(store, invoke, monkeypatch):
    invoke(*ADD)
    assert invoke("init").code == 0
    monkeypatch.setattr(decide, "_red_gate", blind)

    said = invoke("init")

    assert said.code == 2
    assert "a round closes only after its required gates have passed" in said.err


def test_two_contracts_have_one_shape_only_where_no_walk_tells_them_apart():
    plain = draft({}, [DEFAULT_GATE])
    same = [
        draft({}, [replace(DEFAULT_GATE, command=("x",), timeout_s=9.0, title="X")]),
        draft({"round_minutes": {"R0_SETUP": [1, 2]}}, [DEFAULT_GATE]),
        draft({"gate_profile": "full"}, [DEFAULT_GATE]),
    ]
    others = [
        draft({}, [replace(DEFAULT_GATE, required=False)]),
        draft({"round_deadline": "stop"}, [DEFAULT_GATE]),
        draft({}, [DEFAULT_GATE], [hook("round_start")]),
        draft({}, [DEFAULT_GATE], agents=[LEAD]),
        replace(plain, base=Base("main", "0" * 40)),
    ]

    assert {shape(one) for one in same} == {shape(plain)}
    assert len({shape(one) for one in (plain, *others)}) == 1 + len(others)


def test_programs_are_walked_through_in_turn_or_all_at_once():
    meta = {"enable_auto_merge": True, "approvals": ["before_ship"]}
    contract = draft(meta, [DEFAULT_GATE], [hook("round_start")], [LEAD])

    names = [walk.name for walk in plan.parts(contract)]

    assert names == [
        "agents and gates",
        "gates and what goes back to agents",
        "gates and shipping",
        "gates and approvals",
        "shipping and approvals",
        "gates and hooks",
    ]
    assert [walk.contract for walk in plan.parts(contract, whole=True)] == [contract]
    assert [walk.name for walk in plan.parts(draft({}, [DEFAULT_GATE]))] == [plan.WHOLE]


def test_the_command_says_what_was_combined(store, invoke, monkeypatch):
    invoke("agent", "set", "agent_01", "--command", "cat")
    monkeypatch.setattr(plan, "explore", lambda contract, *args, **kw: explore(contract, 100))

    said = invoke("contract", "check")

    assert said.out.startswith("agents and gates: 1")
    assert "\ngates and what goes back to agents: 1" in said.out
    assert "\ngave up after 3 parts, 3" in said.out
    assert said.out.endswith(
        "each part was explored on its own; --whole explores all parts together\n"
    )
