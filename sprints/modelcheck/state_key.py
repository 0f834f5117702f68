"""Identify states that have the same future: without times, texts and counts.

A key holds everything that a later step may read. It reduces times to whether the round is overdue,
and verdicts to whether they passed. Of interrupted runs it keeps the number of gateway deaths under
a gate without verdict. Of closed rounds it keeps whether a gate had failed, and of earlier attempts
only their last verdict on the current round. Of agents it keeps their replies and their budget
(``agent_model``).
"""

from collections.abc import Hashable
from datetime import timedelta

from gates.verdict import RUNNING, Cause, Verdict
from sprints.core import approval_requests, commands, fix_loop, shipping
from sprints.core.actions import MOST_LOST
from sprints.core.decide import deadline_of
from sprints.modelcheck import agent_model, approval_model
from sprints.modelcheck.invariants import ABOUT_THE_WORK, green
from sprints.modelcheck.model import State
from sprints.prompts.lead_plan import BUILD, CONFIRM, POLISH, plan_for
from sprints.state.snapshot import GateRunValue

PLANS = (CONFIRM, BUILD, POLISH)


def state_key(state: State) -> Hashable:
    """Return a value that is equal for states with the same future."""
    snapshot, sprint = state.snapshot, state.snapshot.sprint
    closed = tuple(
        (one.status, one.status != "done" or green(state, one)) for one in snapshot.rounds
    )
    shipped = shipping.status(snapshot) == shipping.SHIPPED
    blocks = agent_model.blocks(state)
    common = (sprint.status, sprint.current_round, state.retries, closed, shipped, blocks)
    if sprint.status != "running" and not blocks and not approval_requests.ask_of(snapshot):
        kept = approval_model.approval_key(state) if sprint.status in commands.STOPPED else ()
        return (*common, kept)  # a retry reads the approvals
    now, left = snapshot.current_round, deadline_of(snapshot)
    late = left is not None and left <= timedelta(0)
    recorded = bool(now.overdue_note)
    planned = tuple((task.id, task.agent) for code in PLANS for task in plan_for(snapshot, code))
    return (
        *common,
        (
            late,
            recorded,
            bool(sprint.cancel_by),
            snapshot.paused,
            planned,
            agent_model.agent_key(state),
        ),
        tuple(_gate(state, gate.gate_id) for gate in snapshot.started_contract.gates_of(now.code)),
        frozenset(
            (run.round_id, run.gate_id, run.id in state.attended)
            for run in snapshot.gate_runs
            if run.status == RUNNING
        ),
        frozenset(_hooks(state)),
        _ship(state),
        _sent(state),
        approval_model.approval_key(state),
    )


def _sent(state: State) -> Hashable:
    """Return the fixes of this round and attempt, in rows and in truth.

    It also holds whether the verdicts since are on the present tree. Once no further fix is
    possible, only the number of fixes remains, and whether they are stuck.
    """
    snapshot, now = state.snapshot, state.snapshot.current_round
    if not fix_loop.is_on(snapshot, now.code):
        return ()
    place = (now.id, snapshot.sprint.attempt)
    sent = [one for one in state.sent if (one.place, one.attempt) == place]
    rows = [task.details["failures"] for task in fix_loop.fixes(snapshot, now)]
    last = [
        (run, _is_current(state, run))
        for gate in snapshot.started_contract.gates_of(now.code)
        for run in snapshot.runs_of(now.id, gate.gate_id)[-1:]
    ]
    about = tuple((current, state.trees.get(run.id) == state.tree) for run, current in last)
    if shipping.status(snapshot):
        return about
    if min(len(rows), len(sent)) >= snapshot.started_contract.fix_attempts:
        ways = {(one.tree, gate, said) for one in sent for gate, said in one.said}
        again = [(state.tree, run.gate_id, state.truth.get(run.id)) in ways for run, _ in last]
        known = state.tree == sent[-1].tree, state.tree in {one.tree for one in sent}
        return (len(rows), len(sent), about, tuple(again), known)
    numbers: dict[str, int] = {}  # numbers of trees and failures, in order of appearance

    def number(name: str) -> int:
        return numbers.setdefault(name, len(numbers))

    return (
        tuple(
            tuple((one["gate_id"], number(one["tree"]), number(one["verdict"])) for one in recorded)
            for recorded in rows
        ),
        tuple(
            (number(one.tree), frozenset((gate, number(said)) for gate, said in sorted(one.said)))
            for one in sent
        ),
        tuple(number(run.status) for run, current in last if current and run.status != "passed"),
        (about, number(state.tree)),
    )


