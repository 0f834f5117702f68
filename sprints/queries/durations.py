"""Compute how long sprints have worked: the one meaning of "took" on pages and in commands.

Waits do not count: for a person, for a turn in the queue after a start or a retry, and between an
end and its retry. Events do not record holds by the setting ``automation_paused`` or the wait of a
resumed sprint for a worker: these count.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from sprints.contract.json_types import JsonObject
from sprints.models import Event, Sprint
from sprints.state.actors import GATEWAY

MOST_EVENTS = 5000  # of all the sprints together; a sprint has about fifteen of these kinds

KINDS = ("note", "error", "round_started")

Moment = tuple[datetime, list[JsonObject]]  # the time, and the event's ``change``


def ran(rows: Iterable[Sprint], now: datetime) -> dict[str, float]:
    """Return the working time in seconds of each started sprint, by id. Needs one query.

    A sprint that has not ended counts up to ``now``.
    """
    started = {row.pk: row for row in rows if row.started_at}
    if not started:
        return {}
    recorded = Q(kind__in=("note", "error", "round_started")) | Q(
        line__contains="/meta/waiting_for"
    )
    events = Event.objects.filter(recorded, sprint_id__in=started).order_by("-seq")
    moments: dict[str, list[Moment]] = {pk: [] for pk in started}
    for event in reversed(events[:MOST_EVENTS]):
        moments[event.sprint_id or ""].append((event.ts, event.body["change"]))
    return {
        pk: ran_s(pk, row.started_at, row.finished_at or now, moments[pk])
        for pk, row in started.items()
        if row.started_at
    }


def took_s(row: Sprint) -> float | None:
    """Return the working time in seconds of one sprint until now; None if it never started."""
    return ran([row], timezone.now()).get(row.pk)


def ran_s(sprint_id: str, start: datetime, end: datetime, moments: Sequence[Moment]) -> float:
    """Return the seconds from ``start`` to ``end`` without the sprint's idle times.

    Idle times are waits for a person or for a turn, and those between an end and a retry.
    ``moments`` are in order; those of other sprints are ignored.
    """
    path = f"/sprints/{sprint_id}"
    idle, since = 0.0, None
    stopped = waits = queued = False
    for at, change in moments:
        for step in change:
            if step["path"] == f"{path}/status":
                stopped = step["value"] != Sprint.Status.RUNNING
            elif step["path"].startswith(f"{path}/rounds/"):
                queued = _enters(step, queued)
            elif step["path"] == f"{path}/meta":
                waits = False  # it was removed with the old meta
            elif step["path"] == f"{path}/meta/waiting_for":
                waits = step["op"] != "remove" and step["value"]["who"] != GATEWAY
        resting = stopped or waits or queued
        if resting and since is None:
            since = max(at, start)
        elif since is not None and not resting:
            idle += max(0.0, (min(at, end) - since).total_seconds())
            since = None
    if since is not None:
        idle += max(0.0, (end - since).total_seconds())
    return max(0.0, round((end - start).total_seconds() - idle, 3))


def _enters(step: JsonObject, queued: bool) -> bool:
    """Return whether a sprint waits for its turn after a step in one of its rounds.

    A start and a retry make rounds pending; whoever has the turn begins one.
    """
    parts, value = step["path"].split("/"), step.get("value")
    if len(parts) == 5:
        return isinstance(value, dict) and value.get("status") == "pending"
    if len(parts) == 6 and parts[5] == "status" and value in ("pending", "in_progress"):
        return bool(value == "pending")
    return queued
