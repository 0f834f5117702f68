"""Test that every sequence keeps the invariants, and that seeded faults in the engine are found."""

import json
from dataclasses import replace

import pytest

from gates.verdict import Verdict
from sprints.contract.contract import DEFAULT_GATE, draft
from sprints.contract.git_values import Base
from sprints.contract.hook_spec import HookDefinition
from sprints.core import (
    blocking_hooks,
    commands,
    decide,
    fix_loop,
    gate_runs,
    reducer,
    shipping,
    termination,
)
from sprints.core.actions import Cancel, FinishRound, Publish, RunGate
from sprints.modelcheck import invariants
from sprints.modelcheck.explore import FALLS, NAMES, explore
from sprints.modelcheck.invariant_texts import TEXTS
from sprints.state.transitions import Update
from tests import studio

LINT = replace(DEFAULT_GATE, gate_id="lint", required=False)
IN_R5 = replace(DEFAULT_GATE, rounds=("R5_RELEASE_CANDIDATE",))
IN_R3 = replace(DEFAULT_GATE, rounds=("R3_BUILD_A_INTEGRATE",))


def hook(*points):
    return HookDefinition("ask", "command", points, ("true",), tries=2, blocking=True)


CONTRACTS = {
    "default": draft({}, [DEFAULT_GATE]),
    "deadlines that stop": draft({"round_deadline": "stop"}, [DEFAULT_GATE]),
    "an advisory gate first": draft({}, [LINT, DEFAULT_GATE]),
    "two at once": draft({"gates_at_once": 2}, [IN_R3, replace(IN_R3, gate_id="more")]),
    "a hook": draft({}, [IN_R3], [hook("gate_start", "gate_done")]),
    "shipped": replace(draft({}, [IN_R5]), base=Base("main", "0" * 40), ship=True),
    "a hook at the start": draft({}, [IN_R3], [hook("sprint_start")]),
}


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_promise_holds_wherever_the_machine_can_go(name):
    found = explore(CONTRACTS[name])

    assert found.findings == ()
    assert found.holds
    assert found.states > 500


def blind(*args):
    return None


def first_gate_only(snapshot, contract, now):
    first = replace(contract, gates=contract.gates[:1])
    return RUN_GATE(snapshot, first, now)


def interrupted_counts(snapshot, now, gate_id):
    runs = snapshot.runs_of(now.id, gate_id)
    return runs[-1] if runs and runs[-1].status != "running" else None


def any_round(snapshot, now, gate_id):
    """A green run of R3 is taken for one of R5."""
    runs = [r for r in snapshot.gate_runs if r.gate_id == gate_id and r.status == "passed"]
    return runs[-1] if runs else LAST_JUDGED(snapshot, now, gate_id)


def any_attempt(snapshot, now, gate_id):
    """A verdict of an earlier attempt counts."""
    runs = [r for r in snapshot.gate_runs if (r.round_id, r.gate_id) == (now.id, gate_id)]
    judged = [run for run in runs if run.status not in ("running", "interrupted")]
    return judged[-1] if judged else None


def cancel_at_once(snapshot, attended=()):
    if snapshot.sprint.status == "running" and snapshot.sprint.cancel_by:
        return Cancel(snapshot.current_round.code)
    return DECIDE(snapshot, attended)


def never_recovers(snapshot, attended=()):
    """What an earlier life left is taken for ours."""
    left = [run.id for run in snapshot.gate_runs if run.status == "running"]
    return DECIDE(snapshot, {*attended, *left})


def heeds_no_pause(snapshot, attended=()):
    meta = snapshot.sprint.meta.without("automation_paused")
    return DECIDE(replace(snapshot, sprint=replace(snapshot.sprint, meta=meta)), attended)


def heeds_no_cancel(snapshot, attended=()):
    return DECIDE(replace(snapshot, sprint=replace(snapshot.sprint, cancel_by="")), attended)


def finishes_early(snapshot, attended=()):
    action = DECIDE(snapshot, attended)
    return FinishRound(snapshot.current_round.code) if isinstance(action, RunGate) else action


def all_at_once(snapshot, contract, now, running):
    return RUN_GATE(snapshot, contract, now)


def timed_out_is_green(run, outcome):
    said = outcome.judgement
    if said.verdict == Verdict.TIMED_OUT:
        outcome = replace(outcome, judgement=replace(said, verdict=Verdict.PASSED))
    return JUDGED(run, outcome)


