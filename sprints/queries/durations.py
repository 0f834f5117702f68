"""How long sprints have run: the time in which they waited for a person is taken off.

What is known: a pause, a wait for an operator, and the time between an end and its retry stand in
the events. What is not: how long a sprint waited for a worker, or was held by the switch
``automation_paused``, is on no record of the sprint, and counts as run time.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from sprints.models import Event, Sprint
from sprints.state.actors import GATEWAY

MOST_EVENTS = 5000  # of all the sprints together; a sprint has some ten of these kinds

Moment = tuple[datetime, list[dict[str, Any]]]  # when, and the event's ``change``


def ran(rows: Iterable[Sprint], now: datetime) -> dict[str, float]:
    """Seconds by id, of those that have started, up to now while they have not ended. One query."""
    started = {row.pk: row for row in rows if row.started_at}
    if not started:
        return {}
    told = Q(kind__in=("note", "error")) | Q(line__contains="/meta/waiting_for")
    events = Event.objects.filter(told, sprint_id__in=started).order_by("-seq")
    moments: dict[str, list[Moment]] = {pk: [] for pk in started}
    for event in reversed(events[:MOST_EVENTS]):
        moments[event.sprint_id or ""].append((event.ts, event.body["change"]))
    return {
        pk: ran_s(pk, row.started_at, row.finished_at or now, moments[pk])
        for pk, row in started.items()
        if row.started_at
    }


def ran_s(sprint_id: str, start: datetime, end: datetime, moments: Sequence[Moment]) -> float:
    """Seconds from ``start`` to ``end`` without those in which the sprint waited for a person, or
    had ended and was not yet retried. ``moments`` are in order; others than ours do no harm.
    """
    path = f"/sprints/{sprint_id}"
    idle, since = 0.0, None
    stopped = waits = False
    for at, change in moments:
        for step in change:
            if step["path"] == f"{path}/status":
                stopped = step["value"] != Sprint.Status.RUNNING
            elif step["path"] == f"{path}/meta":
                waits = False  # it went with the meta in which it stood
            elif step["path"] == f"{path}/meta/waiting_for":
                waits = step["op"] != "remove" and step["value"]["who"] != GATEWAY
        if (stopped or waits) and since is None:
            since = max(at, start)
        elif since is not None and not (stopped or waits):
            idle += max(0.0, (min(at, end) - since).total_seconds())
            since = None
    if since is not None:
        idle += max(0.0, (end - since).total_seconds())
    return max(0.0, round((end - start).total_seconds() - idle, 3))
