"""Decide when a blocking hook is due, and what its answer means for the rows; pure.

A blocking hook must pass before the step that follows its point, or the sprint is blocked. Each
attempt is recorded before it begins, under the same delivery id, so that a crash finds it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from gates.verdict import RUNNING, Cause, Verdict
from sprints.contract.hook_spec import HookDefinition
from sprints.contract.json_types import JsonObject
from sprints.core.actions import (
    MOST_LOST,
    Action,
    BlockAtHook,
    Brought,
    FailAtGate,
    FinishRound,
    RunGate,
    RunHook,
    StartRound,
    StopOverdue,
    WarnOverdue,
)
from sprints.state.delivery_result import DeliveryResult
from sprints.state.event_catalog import payload
from sprints.state.event_codes import EventKind
from sprints.state.event_format import canonical, stamp
from sprints.state.messages import message
from sprints.state.row_changes import DeliveryFields, create_delivery, update_delivery
from sprints.state.snapshot import DeliveryValue, GateRunValue, Snapshot
from sprints.state.statuses import DeliveryStatus
from sprints.state.transitions import Create, Transition, Update

LOST = DeliveryResult(False, message("reason.lost", what="hook"), stopped=True, cause=Cause.LOST)

Status = DeliveryStatus


def guarded(snapshot: Snapshot, action: Action) -> Action | None:
    """Return the action, or the hook that must pass first; None while such a hook runs.

    A failed gate ends the sprint whatever a hook answers.
    """
    hooks = snapshot.started_contract.hooks
    for point, run in _points_before(snapshot, action) if hooks else ():
        for hook in hooks:
            if point not in hook.points:
                continue
            place = place_of(snapshot, point, run)
            row = find(snapshot, hook.hook_id, place)
            if row is None or row.status == Status.PENDING:
                return RunHook(snapshot.current_round.code, hook.hook_id, point, place, run)
            if row.status == Status.RUNNING:
                return None
            if row.status == Status.FAILED and not isinstance(action, FailAtGate):
                return BlockAtHook(snapshot.current_round.code, row.id)
    return action


def _points_before(snapshot: Snapshot, action: Action) -> Iterator[tuple[str, str]]:
    """Yield the points reached before ``action``, each with its gate or gate run, if any."""
    now, contract = snapshot.current_round, snapshot.started_contract
    if isinstance(action, StartRound):
        if now.code == contract.rounds[0].code and not _was_taken(snapshot, "sprint_start"):
            yield "sprint_start", ""
        return
    if isinstance(action, StopOverdue | WarnOverdue):
        return
    yield "round_start", ""
    for gate in contract.gates_of(now.code):
        for run in snapshot.runs_of(now.id, gate.gate_id):
            if run.status not in (RUNNING, Verdict.INTERRUPTED):
                yield "gate_done", run.id
    if isinstance(action, RunGate):
        yield "gate_start", action.gate_id
    if isinstance(action, FinishRound):
        yield "round_done", ""


def _was_taken(snapshot: Snapshot, point: str) -> bool:
    """Return whether the hooks of that point have passed in an earlier attempt."""
    before = f"/{snapshot.sprint.attempt}/"
    rows = [r for r in snapshot.deliveries if r.point == point and before not in r.place]
    return any(row.status == Status.DELIVERED for row in rows)


def place_of(snapshot: Snapshot, point: str, detail: str) -> str:
    """Return where the sprint waits: round, attempt, point, and the gate or its run."""
    parts = (snapshot.current_round.code, str(snapshot.sprint.attempt), point, detail)
    return "/".join(filter(None, parts))


def find(snapshot: Snapshot, hook_id: str, place: str) -> DeliveryValue | None:
    """Return the delivery to that hook at that place; None if there is none."""
    rows = snapshot.deliveries
    return next((row for row in rows if (row.hook_id, row.place) == (hook_id, place)), None)


def delivery_of(snapshot: Snapshot, delivery_id: str) -> DeliveryValue:
    """Return the delivery of that id. Raises ``LookupError``."""
    for row in snapshot.deliveries:
        if row.id == delivery_id:
            return row
    raise LookupError(f"no delivery {delivery_id}")


def open_delivery(snapshot: Snapshot, action: RunHook) -> DeliveryValue:
    """Return the action's delivery that is under way. Raises ``LookupError``."""
    row = find(snapshot, action.hook_id, action.place)
    if row is None or row.status != Status.RUNNING:
        raise LookupError(f"hook {action.hook_id} is not running")
    return row


