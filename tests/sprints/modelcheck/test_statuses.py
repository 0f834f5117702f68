"""Test that the table of transitions lists exactly what the code does."""

from importlib import import_module

import pytest

from sprints.modelcheck import approval_model, model
from sprints.modelcheck.explore import explore
from sprints.state.snapshot import evolve
from sprints.state.statuses import (
    TRANSITIONS,
    DeliveryStatus,
    RoundStatus,
    SprintStatus,
    TaskStatus,
)
from sprints.state.transitions import Transition, Update
from tests.sprints.modelcheck.bounds import shorten
from tests.sprints.modelcheck.test_explore import CONTRACTS as PLAIN
from tests.sprints.modelcheck.test_explore import IN_R3
from tests.sprints.modelcheck.test_explore_agents import with_programs
from tests.sprints.modelcheck.test_explore_approvals import CONTRACTS as APPROVED

ROWS = {"round": "rounds", "task": "tasks", "gate_run": "gate_runs", "delivery": "deliveries"}
ENUMS = {
    "sprint": SprintStatus,
    "round": RoundStatus,
    "task": TaskStatus,
    "delivery": DeliveryStatus,
}
WALKS = {
    "hooks": (PLAIN["a hook"], ()),
    "a fix": (with_programs(IN_R3, fix_attempts=1), ("fix",)),
    "approvals": (APPROVED["before it builds"], ()),
}

# What no walk takes: the function that makes the transition.
ELSEWHERE = {
    ("sprint", "created", "cancelled"): "sprints.core.commands.cancel",
    ("round", "in_progress", "pending"): "sprints.core.commands.start",
    ("round", "done", "pending"): "sprints.core.commands.start",
    ("delivery", "running", "dropped"): "sprints.hooks.outbox.carry_out",
    ("delivery", "delivered", "pending"): "sprints.definitions.hooks.redeliver",
    ("delivery", "failed", "pending"): "sprints.definitions.hooks.redeliver",
    ("delivery", "dropped", "pending"): "sprints.definitions.hooks.redeliver",
}


def pairs():
    """Every transition of the table, as (row, status, next status)."""
    return {
        (row, str(one), str(then))
        for row, table in TRANSITIONS.items()
        for one, following in table.items()
        for then in following
    }


def status_of(snapshot, change):
    """The status of the row that ``change`` updates."""
    if change.row == "sprint":
        return snapshot.sprint.status
    return next(r.status for r in getattr(snapshot, ROWS[change.row]) if r.id == change.id)


@pytest.fixture(scope="module")
def walked():
    """The transitions that the walks take, and those that the guards of their updates allow."""
    taken, guarded = set(), set()

    def observed(snapshot, moves, at):
        for move in moves:
            for change in move.changes:
                if isinstance(change, Update) and "status" in change.values:
                    then = str(change.values["status"])
                    taken.add((change.row, str(status_of(snapshot, change)), then))
                    guarded.update((change.row, str(one), then) for one in change.only_from)
                step = Transition(move.kind, move.message, (change,))
                snapshot = evolve(snapshot, [step], at)
        return evolve(snapshot, [], at)

    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        for module in (model, approval_model):
            patch.setattr(module, "evolve", observed)
        for contract, kinds in WALKS.values():
            assert explore(contract, kinds=kinds).states > 500
    return taken, guarded


def test_every_transition_of_the_walks_is_in_the_table(walked):
    taken, guarded = walked

    assert taken - pairs() == set()
    assert {(row, one, then) for row, one, then in guarded if one != then} - pairs() == set()


def test_every_transition_of_the_table_is_taken_or_made_elsewhere(walked):
    taken, _ = walked

    assert pairs() - taken == set(ELSEWHERE) - taken
    assert set(ELSEWHERE) - pairs() == set()
    assert taken & set(ELSEWHERE) == set()


@pytest.mark.parametrize("name", sorted(set(ELSEWHERE.values())))
def test_what_makes_a_transition_elsewhere_is_there(name):
    module, _, function = name.rpartition(".")

    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("row", TRANSITIONS)
def test_every_status_is_in_the_table(row):
    if row in ENUMS:
        assert set(TRANSITIONS[row]) == set(ENUMS[row])
    assert {then for _, _, then in pairs()} <= {str(s) for t in TRANSITIONS.values() for s in t}


@pytest.mark.parametrize("row", ENUMS)
def test_the_docstring_of_a_status_has_its_chart(row):
    lines = [line.strip() for line in ENUMS[row].__doc__.splitlines() if " -> " in line]

    told = {one: then.split(" | ") for one, _, then in (line.partition(" -> ") for line in lines)}

    assert told == {one: [*map(str, then)] for one, then in TRANSITIONS[row].items() if then}
