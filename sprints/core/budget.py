"""Block a sprint whose agent commands have used up their budget, and raise the budget."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from sprints.contract.budget import (
    AGENT_BUDGET,
    GRANTED,
    AgentBudget,
    Granted,
    Spending,
    spending,
    with_granted,
)
from sprints.core.reopen_round import cleared, reopened, with_meta
from sprints.state.engine_meta import SprintMeta
from sprints.state.event_codes import EventKind
from sprints.state.messages import message
from sprints.state.row_changes import (
    RoundFields,
    SprintFields,
    stop_values,
    update_round,
    update_sprint,
    update_task,
)
from sprints.state.snapshot import Snapshot
from sprints.state.statuses import TaskStatus
from sprints.state.stop_reason import StopCode, StopReason
from sprints.state.task_details import without
from sprints.state.transitions import MoveRefused, Transition, Update

PARKED: Final = "parked"  # in the details of a task that waits for a budget


def parked(snapshot: Snapshot, at: datetime) -> Transition:
    """Block the sprint until a human raises the budget; pending questions wait."""
    used, now = spent(snapshot), snapshot.current_round
    assert used is not None, "only a sprint with a budget can have used it up"
    out = used.out
    reason = StopReason(
        StopCode.BUDGET, resource=out, used=used.used(out), allowed=getattr(used.allowed, out)
    )
    ends: SprintFields = {"status": "blocked", **stop_values(reason), "finished_at": at}
    stays: RoundFields = {"status": "blocked", "finished_at": at}
    waiting = [task for task in snapshot.tasks_of(now.id) if task.status == TaskStatus.PENDING]
    return Transition(
        EventKind.ERROR,
        message("event.stopped.budget", **reason.words()),
        (
            *(
                update_task(
                    task.id,
                    (TaskStatus.PENDING,),
                    {
                        "status": TaskStatus.BLOCKED.value,
                        "updated_at": at,
                        "details": {**task.details, "parked": True},
                    },
                )
                for task in waiting
            ),
            update_round(now.id, ("in_progress",), stays),
            update_sprint(snapshot.sprint_id, ("running",), ends),
        ),
        round_id=now.code,
        data={**reason.to_json(), "used_up": out, **used.to_json()},
    )


def grant(
    snapshot: Snapshot,
    launches: int | None,
    minutes: float | None,
    by: str,
    at: datetime,
    tokens: int | None = None,
    usd: float | None = None,
) -> Transition | None:
    """Set the total launches, minutes, tokens and dollars of the sprint's agent commands.

    A sprint blocked by its budget goes on. Returns None if nothing changes. Raises ``MoveRefused``.
    """
    sprint, before = snapshot.sprint, spent(snapshot)
    if before is None:
        raise MoveRefused(message("refused.no_agents", sprint_id=sprint.sprint_id))
    if sprint.status == "succeeded":
        about = {"sprint_id": sprint.sprint_id, "status": sprint.status}
        raise MoveRefused(message("refused.budget", **about))
    values = {"launches": launches, "minutes": minutes, "tokens": tokens, "usd": usd}
    given = {key: value for key, value in values.items() if value is not None}
    kept = sprint.meta.granted or Granted()
    granted = Granted.from_json(kept.to_json() | given)
    allowed = with_granted(before.allowed, granted)
    meta = sprint.meta.having(GRANTED, granted)
    if meta == sprint.meta or (snapshot.contract and allowed == before.allowed):
        return None
    after = replace(before, allowed=allowed)
    waits = parked_for(snapshot) is not None
    if waits and after.out:
        about = {"amount": after.of(after.out), "resource": after.out}
        raise MoveRefused(message("refused.budget_too_low", sprint_id=sprint.sprint_id, **about))
    changes = _goes_on(snapshot, meta, at) if waits else (_set(snapshot, with_meta(sprint, meta)),)
    return Transition(
        EventKind.BUDGET_CHANGED,
        message("event.budget_changed", by=by, budget=_in_words(allowed, given)),
        changes,
        round_id=snapshot.current_round.code if waits else None,
        data={"by": by, "before": before.to_json(), "after": after.to_json()},
    )


def parked_for(snapshot: Snapshot) -> Spending | None:
    """Return the spending of a sprint blocked by its budget; None for any other sprint."""
    is_parked = snapshot.sprint.status == "blocked" and snapshot.stopped_with(StopCode.BUDGET)
    return spent(snapshot) if is_parked else None


def _in_words(allowed: AgentBudget, given: Collection[str]) -> str:
    """Return the budget in words: launches and minutes always, tokens and dollars if given."""
    words: str = message("budget", launches=allowed.launches, minutes=f"{allowed.minutes:g}")
    words += message("budget.tokens", tokens=allowed.tokens) if "tokens" in given else ""
    return words + (message("budget.usd", usd=f"{allowed.usd:g}") if "usd" in given else "")


def _set(snapshot: Snapshot, values: SprintFields) -> Update:
    return update_sprint(snapshot.sprint_id, (snapshot.sprint.status,), values)


def _goes_on(snapshot: Snapshot, meta: SprintMeta, at: datetime) -> tuple[Update, ...]:
    """Return the updates that reopen the round; its answered tasks stay answered."""
    now = snapshot.current_round
    goes_on: SprintFields = {"status": "running", **cleared(snapshot.sprint), "finished_at": None}
    return (
        _set(snapshot, {**goes_on, "meta": meta.stored}),
        reopened(snapshot),
        *(
            update_task(
                task.id,
                (TaskStatus.BLOCKED,),
                {
                    "status": TaskStatus.PENDING.value,
                    "updated_at": at,
                    "details": without(task.details, (PARKED,)),
                },
            )
            for task in snapshot.tasks_of(now.id)
            if task.details.get(PARKED)
        ),
    )


def spent(snapshot: Snapshot) -> Spending | None:
    """Return the sprint's budget and the amounts used; None if it runs no agent commands."""
    contract = snapshot.contract
    frozen = AGENT_BUDGET if contract is None or contract.agents else None
    if contract and contract.budget:  # there is none of a sprint that began before there were any
        frozen = contract.budget
    return spending(frozen, snapshot.sprint.meta.granted, (task.details for task in snapshot.tasks))
