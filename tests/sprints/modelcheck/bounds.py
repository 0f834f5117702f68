"""What keeps the explorations of every run small."""

from dataclasses import replace

import pytest

from sprints.contract.contract import Contract
from sprints.core import agent_tasks, blocking_hooks, gate_runs, shipping
from sprints.modelcheck import agent_invariants, agent_model, state_key
from tests.faults.table import SHORT

CORE = (agent_tasks, blocking_hooks, gate_runs)
MODEL = (agent_invariants, agent_model, state_key)
DEATHS, MERGES = 2, 2  # the least that tell the last one from those before it


def shorten(patch: pytest.MonkeyPatch) -> None:
    """Let the engine give up sooner: after two gateway deaths in place of five, and after two
    merges. ``make test-faults`` explores with the engine's own bounds.
    """
    if SHORT:
        for module in (*CORE, *MODEL):
            patch.setattr(module, "MOST_LOST", DEATHS)
        patch.setattr(shipping, "MOST_TRIES", MERGES)


def brief(contract: Contract, *codes: str) -> Contract:
    """The contract with these rounds only; ``make test-faults`` explores all six."""
    rounds = tuple(spec for spec in contract.rounds if spec.code[:2] in codes)
    return replace(contract, rounds=rounds) if SHORT else contract