def never_lost_too_often(snapshot, run, outcome):
    return outcome


def stopped_is_red(snapshot, outcome):
    return outcome


def warned_in_vain(snapshot):
    return replace(WARNED(snapshot), changes=())


def round_stays_open(sprint_id, code, status, error, at):
    return ENDED(sprint_id, code, status, error, at)[1:]


def ends_without_its_error(sprint_id, code, status, error, at):
    stays, ends = ENDED(sprint_id, code, status, error, at)
    return stays, Update(ends.row, ends.id, ends.only_from, ends.values | {"last_error": None})


def succeeds_half_way(snapshot, at):
    *moves, last = FINISH(snapshot, at)
    done = {"status": "succeeded", "current_round": None, "finished_at": at}
    onward = Update("sprint", snapshot.sprint_id, ("running",), done)
    late = snapshot.current_round.code.startswith("R4")
    return [*moves, replace(last, changes=(last.changes[0], onward)) if late else last]


def asks_again(snapshot, spec, now):
    """The lead is asked as long as the round lasts."""
    return ASK(replace(snapshot, tasks=()), spec, now)


def ignores_a_no(snapshot, action):
    found = GUARDED(snapshot, action)
    return action if isinstance(found, blocking_hooks.BlockAtHook) else found


def tries_for_ever(snapshot, row, outcome):
    return ANSWERED(snapshot, replace(row, failures=0, tries=1), outcome)


def silent(snapshot):
    return None


def retry_without_a_way(snapshot, contract, at):
    move = RETRY(snapshot, contract, at)
    return replace(move, changes=(*move.changes, Update("round", "s/R9", ("blocked",), {})))


def forgets_what_it_has_begun(snapshot, action, at):
    move = STARTED(snapshot, action, at)
    return replace(move, changes=())


def publishes_unjudged(snapshot):
    action = DUE(snapshot)
    return Publish(action.code) if isinstance(action, RunGate) else action


def judged_before_the_merge(snapshot, gate_id):
    runs = snapshot.runs_of(snapshot.current_round.id, gate_id)
    return runs[-1] if runs and runs[-1].status == "passed" else None


def red_is_published(snapshot, now):
    return None if shipping.status(snapshot) == "judging" else RED_GATE(snapshot, now)


DECIDE, RUN_GATE, ASK = decide.decide, decide._run_gate, decide._ask
LAST_JUDGED = fix_loop.last_judged
JUDGED, STARTED, RETRY = gate_runs.judged, gate_runs.started, commands.retry
WARNED, ENDED, FINISH = reducer._warned, termination.ended, reducer._finish_round
GUARDED, ANSWERED = blocking_hooks.guarded, blocking_hooks.answered

DUE, RED_GATE = shipping.due, decide._red_gate

SHIPS = "ships what passed"
RED, ENDS, OWNERS = "never ships red", "every path ends", "every wait has an owner"
FALSE, LEFT, PAUSE = "never fails without a reason", "nothing is left behind", "a pause holds"
STOPS, BOUNDS, HOOK = "cancel means stopped", "within its bounds", "a hook's no counts"

