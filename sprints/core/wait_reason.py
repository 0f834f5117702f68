"""Record in meta what a sprint waits for; pure, applied to every transition."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gates.verdict import RUNNING
from sprints.contract.approval_policy import WORDS
from sprints.core import blocking_hooks, shipping
from sprints.core.agent_tasks import asks, is_open
from sprints.core.approval_requests import ask_of
from sprints.core.budget import parked_for
from sprints.core.questions import question_of
from sprints.state.actors import GATEWAY, OPERATOR
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.event_format import stamp
from sprints.state.snapshot import GateRunValue, Snapshot, evolve
from sprints.state.transitions import Transition, Update

SHIP_TIME = timedelta(hours=1)  # git may take this long with a very large repository


def with_wait_reason(
    snapshot: Snapshot, moves: Sequence[Transition], at: datetime
) -> list[Transition]:
    """Return ``moves`` with the updated wait of the sprint, if it changes."""
    if not moves:
        return []
    before, after = snapshot.sprint.waiting, wait_of(evolve(snapshot, moves, at))
    if before and after == {key: value for key, value in before.items() if key != "overdue"}:
        after = before  # the same wait, although it was reported as overdue
    first, *others = moves
    if before and any("meta" in change.values for move in moves for change in move.changes):
        before = None  # it is removed with the old meta
        first = replace(first, changes=(_waits(snapshot, None), *first.changes))
    *others, last = first, *others
    if after != before:
        last = replace(last, changes=(*last.changes, _waits(snapshot, after)))
    return [*others, last]


def _waits(snapshot: Snapshot, waiting: dict[str, Any] | None) -> Update:
    return Update("sprint", snapshot.sprint_id, (), {"waiting": waiting})


def wait_of(snapshot: Snapshot) -> dict[str, Any] | None:
    """Return the wait of a running or blocked sprint; None if only its next step is due.

    Its keys are ``what``, ``who``, ``since_ts`` and ``until_ts``, the time when it is overdue, or
    None.
    """
    sprint = snapshot.sprint
    if sprint.status == "blocked":
        since = stamp(sprint.finished_at or snapshot.at)
        if task := question_of(snapshot):
            what = f"an answer to {task.owner_agent}: {' / '.join(asks(task))}"
            return _wait(what, OPERATOR, since, None)
        if ask := ask_of(snapshot):
            what = f"an approval {WORDS[ask['what']]}: sprint approve {sprint.sprint_id}"
            return _wait(what, OPERATOR, since, ask["until_ts"])
        if used := parked_for(snapshot):
            more = f"sprint budget {sprint.sprint_id} --{used.out} N"
            return _wait(
                f"more {used.out}, {used.of(used.out)} used: {more}", OPERATOR, since, None
            )
        return _wait(f"a retry; {sprint.last_error}", OPERATOR, since, None)
    if sprint.status != "running" or snapshot.is_foreign:
        return None
    hook = next((row for row in snapshot.deliveries if row.status == "running"), None)
    if hook:
        end = blocking_hooks.until(snapshot.started_contract.hook(hook.hook_id), hook, snapshot.at)
        what = f"hook {hook.hook_id} at {hook.point}"
        return _wait(what, GATEWAY, stamp(hook.created_at), stamp(end))
    task = next((task for task in snapshot.tasks if is_open(task)), None)
    if task and (agent := snapshot.started_contract.agent(task.owner_agent)):
        ends = f" to end, cancelled by {sprint.cancel_by}" if sprint.cancel_by else ""
        end = task.updated_at + timedelta(seconds=agent.timeout_s + agent.grace_s)
        what = f"agent {task.owner_agent}, {task.details['kind']}{ends}"
        return _wait(what, GATEWAY, stamp(task.updated_at), stamp(end))
    if shipping.status(snapshot) in shipping.OPEN:
        found = shipping.state(snapshot)
        begun = datetime.fromisoformat(found["since_ts"])
        what = f"git, {found['status']} what has passed"
        return _wait(what, GATEWAY, found["since_ts"], stamp(begun + SHIP_TIME))
    running = [run for run in snapshot.gate_runs if run.status == RUNNING]
    if running:
        gates = ", ".join(run.gate_id for run in running)
        ends = f" to end, cancelled by {sprint.cancel_by}" if sprint.cancel_by else ""
        until = max(_until(snapshot, run) for run in running)
        return _wait(f"gate {gates}{ends}", GATEWAY, stamp(running[0].started_at), stamp(until))
    if snapshot.paused and not sprint.cancel_by:
        by = sprint.meta.get("paused_by") or "its settings"
        return _wait(f"a resume; paused by {by}", OPERATOR, sprint.meta.get("paused_ts"), None)
    return None


def _until(snapshot: Snapshot, run: GateRunValue) -> datetime:
    """Return when the gate must have ended, by the contract of the run."""
    gate = snapshot.started_contract.gate(run.gate_id)
    return run.started_at + timedelta(seconds=gate.timeout_s + gate.grace_s)


def _wait(what: str, who: str, since_ts: str | None, until_ts: str | None) -> dict[str, Any]:
    return {"what": what, "who": who, "since_ts": since_ts, "until_ts": until_ts}


def overdue(sprint_id: str, status: str, waiting: dict[str, Any]) -> Transition:
    """Report once a wait that exceeds its time."""
    what, since = waiting["what"], waiting["since_ts"]
    return Transition(
        EventKind.ERROR,
        f"overdue: the sprint has waited for {what} since {since}",
        (Update("sprint", sprint_id, (status,), {"waiting": waiting | {"overdue": True}}),),
        data={"code": EventCode.WAIT_OVERDUE.value, "waiting_for": waiting},
    )
