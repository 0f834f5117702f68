"""Test that a contract is complete and valid, or refused with every problem."""

from dataclasses import replace

import pytest

from sprints.contract.contract import CODES, DEFAULT_GATE, Contract, ContractError, budget, draft


def test_the_default_contract_has_the_six_documented_rounds():
    contract = draft({}, [DEFAULT_GATE])

    assert [spec.code for spec in contract.rounds] == list(CODES)
    assert contract.round("R1_CONTRACTS").acks == ("agent_02", "agent_03", "agent_11", "agent_12")
    assert [c for c in CODES if contract.gates_of(c)] == [
        "R3_BUILD_A_INTEGRATE",
        "R5_RELEASE_CANDIDATE",
    ]
    assert budget() == "default sprint loop budget: 30-71 minutes (R0..R5)"


def test_a_frozen_contract_comes_back_the_same():
    contract = draft({"round_minutes": {"R0_SETUP": [0, 1.5]}}, [DEFAULT_GATE])

    again = Contract.from_json(contract.to_json())

    assert again == contract
    assert again.digest == contract.digest


def test_a_sprint_may_ask_other_agents_and_take_other_minutes():
    meta = {
        "required_acks_by_round": {
            "R1_CONTRACTS": ["agent_05"],
            "R2_PLAN_CONFIRM": ["agent_01", "agent_03"],
        },
        "round_minutes": {"R3_BUILD_A_INTEGRATE": [1, 20]},
        "round_deadline": "stop",
    }

    contract = draft(meta, [DEFAULT_GATE])

    assert contract.round("R1_CONTRACTS").acks == ("agent_05",)
    assert contract.round("R2_PLAN_CONFIRM").acks == ("agent_03",)  # the lead is asked anyway
    assert contract.round("R3_BUILD_A_INTEGRATE").max_minutes == 20
    assert contract.deadline == "stop"


def test_a_contract_needs_five_rounds_and_a_gate_and_single_ids():
    contract = draft({}, [DEFAULT_GATE])

    few = replace(contract, rounds=contract.rounds[:4], gates=())
    twice = replace(
        contract, rounds=(*contract.rounds, contract.rounds[0]), gates=(DEFAULT_GATE,) * 2
    )

    assert any("at least five rounds, not 4" in problem.text for problem in few.problems())
    assert any("no gate is left" in problem.text for problem in few.problems())
    doubles = {problem.field: problem.text for problem in twice.problems()}
    assert doubles["rounds.R0_SETUP"] == "the round R0_SETUP stands twice"
    assert doubles["gates.qa_smoke_quick"] == "the gate qa_smoke_quick stands twice"


def test_every_reason_is_told_at_once():
    meta = {"gate_profile": "huge", "round_deadline": "never", "round_minutes": {"R9": [1, 2]}}

    with pytest.raises(ContractError) as refusal:
        draft(meta, [replace(DEFAULT_GATE, command=())])

    for reason in ("gate profile", "deadline", "R9 is not a round", "command is empty"):
        assert reason in str(refusal.value)


def test_under_stop_a_gate_must_be_able_to_end_within_its_round():
    slow = replace(DEFAULT_GATE, timeout_s=3600)

    assert draft({}, [slow]).deadline == "warn"
    with pytest.raises(ContractError, match="timeout_s 3600 is over the 18 minutes"):
        draft({"round_deadline": "stop"}, [slow])


def test_a_gates_digest_changes_with_anything_that_it_runs():
    others = [
        replace(DEFAULT_GATE, command=("true",)),
        replace(DEFAULT_GATE, timeout_s=1.0, grace_s=0.5),
        replace(DEFAULT_GATE, env={"A": "1"}),
        replace(DEFAULT_GATE, required=False),
    ]

    digests = {DEFAULT_GATE.digest, *(gate.digest for gate in others)}

    assert len(digests) == 5
