"""Reduce an outcome to transitions; pure.

An action with an outside effect is reduced twice: before it is performed, with ``Begun``, and with
its outcome. So a crash finds it recorded.
"""

from collections.abc import Sequence
from datetime import datetime

from gates.verdict import RUNNING, Verdict
from sprints.core import (
    agent_tasks,
    approval_requests,
    blocking_hooks,
    budget,
    gate_runs,
    shipping,
    termination,
)
from sprints.core.actions import (
    Action,
    Ask,
    Begun,
    BlockAtBudget,
    BlockAtFlaky,
    BlockAtHook,
    BlockAtQuestion,
    BlockAtShip,
    BlockForApproval,
    Brought,
    Cancel,
    Compare,
    Compared,
    FailAtAgent,
    FailAtGate,
    FinishRound,
    Judged,
    Merge,
    Merged,
    Outcome,
    Publish,
    Published,
    Recover,
    RecoverHook,
    RecoverShip,
    RecoverTask,
    Replied,
    RunGate,
    RunHook,
    StartRound,
    StopOverdue,
    WarnOverdue,
)
from sprints.core.pause import hold_after_step
from sprints.state.engine_meta import FIRST, STEP
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.messages import message
from sprints.state.row_changes import (
    GateRunFields,
    RoundFields,
    SprintFields,
    TaskFields,
    stop_values,
    update_gate_run,
    update_round,
    update_sprint,
    update_task,
)
from sprints.state.snapshot import Snapshot
from sprints.state.stop_reason import StopCode, StopReason
from sprints.state.transitions import Transition


def reduce(snapshot: Snapshot, action: Action, outcome: Outcome) -> list[Transition]:
    """Return the transitions that record ``outcome``. Raises ``ValueError`` for a wrong pair."""
    match action, outcome:
        case StartRound(), Begun(at):
            return [_start_round(snapshot, at)]
        case Ask(), Begun(at):
            return [agent_tasks.asked(snapshot, action, at)]
        case Ask(), Replied():
            task = agent_tasks.open_task(snapshot, action.agent)
            return [agent_tasks.replied(snapshot, task, outcome)]
        case RecoverTask(), Begun():
            return []
        case RecoverTask(), Replied():
            task = agent_tasks.task_of(snapshot, action.task)
            return [agent_tasks.replied(snapshot, task, agent_tasks.bounded(task, outcome))]
        case FailAtAgent(), Begun(at):
            return [
                termination.unanswered(snapshot, agent_tasks.task_of(snapshot, action.task), at)
            ]
        case BlockAtQuestion(), Begun(at):
            return [
                termination.asked_back(snapshot, agent_tasks.task_of(snapshot, action.task), at)
            ]
        case BlockAtBudget(), Begun(at):
            return [budget.parked(snapshot, at)]
        case RunGate(), Begun(at):
            return [gate_runs.started(snapshot, action, at)]
        case Recover(), Begun():
            return []
        case RunGate(), Judged():
            run = gate_runs.open_run(snapshot, action.gate_id)
            return gate_runs.judged(run, gate_runs.meant(snapshot, outcome))
        case Recover(), Judged():
            run = gate_runs.run_of(snapshot, action.run_id)
            outcome = gate_runs.bounded(snapshot, run, outcome)  # limits deaths, not stops
            return gate_runs.judged(run, gate_runs.meant(snapshot, outcome))
        case RunHook(), Begun(at):
            return [blocking_hooks.begun(snapshot, action, at)]
        case RecoverHook(), Begun():
            return []
        case RunHook(), Brought():
            row = blocking_hooks.open_delivery(snapshot, action)
            return [blocking_hooks.answered(snapshot, row, outcome)]
        case RecoverHook(), Brought():
            row = blocking_hooks.delivery_of(snapshot, action.delivery_id)
            return [blocking_hooks.answered(snapshot, row, outcome)]
        case BlockAtHook(), Begun(at):
            return [
                termination.blocked(
                    snapshot, blocking_hooks.delivery_of(snapshot, action.delivery_id), at
                )
            ]
        case Merge(), Begun(at):
            return [shipping.merging(snapshot, at)]
        case Publish(), Begun(at):
            return [shipping.publishing(snapshot, at)]
        case RecoverShip(), Begun():
            return []
        case ((Merge() | RecoverShip()), Merged()):
            return [shipping.merged(snapshot, outcome)]
        case ((Publish() | RecoverShip()), Published()):
            return [shipping.published(snapshot, outcome)]
        case BlockAtShip(), Begun(at):
            return [termination.unshipped(snapshot, at)]
        case Compare(), Begun():
            return []
        case Compare(), Compared():
            return [approval_requests.compared(snapshot, outcome)]
        case BlockForApproval(), Begun(at):
            return [approval_requests.asked(snapshot, action, at)]
        case WarnOverdue(), Begun():
            return [_warned(snapshot)]
        case StopOverdue(), Begun(at):
            return [_stopped(snapshot, at)]
        case FailAtGate(), Begun(at):
            return [termination.failed(snapshot, gate_runs.run_of(snapshot, action.run_id), at)]
        case BlockAtFlaky(), Begun(at):
            return [termination.flaky(snapshot, gate_runs.run_of(snapshot, action.run_id), at)]
        case FinishRound(), Begun(at):
            return _finish_round(snapshot, at)
        case Cancel(), Begun(at):
            return [_cancelled(snapshot, at)]
    raise ValueError(f"{action} cannot be settled with {outcome}")