def _is_of_current(state: State, place: str) -> bool:
    """Return whether the hook's delivery belongs to a run that still counts."""
    mine = [run for run in state.snapshot.gate_runs if place.endswith(f"/{run.id}")]
    return any(_is_current(state, run) for run in mine)


def _is_current(state: State, run: GateRunValue) -> bool:
    return run == fix_loop.last_judged(state.snapshot, state.snapshot.current_round, run.gate_id)


def _ship(state: State) -> Hashable:
    """Return the progress of shipping, and which gates have judged the merge."""
    snapshot, found = state.snapshot, shipping.state(state.snapshot)
    if found is None:
        return ()
    gates = snapshot.started_contract.gates_of(snapshot.current_round.code)
    since = tuple(
        (
            shipping.judged_since(snapshot, gate.gate_id) is not None,
            _lost(snapshot.runs_of(snapshot.current_round.id, gate.gate_id)),
        )
        for gate in gates
    )
    return (found.status, found.tries, shipping.SHIP in state.attended, since)


def _gate(state: State, gate_id: str) -> Hashable:
    """Return the facts of a gate in the current round: in this attempt and the last one."""
    now, runs = (
        state.snapshot.current_round,
        state.snapshot.runs_of(state.snapshot.current_round.id, gate_id),
    )
    earlier = [
        _heard(state, run)
        for run in state.snapshot.gate_runs
        if (run.round_id, run.gate_id) == (now.id, gate_id)
        and run.attempt != state.snapshot.sprint.attempt
        and run.status not in _NO_VERDICT
    ]
    judged = fix_loop.since(state.snapshot, now, gate_id)
    current = fix_loop.last_judged(state.snapshot, now, gate_id)
    known = (tuple(earlier[-1:]), min(MOST_RUNS, len(judged)))
    if current is None:
        return (*known, _lost(runs))
    if runs and runs[-1].status in _NO_VERDICT:  # it runs again, despite an earlier verdict
        return (*known, _lost(runs), _heard(state, current))
    return (*known, _heard(state, current))


MOST_RUNS = 3  # runs of one gate since the last fix; more make no difference
_NO_VERDICT = (RUNNING, Verdict.INTERRUPTED)


def _heard(state: State, run: GateRunValue) -> Hashable:
    """Return the recorded and the true verdict."""
    said = state.truth.get(run.id)
    return (run.status == Verdict.PASSED, "red" if said in ABOUT_THE_WORK else said)


def _lost(runs: tuple[GateRunValue, ...]) -> int:
    lost = (Verdict.INTERRUPTED, Cause.LOST)
    return min(MOST_LOST, sum((run.status, run.cause) == lost for run in runs))


def _hooks(state: State) -> list[Hashable]:
    """Return the deliveries of this attempt's current round, and those of earlier starts."""
    found: list[Hashable] = []
    attempt = f"/{state.snapshot.sprint.attempt}/"
    for row in state.snapshot.deliveries:
        if attempt not in row.place:
            if row.point == "sprint_start":
                found.append((row.hook_id, row.status))
        elif row.place.startswith(state.snapshot.current_round.code):
            place = row.place.rpartition("/")[0] if row.point == "gate_done" else row.place
            said: tuple[Hashable, ...] = row.status, state.truth.get(row.id) == "yes"
            if row.point == "gate_done":
                said += (_is_of_current(state, row.place),)
            if row.status in ("pending", "running"):
                lost = min(MOST_LOST, row.tries - row.failures)
                said += (row.failures, lost, row.id in state.attended)
            found.append((row.hook_id, place, said))
        elif row.status == "running":
            found.append((row.id, row.id in state.attended))
    return found
