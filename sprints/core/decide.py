"""Decide the next step of a sprint: a pure function of its snapshot.

The same rows always give the same step, so recovery after a crash is to decide again.
"""

from collections.abc import Collection
from datetime import timedelta

from gates.verdict import RUNNING
from sprints.contract.contract import Contract, RoundSpec
from sprints.core import approval_requests, assignment, fix_loop, shipping
from sprints.core.actions import (
    Action,
    Ask,
    BlockAtBudget,
    BlockAtFlaky,
    BlockAtQuestion,
    Cancel,
    FailAtAgent,
    FailAtGate,
    FinishRound,
    Recover,
    RecoverHook,
    RecoverTask,
    RunGate,
    StartRound,
    StopOverdue,
    WarnOverdue,
)
from sprints.core.agent_tasks import asks, is_open
from sprints.core.blocking_hooks import guarded
from sprints.core.budget import spent
from sprints.core.shipping import SHIP
from sprints.state.snapshot import RoundValue, Snapshot
from sprints.state.statuses import TaskStatus


def decide(snapshot: Snapshot, attended: Collection[str] = ()) -> Action | None:
    """Return the next action; None if there is none now.

    There is none if the sprint is not running, is held, or waits for an outside effect. An imported
    sprint without a contract has none either. ``attended`` are the ids of the gate runs, tasks and
    deliveries that this process has under way.
    """
    if snapshot.sprint.status != "running" or snapshot.is_foreign:
        return None
    contract, now = snapshot.started_contract, snapshot.current_round
    for run in snapshot.gate_runs:
        if run.status == RUNNING and run.id not in attended:
            return Recover(run.id)
    for row in snapshot.deliveries:
        if row.status == "running" and row.id not in attended:
            return RecoverHook(row.id)
    for task in snapshot.tasks:
        if is_open(task) and task.id not in attended:
            return RecoverTask(task.id)
    if SHIP in attended:
        return None
    if action := shipping.recover(snapshot):
        return action
    if attended:
        return _run_beside(snapshot, contract, now, len(attended))
    if snapshot.sprint.cancel_by:
        return Cancel(now.code)
    if snapshot.paused:
        return None
    if now.status == "pending":
        start = StartRound(now.code)
        first = approval_requests.gated(snapshot, start)
        return guarded(snapshot, start) if first == start else first
    return guarded(
        snapshot,
        _flaky(snapshot, now)
        or _red_gate(snapshot, now)
        or _unanswered(snapshot, now)
        or _overdue(snapshot, contract.deadline, contract.round(now.code), now)
        or _rerun(snapshot, now)
        or _send_back(snapshot, now)
        or _ask(snapshot, contract.round(now.code), now)
        or _run_gate(snapshot, contract, now)
        or approval_requests.gated(snapshot, shipping.due(snapshot) or FinishRound(now.code)),
    )


def _red_gate(snapshot: Snapshot, now: RoundValue) -> Action | None:
    """Return the end of the sprint if a failed gate is not sent back for a fix."""
    red = fix_loop.red(snapshot)
    if not red or fix_loop.unconfirmed(snapshot) or fix_loop.goes_back(snapshot, red[0]):
        return None
    return FailAtGate(now.code, red[0].id)


def _flaky(snapshot: Snapshot, now: RoundValue) -> Action | None:
    run = fix_loop.flaky(snapshot)
    return BlockAtFlaky(now.code, run.id) if run else None


def _rerun(snapshot: Snapshot, now: RoundValue) -> Action | None:
    """Return a second run of a failed gate on the same tree."""
    run = fix_loop.unconfirmed(snapshot)
    return RunGate(now.code, run.gate_id) if run else None


def _send_back(snapshot: Snapshot, now: RoundValue) -> Action | None:
    """Return the question that sends a failed gate back for a fix; None if there is none."""
    for task in fix_loop.fixes(snapshot, now):
        if task.status == TaskStatus.PENDING:
            ask = Ask(now.code, task.owner_agent, fix_loop.FIX, assignment.name_in(task))
            return _launch(snapshot, ask)
    red = fix_loop.red(snapshot)
    if red and fix_loop.goes_back(snapshot, red[0]):
        whose = assignment.whose(snapshot, red)
        owner = (
            assignment.owner(snapshot, whose) if whose else snapshot.started_contract.implementer
        )
        return _launch(snapshot, Ask(now.code, owner, fix_loop.FIX, whose.id if whose else ""))
    return None


def deadline_of(snapshot: Snapshot) -> timedelta | None:
    """Return the current round's remaining time, negative if overdue; None before it starts."""
    now, contract = snapshot.round_if_any, snapshot.contract
    if now is None or contract is None or now.started_at is None:
        return None
    end = now.started_at + timedelta(minutes=contract.round(now.code).max_minutes)
    return end - snapshot.at


def _overdue(snapshot: Snapshot, deadline: str, spec: RoundSpec, now: RoundValue) -> Action | None:
    left = deadline_of(snapshot)
    if left is None or left > timedelta(0):
        return None
    if deadline == "stop":
        return StopOverdue(spec.code)
    return None if now.overdue_note else WarnOverdue(spec.code)


def _unanswered(snapshot: Snapshot, now: RoundValue) -> Action | None:
    """Return the end of a sprint whose task is blocked; None if no task is."""
    for task in snapshot.tasks_of(now.id):
        if task.status == TaskStatus.BLOCKED:
            kind = BlockAtQuestion if asks(task) else FailAtAgent
            return kind(now.code, task.id)
    return None


def _ask(snapshot: Snapshot, spec: RoundSpec, now: RoundValue) -> Action | None:
    tasks = snapshot.tasks_of(now.id)
    asked = {
        (task.owner_agent, task.details["kind"], assignment.name_in(task))
        for task in tasks
        if task.status != TaskStatus.PENDING
    }
    for ask in assignment.asked_in(snapshot, spec):
        if (ask.agent, ask.kind, ask.task) not in asked:
            return _launch(snapshot, ask)
    return None


def _launch(snapshot: Snapshot, ask: Ask) -> Action:
    """Return the question, or the block by the budget if nothing is left of it."""
    used = spent(snapshot)
    if used and used.out and snapshot.started_contract.agent(ask.agent):
        return BlockAtBudget(ask.code)
    return ask


def _run_gate(snapshot: Snapshot, contract: Contract, now: RoundValue) -> Action | None:
    """Return the next gate without a verdict that is not under way."""
    running = {run.gate_id for run in snapshot.gate_runs if run.status == RUNNING}
    for gate in contract.gates_of(now.code):
        judged = fix_loop.last_judged(snapshot, now, gate.gate_id)
        if gate.gate_id not in running and judged is None:
            return RunGate(now.code, gate.gate_id)
    return None


def _run_beside(
    snapshot: Snapshot, contract: Contract, now: RoundValue, running: int
) -> Action | None:
    """Return another gate to run in parallel; None if its result would not matter."""
    if any(is_open(task) for task in snapshot.tasks):
        return None
    if running >= contract.gates_at_once or snapshot.sprint.cancel_by or snapshot.paused:
        return None
    if fix_loop.red(snapshot):
        return None
    action = _run_gate(snapshot, contract, now)
    return action if action and guarded(snapshot, action) == action else None