def needs_effect(action: Action) -> bool:
    """Return whether the action has an outside effect; others are complete when they begin."""
    kinds = Ask | RecoverTask | RunGate | Recover | RunHook | RecoverHook
    return isinstance(action, kinds | Merge | Publish | RecoverShip | Compare)


def fault(
    sprint_id: str,
    code: str | None,
    open_runs: Sequence[str],
    text: str,
    at: datetime,
    open_tasks: Sequence[str] = (),
    *,
    waits: bool = False,
) -> Transition:
    """End a sprint that the core cannot run, because it would fail again at each start.

    The rows themselves may be the cause, so only the ids of open gate runs and tasks are used.
    ``waits`` says whether ``waiting`` is set and must be removed.
    """
    lost: GateRunFields = {
        "status": Verdict.INTERRUPTED.value,
        "finished_at": at,
        "reason": message("reason.engine_fell"),
    }
    unanswered: TaskFields = {"status": "cancelled", "updated_at": at}
    reason = StopReason(StopCode.ENGINE_ERROR, detail=text)
    last: SprintFields = {"status": "failed", **stop_values(reason), "finished_at": at}
    if waits:
        last["waiting"] = None
    return Transition(
        EventKind.ERROR,
        message("event.stopped.engine_error", detail=text),
        (
            *(update_gate_run(run_id, (RUNNING,), lost) for run_id in open_runs),
            *(update_task(task_id, (), unanswered) for task_id in open_tasks),
            *([termination.stays(sprint_id, code, (), at)] if code else []),
            update_sprint(sprint_id, ("running",), last),
        ),
        round_id=code,
        data=reason.to_json(),
    )


def _start_round(snapshot: Snapshot, at: datetime) -> Transition:
    now = snapshot.current_round
    values: RoundFields = {"status": "in_progress", "started_at": at, "finished_at": None}
    return Transition(
        EventKind.ROUND_STARTED,
        message("event.round_started", round_id=now.code),
        (update_round(now.id, ("pending",), values),),
        round_id=now.code,
    )


def _warned(snapshot: Snapshot) -> Transition:
    now = snapshot.current_round
    minutes = snapshot.started_contract.round(now.code).max_minutes
    noted = message("note.overdue", minutes=f"{minutes:g}")
    values: RoundFields = {"notes": [*now.notes, noted], "overdue_note": noted}
    return Transition(
        EventKind.NOTE,
        message("event.round_overdue", round_id=now.code, minutes=f"{minutes:g}"),
        (update_round(now.id, ("in_progress",), values),),
        round_id=now.code,
        data={"code": EventCode.ROUND_OVERDUE.value, "minutes": minutes},
    )


def _stopped(snapshot: Snapshot, at: datetime) -> Transition:
    code = snapshot.current_round.code
    minutes = snapshot.started_contract.round(code).max_minutes
    error = StopReason(StopCode.DEADLINE, round_id=code, minutes=minutes)
    return Transition(
        EventKind.ERROR,
        message("event.stopped.deadline", **error.words()),
        (
            *agent_tasks.dropped(snapshot, at),
            *termination.ended(snapshot.sprint_id, code, "failed", error, at),
        ),
        round_id=code,
        data={**error.to_json(), "minutes": minutes},
    )


def _cancelled(snapshot: Snapshot, at: datetime) -> Transition:
    by = snapshot.sprint.cancel_by
    reason = StopReason(StopCode.CANCELLED, by=by)
    round_end, sprint_end = termination.ended(
        snapshot.sprint_id, snapshot.current_round.code, "cancelled", reason, at
    )
    tasks = agent_tasks.dropped(snapshot, at)
    return Transition(
        EventKind.NOTE,
        message("event.sprint_cancelled", by=by),
        (*tasks, *blocking_hooks.dropped(snapshot, at), round_end, sprint_end),
        data={"code": EventCode.SPRINT_CANCELLED.value, "by": by},
    )


def _finish_round(snapshot: Snapshot, at: datetime) -> list[Transition]:
    now, following = (
        snapshot.current_round,
        snapshot.started_contract.after(snapshot.current_round.code),
    )
    acks = [
        task.owner_agent
        for task in snapshot.tasks_of(now.id)
        if task.details.get("kind") == "ack" and task.status == "done"
    ]
    values: RoundFields = {
        "status": "done",
        "finished_at": at,
        "notes": [*now.notes, f"acks_collected={sorted(acks)}"],
    }
    closed = update_round(now.id, ("in_progress",), values)
    done = EventKind.ROUND_DONE, message("event.round_done", round_id=now.code)
    if following:
        onward = update_sprint(snapshot.sprint_id, ("running",), {"current_round": following})
        moves = [Transition(*done, (closed, onward), round_id=now.code)]
        held = hold_after_step(snapshot, at)
        return [*moves, held] if held else moves
    ended: SprintFields = {
        "status": "succeeded",
        "current_round": None,
        "finished_at": at,
        "last_error": None,
    }
    meta = snapshot.sprint.meta.without(STEP, FIRST)
    if meta is not snapshot.sprint.meta:
        ended["meta"] = meta.stored
    return [
        Transition(*done, (closed,), round_id=now.code),
        Transition(
            EventKind.NOTE,
            message("event.sprint_succeeded"),
            (update_sprint(snapshot.sprint_id, ("running",), ended),),
            data={"code": EventCode.SPRINT_SUCCEEDED.value},
        ),
    ]