def begun(snapshot: Snapshot, action: RunHook, at: datetime) -> Transition:
    """Record an attempt before it begins."""
    row = find(snapshot, action.hook_id, action.place)
    if row:
        row = replace(row, tries=row.tries + 1)
        values: DeliveryFields = {"status": Status.RUNNING.value, "tries": row.tries}
        change: Create | Update = update_delivery(row.id, (Status.PENDING,), values)
    else:
        row = _new(snapshot, action, at)
        values = {
            "hook_id": row.hook_id,
            "point": row.point,
            "sprint_id": snapshot.sprint_id,
            "place": row.place,
            "payload": row.payload,
            "status": row.status,
            "tries": row.tries,
            "created_at": at,
        }
        change = create_delivery(row.id, values)
    return Transition(
        EventKind.HOOK_STARTED,
        message("event.hook_started", hook_id=row.hook_id, point=row.point),
        (change,),
        round_id=action.code,
        data={
            "hook_id": row.hook_id,
            "point": row.point,
            "delivery": row.id,
            "try": row.tries,
            "place": row.place,
            "payload": row.payload,
        },
    )


def _new(snapshot: Snapshot, action: RunHook, at: datetime) -> DeliveryValue:
    name = f"{snapshot.sprint_id}/{action.place}/{action.hook_id}@{stamp(at)}"
    event = {
        "ts": stamp(at),
        "seq": None,
        "sprint_id": snapshot.sprint_id,
        "round_id": action.code,
        "message": message("payload.blocking_hook", hook_id=action.hook_id, point=action.point),
        "data": _about(snapshot, action),
    }
    return DeliveryValue(
        id=f"msg_{hashlib.sha256(name.encode()).hexdigest()[:24]}",
        hook_id=action.hook_id,
        point=action.point,
        place=action.place,
        payload=canonical(payload(action.point, event)),
        status=Status.RUNNING.value,
        tries=1,
        created_at=at,
    )


def _about(snapshot: Snapshot, action: RunHook) -> dict[str, object]:
    """Return the event's data beside the sprint and the round."""
    if action.point == "sprint_start":
        return {"round": action.code}
    if action.point == "gate_start":
        return {"gate_id": action.detail}
    if action.point == "gate_done":
        run: GateRunValue = next(run for run in snapshot.gate_runs if run.id == action.detail)
        return {"gate_id": run.gate_id, "exit_code": run.exit_code, "verdict": run.status}
    return {}


def answered(snapshot: Snapshot, row: DeliveryValue, outcome: Brought) -> Transition:
    """Record the hook's answer; a failure waits for the next attempt, if there is one."""
    said, at = outcome.answer, outcome.at
    hook = snapshot.started_contract.hook(row.hook_id)
    failures = row.failures + (not said.delivered and not said.stopped)
    lost = said.cause == Cause.LOST and row.tries - row.failures >= MOST_LOST
    status, next_at = Status.PENDING, None
    if said.delivered:
        status = Status.DELIVERED
    elif lost or failures >= hook.tries:
        status = Status.FAILED
    elif not said.stopped:
        next_at = at + timedelta(seconds=hook.wait_s(failures))
    reason = said.reason
    if lost:
        reason = message("reason.lost_times", reason=reason, times=row.tries - row.failures)
    values: DeliveryFields = {
        "status": status.value,
        "failures": failures,
        "reason": reason[:500],
        "exit_code": said.exit_code,
        "output": said.output,
        "duration_s": said.duration_s,
        "next_at": next_at,
        "finished_at": None if status == Status.PENDING else at,
    }
    code = "event.hook_finished.retried" if status == Status.PENDING else "event.hook_finished"
    return Transition(
        EventKind.HOOK_FINISHED,
        message(code, hook_id=row.hook_id, point=row.point, reason=reason),
        (update_delivery(row.id, (Status.RUNNING,), values),),
        round_id=row.place.split("/")[0],
        data={
            "hook_id": row.hook_id,
            "point": row.point,
            "delivery": row.id,
            "try": row.tries,
            "status": status.value,
            "exit_code": said.exit_code,
            "reason": reason,
            "duration_s": said.duration_s,
            "failures": failures,
            "next_ts": next_at and stamp(next_at),
            "finished_ts": None if status == Status.PENDING else stamp(at),
            **({"cause": said.cause.value} if said.cause else {}),
            **_outputs(row, said),
        },
    )


def _outputs(row: DeliveryValue, said: DeliveryResult) -> JsonObject:
    """Return the digests of the attempt's files for its event."""
    if not said.outputs:
        return {}
    folder = f"hooks/{row.id}/{row.tries}"
    outputs = {f"{folder}/{name}": digest for name, digest in said.outputs}
    return {"outputs": outputs, "outputs_at": said.place}


def dropped(snapshot: Snapshot, at: datetime) -> tuple[Update, ...]:
    """Return the updates that drop all pending deliveries of a cancelled sprint."""
    values: DeliveryFields = {"status": Status.DROPPED.value, "finished_at": at, "next_at": None}
    return tuple(
        update_delivery(row.id, (Status.PENDING,), values)
        for row in snapshot.deliveries
        if row.status == Status.PENDING
    )


def until(hook: HookDefinition, row: DeliveryValue, at: datetime) -> datetime:
    """Return when the attempt that begins at ``at`` must have ended."""
    return max(at, row.next_at or at) + timedelta(seconds=hook.timeout_s)
