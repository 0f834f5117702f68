"""Test that the invariants hold with failed gates sent back, and that seeded faults are found."""

from dataclasses import replace

import pytest

from sprints.contract.budget import AgentBudget
from sprints.contract.contract import DEFAULT_GATE, draft
from sprints.contract.git_values import Base
from sprints.core import fix_loop, gate_runs
from sprints.modelcheck.explore import ENDS, explore
from tests.faults.table import SHORT
from tests.sprints.core.test_agent_tasks import LEAD
from tests.sprints.modelcheck.bounds import brief
from tests.sprints.modelcheck.test_explore import hook

IN_R3 = replace(DEFAULT_GATE, rounds=("R3_BUILD_A_INTEGRATE",))
IN_R5 = replace(DEFAULT_GATE, rounds=("R5_RELEASE_CANDIDATE",))
MORE = replace(IN_R3, gate_id="more")


def in_a_clone(*gates, meta=None, **terms):
    contract = draft(meta or {}, gates, agents=[LEAD])
    here = {"base": Base("main", "0" * 40), "approvals": None}  # those have a walk of their own
    return brief(replace(contract, **here, **terms), "R3", "R5")


CONTRACTS = {
    "one gate": in_a_clone(IN_R3),
    "three attempts": in_a_clone(IN_R3, fix_attempts=3),
    "two gates": in_a_clone(IN_R3, MORE, fix_attempts=1),
    "two at once": in_a_clone(IN_R3, MORE, meta={"gates_at_once": 2}, fix_attempts=1),
    "shipped": in_a_clone(IN_R5, ship=True, fix_attempts=1),
    "run again": in_a_clone(IN_R3, meta={"rerun_red": True}, fix_attempts=1),
    "run again, two gates": in_a_clone(IN_R3, MORE, meta={"rerun_red": True}, fix_attempts=0),
    "a hook": replace(in_a_clone(IN_R3, fix_attempts=1), hooks=(hook("gate_start", "gate_done"),)),
    "a budget that ends": in_a_clone(IN_R3, budget=AgentBudget(2 if SHORT else 5, 240.0)),
    "minutes that stop": in_a_clone(IN_R3, meta={"round_deadline": "stop"}),
}


LONG = {"three attempts", "two at once", "shipped", "a hook"}  # parts of a minute


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.whole] * (name in LONG)) for name in CONTRACTS],
)
def test_every_promise_holds_where_red_gates_go_back(name, monkeypatch):
    sent = []
    monkeypatch.setattr(fix_loop, "sent_back", lambda s: sent.append(s) or SENT_BACK(s))

    found = explore(CONTRACTS[name])

    assert found.findings == ()
    assert found.holds
    if name == "one gate":  # work does go back, else it would prove nothing
        numbers = {len(fix_loop.fixes(snapshot, snapshot.current_round)) for snapshot in sent}
        assert numbers == {0, 1}


def never(*args):
    return ""


def counts_what_was_before(snapshot, now, gate_id):
    """A verdict on the tree before the fix is taken for one on what is there."""
    runs = [run for run in snapshot.runs_of(now.id, gate_id) if run.status == "passed"]
    return runs[-1] if runs else LAST_JUDGED(snapshot, now, gate_id)


def red_before_counts(snapshot, now, gate_id):
    """What was red stays so, whatever the fix has done."""
    runs = snapshot.runs_of(now.id, gate_id)
    judged = [run for run in runs if run.status not in ("running", "interrupted")]
    return judged[-1] if judged else None


def only_the_red_gate_again(snapshot):
    told = SENT_BACK(snapshot)
    red = {one["gate_id"] for one in told["failures"]}
    return told | {"after": {gate: n for gate, n in told["after"].items() if gate in red}}


def one_too_many(snapshot):
    return "" if len(fix_loop.fixes(snapshot, snapshot.current_round)) < 3 else "enough"


def one_too_few(snapshot):
    return "enough" if fix_loop.fixes(snapshot, snapshot.current_round) else ""


def same_tree_alone(snapshot, run):
    """The trees may go round."""
    return "" if (found := STUCK(snapshot, run)) == fix_loop.SAME_TREE else found


def same_tree_is_nothing(snapshot, run):
    return "" if (found := STUCK(snapshot, run)) == fix_loop.SAME_FAILURE else found


def forgets_the_tree(run, outcome):
    said = replace(outcome.judgement, tree="1")
    return JUDGED(run, replace(outcome, judgement=said))


def nothing(snapshot):
    return None


def first_red(snapshot):
    """A red gate is run again until it is green."""
    red = fix_loop.red(snapshot)
    return red[0] if red else None


def counts_nothing(snapshot, now):
    """What was sent back is forgotten."""
    return []


LAST_JUDGED, SENT_BACK, STUCK = fix_loop.last_judged, fix_loop.sent_back, fix_loop.stuck
JUDGED = gate_runs.judged

THERE, REASON = "judges what is there", "sends back within reason"
FLAKY = "a flaky gate is a human's"
GIVES, FALLS = "never gives up too soon", "never falls over"

FAULTS = [
    # what is broken: where, its name, by what, under which contract; and the promise it breaks
    ("no bound", fix_loop, "used_up", never, "one gate", REASON),
    ("one too many", fix_loop, "used_up", one_too_many, "one gate", REASON),
    ("trees may go round", fix_loop, "stuck", same_tree_alone, "three attempts", REASON),
    ("nothing has to change", fix_loop, "stuck", same_tree_is_nothing, "one gate", REASON),
    ("green before the fix", fix_loop, "last_judged", counts_what_was_before, "two gates", THERE),
    ("red before the fix", fix_loop, "last_judged", red_before_counts, "one gate", THERE),
    ("green ones not again", fix_loop, "sent_back", only_the_red_gate_again, "two gates", THERE),
    ("trees are not told apart", gate_runs, "judged", forgets_the_tree, "one gate", GIVES),
    ("a flaky gate is green", fix_loop, "flaky", nothing, "run again", FLAKY),
    ("once is enough", fix_loop, "unconfirmed", nothing, "run again", FLAKY),
    ("red for ever again", fix_loop, "unconfirmed", first_red, "run again", ENDS),
    ("nothing goes back", fix_loop, "goes_back", never, "one gate", GIVES),
    ("one too few", fix_loop, "used_up", one_too_few, "one gate", GIVES),
    ("what was sent is forgotten", fix_loop, "fixes", counts_nothing, "one gate", FALLS),
]


@pytest.mark.parametrize(
    ("where", "name", "fault", "contract", "promise"),
    [fault[1:] for fault in FAULTS],
    ids=[fault[0] for fault in FAULTS],
)
def test_a_fault_in_what_goes_back_is_found(monkeypatch, where, name, fault, contract, promise):
    monkeypatch.setattr(where, name, fault)

    found = explore(CONTRACTS[contract], most_states=20_000, until=promise)

    assert promise in {one.promise for one in found.findings}
