"""Record in meta what a sprint waits for; pure, applied to every transition."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gates.verdict import RUNNING
from sprints.core import blocking_hooks, shipping
from sprints.core.agent_tasks import asks, is_open
from sprints.core.approval_requests import ask_of
from sprints.core.budget import parked_for
from sprints.core.questions import question_of
from sprints.state.actors import GATEWAY, OPERATOR
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.event_format import moment, stamp
from sprints.state.messages import message
from sprints.state.row_changes import update_sprint
from sprints.state.snapshot import GateRunValue, Snapshot, evolve
from sprints.state.transitions import Transition, Update
from sprints.state.wait_reason import Wait, WaitCode, WaitReason

SHIP_TIME = timedelta(hours=1)  # git may take this long with a very large repository


def with_wait_reason(
    snapshot: Snapshot, moves: Sequence[Transition], at: datetime
) -> list[Transition]:
    """Return ``moves`` with the updated wait of the sprint, if it changes."""
    if not moves:
        return []
    before, after = snapshot.sprint.waiting, wait_of(evolve(snapshot, moves, at))
    if before and after and is_same_wait(before, after):
        after = before  # the same wait, although it was reported as overdue
    first, *others = moves
    if before and any("meta" in change.values for move in moves for change in move.changes):
        before = None  # it is removed with the old meta
        first = replace(first, changes=(_waits(snapshot, None), *first.changes))
    *others, last = first, *others
    if after != before:
        last = replace(last, changes=(*last.changes, _waits(snapshot, after)))
    return [*others, last]


def is_same_wait(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Return whether both are one wait. The text is made from the rest, and version 0 recorded no
    more than ``KEYS``.
    """
    keys = [key for key in before if key not in ("what", "overdue")]
    return ("code" not in before or {*keys} == {*after} - {"what"}) and all(
        key in after and before[key] == after[key] for key in keys
    )


def _waits(snapshot: Snapshot, waiting: Wait | None) -> Update:
    return update_sprint(snapshot.sprint_id, (), {"waiting": waiting})


def wait_of(snapshot: Snapshot) -> Wait | None:
    """Return what a running or blocked sprint waits for, as ``WaitReason.to_json`` has it; None
    where it waits for nothing but its next step.
    """
    reason = reason_of(snapshot)
    return reason.to_json() if reason else None


def reason_of(snapshot: Snapshot) -> WaitReason | None:
    """Return what a running or blocked sprint waits for; None where that is its next step."""
    sprint = snapshot.sprint
    if sprint.status == "blocked":
        return _blocked(snapshot)
    if sprint.status != "running" or snapshot.is_foreign:
        return None
    hook = next((row for row in snapshot.deliveries if row.status == "running"), None)
    if hook:
        end = blocking_hooks.until(snapshot.started_contract.hook(hook.hook_id), hook, snapshot.at)
        began = stamp(hook.created_at)
        return WaitReason(
            WaitCode.HOOK, GATEWAY, began, stamp(end), hook_id=hook.hook_id, point=hook.point
        )
    task = next((task for task in snapshot.tasks if is_open(task)), None)
    if task and (agent := snapshot.started_contract.agent(task.owner_agent)):
        end = task.updated_at + timedelta(seconds=agent.timeout_s + agent.grace_s)
        return WaitReason(
            WaitCode.AGENT,
            GATEWAY,
            stamp(task.updated_at),
            stamp(end),
            agent_id=task.owner_agent,
            kind=task.details["kind"],
            cancel_by=sprint.cancel_by,
        )
    if (found := shipping.state(snapshot)) and found.status in shipping.OPEN:
        since = found.since_ts or stamp(snapshot.at)
        end = moment(since) + SHIP_TIME
        return WaitReason(WaitCode.SHIP, GATEWAY, since, stamp(end), step=found.status)
    running = [run for run in snapshot.gate_runs if run.status == RUNNING]
    if running:
        return WaitReason(
            WaitCode.GATE,
            GATEWAY,
            stamp(running[0].started_at),
            stamp(max(_until(snapshot, run) for run in running)),
            gates=tuple(run.gate_id for run in running),
            cancel_by=sprint.cancel_by,
        )
    if (hold := sprint.meta.pause) and not sprint.cancel_by:
        return WaitReason(WaitCode.RESUME, OPERATOR, hold.since_ts, paused_by=hold.by)
    return None


def _blocked(snapshot: Snapshot) -> WaitReason:
    """Return for which act of an operator a blocked sprint waits."""
    sprint = snapshot.sprint
    since = stamp(sprint.finished_at or snapshot.at)
    if task := question_of(snapshot):
        questions = tuple(asks(task))
        agent = task.owner_agent
        return WaitReason(WaitCode.ANSWER, OPERATOR, since, agent_id=agent, questions=questions)
    if ask := ask_of(snapshot):
        return WaitReason(
            WaitCode.APPROVAL,
            OPERATOR,
            since,
            ask.until_ts,
            sprint_id=sprint.sprint_id,
            point=ask.what,
        )
    if used := parked_for(snapshot):
        return WaitReason(
            WaitCode.BUDGET,
            OPERATOR,
            since,
            sprint_id=sprint.sprint_id,
            resource=used.out,
            amount=used.of(used.out),
        )
    return WaitReason(WaitCode.RETRY, OPERATOR, since, reason=sprint.last_error or "")


def _until(snapshot: Snapshot, run: GateRunValue) -> datetime:
    """Return when the gate must have ended, by the contract of the run."""
    gate = snapshot.started_contract.gate(run.gate_id)
    return run.started_at + timedelta(seconds=gate.timeout_s + gate.grace_s)


def overdue(sprint_id: str, status: str, waiting: Wait) -> Transition:
    """Report once a wait that exceeds its time."""
    return Transition(
        EventKind.ERROR,
        message("event.wait_overdue", what=waiting["what"], since_ts=waiting["since_ts"]),
        (update_sprint(sprint_id, (status,), {"waiting": waiting | {"overdue": True}}),),
        data={"code": EventCode.WAIT_OVERDUE.value, "waiting_for": waiting},
    )