MUTATIONS = [
    # what is broken: where, its name, by what, under which contract; and the promise it breaks
    ("red is not looked at", decide, "_red_gate", blind, "default", RED),
    ("no gate is run", decide, "_run_gate", blind, "default", RED),
    ("advisory gate alone", decide, "_run_gate", first_gate_only, "an advisory gate first", RED),
    ("an interrupted run counts", fix_loop, "last_judged", interrupted_counts, "default", FALSE),
    ("R3's run for R5", fix_loop, "last_judged", any_round, "default", RED),
    ("an earlier attempt's run", fix_loop, "last_judged", any_attempt, "default", FALSE),
    ("rounds end before their gates", decide, "decide", finishes_early, "default", RED),
    ("over time is green", gate_runs, "judged", timed_out_is_green, "default", RED),
    ("R4 ends the sprint", reducer, "_finish_round", succeeds_half_way, "default", RED),
    ("cancelled while it runs", decide, "decide", cancel_at_once, "default", LEFT),
    ("a cancel is not heard", decide, "decide", heeds_no_cancel, "default", STOPS),
    ("a pause is not heard", decide, "decide", heeds_no_pause, "default", PAUSE),
    ("nothing is recovered", decide, "decide", never_recovers, "default", OWNERS),
    ("a stop is a verdict", gate_runs, "meant", stopped_is_red, "default", FALSE),
    ("gateways die for ever", gate_runs, "bounded", never_lost_too_often, "default", ENDS),
    ("warned again and again", reducer, "_warned", warned_in_vain, "default", ENDS),
    ("the round stays open", termination, "ended", round_stays_open, "default", OWNERS),
    ("failed, and no word why", termination, "ended", ends_without_its_error, "default", FALSE),
    ("the lead is asked again", decide, "_ask", asks_again, "default", FALLS),
    ("all gates at once", decide, "_run_beside", all_at_once, "an advisory gate first", BOUNDS),
    ("a run is not on record", gate_runs, "started", forgets_what_it_has_begun, "default", FALLS),
    ("a hook's no is passed over", decide, "guarded", ignores_a_no, "a hook", HOOK),
    ("a hook is tried for ever", blocking_hooks, "answered", tries_for_ever, "a hook", ENDS),
    ("a hook is left behind", blocking_hooks, "dropped", lambda *a: (), "a hook", LEFT),
    ("waits say nothing", invariants, "wait_of", silent, "default", OWNERS),
    ("what was merged is not judged", shipping, "due", publishes_unjudged, "shipped", SHIPS),
    (
        "an older verdict is enough",
        shipping,
        "judged_since",
        judged_before_the_merge,
        "shipped",
        SHIPS,
    ),
    ("a red merge is published", decide, "_red_gate", red_is_published, "shipped", SHIPS),
    ("nothing is shipped", shipping, "due", silent, "shipped", SHIPS),
    ("a ship is not recovered", shipping, "recover", silent, "shipped", SHIPS),
    ("no retry leads on", commands, "retry", retry_without_a_way, "default", OWNERS),
]


@pytest.mark.parametrize(
    ("where", "name", "fault", "contract", "promise"),
    [m[1:] for m in MUTATIONS],
    ids=[m[0] for m in MUTATIONS],
)
def test_a_fault_in_the_engine_is_found(monkeypatch, where, name, fault, contract, promise):
    monkeypatch.setattr(where, name, fault)

    found = explore(CONTRACTS[contract], until=promise)

    assert promise in {one.promise for one in found.findings}


def test_the_way_to_a_broken_promise_is_the_shortest_and_can_be_read(monkeypatch):
    monkeypatch.setattr(decide, "_red_gate", blind)

    (found,) = (one for one in explore(CONTRACTS["default"]).findings if one.promise == RED)

    assert found.text == "R3_BUILD_A_INTEGRATE is done, and a required gate has not passed in it"
    assert found.timeline[0] == "round started: R0_SETUP"
    assert found.timeline[-3:] == (
        "gate started: qa_smoke_quick",
        "qa_smoke_quick/1 says failed: gate finished: qa_smoke_quick exit_code=1",
        "round done: R3_BUILD_A_INTEGRATE",
    )


def test_more_states_than_are_allowed_prove_nothing():
    found = explore(CONTRACTS["default"], most_states=100)

    assert (found.complete, found.findings, found.holds) == (False, (), False)


def test_the_command_proves_a_contract(store, invoke):
    said = invoke("contract", "check")

    assert (said.code, said.err) == (0, "")
    first, *texts = said.out.splitlines()
    assert first.startswith(f"holds: all {len(NAMES)} invariants (")
    assert texts == [f"  {TEXTS[name]}" for name in NAMES]
    assert list(TEXTS) == list(NAMES)


def test_the_command_shows_how_a_promise_can_be_broken(store, invoke, monkeypatch):
    studio.gate("true", rounds=("R5_RELEASE_CANDIDATE",))
    monkeypatch.setattr(decide, "_red_gate", blind)

    said, told = invoke("contract", "check"), invoke("contract", "check", "--json")

    assert said.code == told.code == 1
    assert f"broken: {TEXTS[RED]}: R5_RELEASE_CANDIDATE is done" in said.out
    assert "    1  round started: R0_SETUP\n" in said.out
    shown = json.loads(told.out)
    assert (shown["holds"], shown["promises"]) == (False, list(NAMES))
    assert "never ships red" in {one["promise"] for one in shown["findings"]}


def test_what_cannot_be_checked_is_one_line_and_exit_2(store, invoke):
    for argv in (("nowhere",), ("wk1", "--profile", "quick"), ("--profile", "nope")):
        said = invoke("contract", "check", *argv)

        assert said.code == 2
        assert said.err.count("\n") == 1
