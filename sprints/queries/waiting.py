"""Compute the wait of a sprint that has not ended: for what, for whom, and since when."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from sprints.contract.json_types import JsonObject
from sprints.models import Event, Sprint
from sprints.models.lease import holder
from sprints.queries.durations import Times, times_of
from sprints.queries.turns import Queue
from sprints.state.actors import GATEWAY, OPERATOR
from sprints.state.event_format import stamp
from sprints.state.wait_reason import Wait, WaitCode, WaitReason, is_queued


def waiting_for(row: Sprint) -> Wait | None:
    """Return ``what``, ``who``, ``since_ts`` and ``until_ts``; None for an ended sprint.

    ``until_ts`` is when the wait is overdue, or None. The recorded wait (``Sprint.waiting``) comes
    with the present runner. Without a runner, the sprint is in the queue.
    """
    return waits_of([row])[row.pk]


def waits_of(rows: Iterable[Sprint]) -> dict[str, Wait | None]:
    """Return the waits of many sprints by id, by a fixed number of queries."""
    rows = list(rows)
    around = _Around(rows)
    return {row.pk: _wait_of(row, around) for row in rows}


def shown_status(status: str, wait: Wait | None) -> str:
    """Return the status to show: ``paused`` or ``queued`` for some of the running sprints."""
    if status != Sprint.Status.RUNNING or wait is None:
        return status
    if wait["who"] == OPERATOR:
        return "paused"
    return "queued" if is_queued(wait) else status


def queue() -> list[JsonObject]:
    """Return the sprints in the queue in the order of their turns, each with its wait."""
    rows = Queue().rows
    waits = waits_of(rows)
    return [
        {"sprint_id": row.pk, **wait}
        for row in rows
        if (wait := waits[row.pk]) is not None and is_queued(wait)
    ]


class _Around:
    """Queries about other rows, each made at most once and only when needed."""

    def __init__(self, rows: list[Sprint]) -> None:
        self._rows = rows

    @cached_property
    def last_at(self) -> dict[str, datetime]:
        """Return the time of each sprint's last event."""
        ids = [row.pk for row in self._rows]
        events = Event.objects.filter(sprint_id=OuterRef("pk")).order_by("-seq")
        rows = Sprint.objects.filter(pk__in=ids, status=Sprint.Status.RUNNING).order_by()
        return dict(rows.values_list("pk", Subquery(events.values("ts")[:1])))

    @cached_property
    def times(self) -> dict[str, Times]:
        """Return what each sprint without a runner has spent its time on."""
        running = [row for row in self._rows if row.status == Sprint.Status.RUNNING]
        return times_of((row for row in running if not holder(row)), timezone.now())

    @cached_property
    def queue(self) -> Queue:
        """Return the present queue."""
        return Queue()


def _wait_of(row: Sprint, around: _Around) -> Wait | None:
    if row.status == Sprint.Status.CREATED:
        return WaitReason(WaitCode.START, OPERATOR, stamp(row.created_at)).to_json()
    if row.is_foreign and row.status in (Sprint.Status.RUNNING, Sprint.Status.BLOCKED):
        return WaitReason(WaitCode.FOREIGN, OPERATOR, stamp(row.created_at)).to_json()
    if row.status == Sprint.Status.BLOCKED:
        blocked: Wait | None = row.waiting
        return blocked
    if row.status != Sprint.Status.RUNNING:
        return None
    carrier = holder(row)
    waiting: Wait | None = row.waiting
    if waiting and waiting["who"] != GATEWAY:
        return waiting
    if waiting and carrier:
        return waiting | {"who": carrier}
    since = stamp(around.last_at.get(row.pk) or row.created_at)
    if carrier:
        return WaitReason(WaitCode.NEXT_STEP, carrier, since).to_json()
    if row.cancel_by:
        return WaitReason(WaitCode.NEXT_STEP, around.queue.who(row), since).to_json()
    if around.queue.paused:
        return WaitReason(WaitCode.ALL_PAUSED, OPERATOR, since).to_json()
    spent = around.times.get(row.pk)
    if spent and spent.turn_since:
        since = stamp(spent.turn_since)
    return around.queue.wait(row, since).to_json()
