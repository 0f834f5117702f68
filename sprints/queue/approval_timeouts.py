"""Apply the contract's decision to approval requests that have expired."""

import contextlib

from django.utils import timezone

from sprints.core.approval_decisions import expired
from sprints.core.approval_requests import ask_of
from sprints.core.wait_reason import overdue, with_wait_reason
from sprints.models import Sprint
from sprints.models.loading import load
from sprints.models.transitions import record
from sprints.queries.stopped import stopped_with
from sprints.state.event_format import stamp
from sprints.state.stop_reason import StopCode
from sprints.state.transitions import ExpectedVersion, MoveRefused


def carry_out() -> None:
    """End each sprint whose approval has expired, or record once that it is overdue."""
    at = timezone.now()
    late = Sprint.objects.filter(
        stopped_with(StopCode.APPROVAL_NEEDED),
        status=Sprint.Status.BLOCKED,
        waiting__until_ts__lt=stamp(at),
    )
    for sprint_id in late.values_list("pk", flat=True):
        snapshot = load(sprint_id, at)
        waiting = snapshot.sprint.waiting
        if ask_of(snapshot) is None:
            continue  # decided meanwhile, or imported
        move = expired(snapshot, at)
        if move is None and waiting and not waiting.get("overdue"):
            move = overdue(sprint_id, snapshot.sprint.status, waiting)
        if move:
            with contextlib.suppress(MoveRefused):  # decided after all
                record(
                    sprint_id,
                    with_wait_reason(snapshot, [move], at),
                    ExpectedVersion(snapshot.version),
                    at,
                )
