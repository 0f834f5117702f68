"""End a sprint before its last round is done: one transition for each cause; pure."""

from datetime import datetime

from gates.verdict import Cause
from sprints.core import agent_tasks, fix_loop, shipping
from sprints.state.event_codes import EventKind
from sprints.state.messages import message
from sprints.state.row_changes import (
    RoundFields,
    SprintFields,
    stop_values,
    update_round,
    update_sprint,
)
from sprints.state.snapshot import DeliveryValue, GateRunValue, Snapshot, TaskValue
from sprints.state.stop_reason import StopCode, StopReason
from sprints.state.transitions import Transition, Update


def ended(
    sprint_id: str, code: str, status: str, reason: StopReason, at: datetime
) -> tuple[Update, Update]:
    """Return the updates that end the sprint in ``status`` and block its round."""
    ends: SprintFields = {"status": status, **stop_values(reason), "finished_at": at}
    return (
        stays(sprint_id, code, ("pending", "in_progress"), at),
        update_sprint(sprint_id, ("running",), ends),
    )


def stays(sprint_id: str, code: str, only_from: tuple[str, ...], at: datetime) -> Update:
    """Return the update that blocks the round of an ended sprint."""
    values: RoundFields = {"status": "blocked", "finished_at": at}
    return update_round(f"{sprint_id}/{code}", only_from, values)


def failed(snapshot: Snapshot, run: GateRunValue, at: datetime) -> Transition:
    """End the sprint: a required gate failed and is not sent back for a fix."""
    stuck = fix_loop.stuck(snapshot, run) if fix_loop.concerns(snapshot, run) else ""
    detail = message(f"reason.{stuck}") if stuck else ""
    error = StopReason(
        StopCode.GATE_FAILED, gate_id=run.gate_id, exit_code=run.exit_code, detail=detail
    )
    data = {**error.to_json(), "reason": run.reason}
    if why := fix_loop.why_not(snapshot, run):
        data["not_sent_back"] = why
    return Transition(
        EventKind.ERROR,
        message("event.stopped.gate_failed"),
        ended(snapshot.sprint_id, snapshot.current_round.code, "failed", error, at),
        round_id=snapshot.current_round.code,
        data=data,
    )


def flaky(snapshot: Snapshot, run: GateRunValue, at: datetime) -> Transition:
    """Block the sprint: a required gate failed and passed on the same tree."""
    code = snapshot.current_round.code
    runs = [one.number for one in fix_loop.of_tree(snapshot, run)]
    error = StopReason(StopCode.GATE_FLAKY, gate_id=run.gate_id, runs=tuple(runs))
    return Transition(
        EventKind.ERROR,
        message("event.stopped.gate_flaky", gate_id=run.gate_id),
        ended(snapshot.sprint_id, code, "blocked", error, at),
        round_id=code,
        data={**error.to_json(), "tree": run.tree},
    )


def unanswered(snapshot: Snapshot, task: TaskValue, at: datetime) -> Transition:
    """End the sprint: an agent did not answer, or could not be asked."""
    agent, details = task.owner_agent, task.details
    unasked = details.get("cause") == Cause.NO_WORKSPACE
    code = StopCode.NO_WORKSPACE if unasked else StopCode.AGENT_FAILED
    error = StopReason(code, agent_id=agent, detail=details["reason"])
    return Transition(
        EventKind.ERROR,
        message(f"event.stopped.{code}", agent_id=agent),
        ended(snapshot.sprint_id, snapshot.current_round.code, "failed", error, at),
        round_id=snapshot.current_round.code,
        data={
            **error.to_json(),
            "agent": agent,
            "task_id": task.task_id,
            "exit_code": details["exit_code"],
            "reason": details["reason"],
        },
    )


def asked_back(snapshot: Snapshot, task: TaskValue, at: datetime) -> Transition:
    """Block the sprint: an agent asks a question for a human."""
    agent, questions = task.owner_agent, agent_tasks.asks(task)
    error = StopReason(StopCode.AGENT_ASKS, agent_id=agent, questions=tuple(questions))
    return Transition(
        EventKind.ERROR,
        message("event.stopped.agent_asks", agent_id=agent),
        ended(snapshot.sprint_id, snapshot.current_round.code, "blocked", error, at),
        round_id=snapshot.current_round.code,
        data={**error.to_json(), "agent": agent, "task_id": task.task_id},
    )


def blocked(snapshot: Snapshot, row: DeliveryValue, at: datetime) -> Transition:
    """Block the sprint: a blocking hook failed."""
    error = StopReason(StopCode.HOOK_FAILED, hook_id=row.hook_id, detail=row.reason)
    return Transition(
        EventKind.ERROR,
        message("event.stopped.hook_failed", hook_id=row.hook_id, point=row.point),
        ended(snapshot.sprint_id, snapshot.current_round.code, "blocked", error, at),
        round_id=snapshot.current_round.code,
        data={**error.to_json(), "delivery": row.id, "reason": row.reason},
    )


def unshipped(snapshot: Snapshot, at: datetime) -> Transition:
    """Block the sprint: its passed work cannot be shipped."""
    found = shipping.begun(snapshot)
    reason, code = found.reason or "", snapshot.current_round.code
    error = StopReason(StopCode.SHIP_REFUSED, detail=reason, cause=found.cause or "")
    return Transition(
        EventKind.ERROR,
        message("event.stopped.ship_refused", detail=reason),
        ended(snapshot.sprint_id, code, "blocked", error, at),
        round_id=code,
        data={**error.to_json(), "reason": reason},
    )
