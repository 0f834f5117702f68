"""Read the state of the gateway: hosts, gates, schedules, the journal."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Now

from gates.models import Gate
from sprints.contract.json_types import JsonObject
from sprints.models import Head, Host, Schedule, Sprint
from sprints.models.host import ALIVE_S, SILENT_S
from sprints.models.lease import held, holder
from sprints.queries.budgets import budgets
from sprints.queries.sprints import ids, listed
from sprints.queries.waiting import queue, waits_of
from sprints.state.event_format import stamp


def status() -> JsonObject:
    """Return the data of ``status --json``."""
    counts = dict(
        listed()
        .order_by()
        .values_list("status")
        .annotate(Count("pk"))
        .values_list("status", "pk__count")
    )
    head = Head.objects.get(pk=1)
    return {
        "studio_gateway_version": settings.VERSION,
        "repo_root": str(settings.STORE.repo),
        "store_root": str(settings.STORE.root),
        "events_path": str(settings.STORE.events),
        "sprints": ids(),
        "archived": listed(archived=True).count(),
        "counts": {one.value: counts.get(one, 0) for one in Sprint.Status},
        "events": head.seq,
        "mirror_fault": head.mirror_fault,
        "hosts": hosts(),
        "schedules": schedules(),
        "budgets": budgets(),
        "queued": queue(),
        "waiting": waits_of(_begun().defer("contract")),
    }


def _begun() -> QuerySet[Sprint]:
    """Return the sprints that run or are blocked."""
    return Sprint.objects.filter(status__in=(Sprint.Status.RUNNING, Sprint.Status.BLOCKED))


def job() -> JsonObject:
    """Return whether a sprint runs now, and its name."""
    names = sorted(row.pk for row in held() if holder(row))
    return {"running": bool(names), "name": names[0] if names else None}


def hosts() -> list[JsonObject]:
    """Return all known hosts: their age in seconds, and the sprints that each runs.

    ``silent``: no worker has answered for long, although one of them is idle.
    """
    carried: dict[str, list[str]] = {}
    for pk, home in sorted(held().values_list("pk", "home")):
        carried.setdefault(home, []).append(pk)
    return [
        {
            "name": row.name,
            "place": row.place,
            "workers": row.workers,
            "seen_s": (seen_s := _age(row.seen_at, row.clock)),
            "alive": abs(seen_s) < ALIVE_S,
            "worked_s": (worked_s := _age(row.worked_at, row.clock)),
            "restarts": row.restarts,
            "carries": (carries := carried.get(row.place, [])),
            "silent": worked_s > SILENT_S and len(carries) < row.workers,
        }
        for row in Host.objects.annotate(clock=Now())
    ]


def gates() -> list[JsonObject]:
    """Return the gates' definitions; of their environments, only the names."""
    keys = "gate_id title kind command required rounds profiles timeout_s enabled".split()
    rows = Gate.objects.all()
    return [{key: getattr(row, key) for key in keys} | {"env": sorted(row.env)} for row in rows]


def schedules() -> list[JsonObject]:
    """Return all schedules, the next to fire first; those that are off come last."""
    rows = Schedule.objects.order_by(F("next_at").asc(nulls_last=True), "pk").defer("brief")
    return [
        {
            "schedule_id": row.pk,
            "cron": row.cron,
            "zone": row.zone,
            "title": row.title,
            "next_ts": row.next_at and stamp(row.next_at),
            "next": row.next_at and local(row.next_at, row.zone),
            "last_sprint_id": row.last_sprint_id or None,
        }
        for row in rows
    ]


def local(at: datetime, zone: str) -> str:
    """Return ``at`` in that zone, with the zone's name; in UTC if the zone is unknown."""
    try:
        return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return f"{at:%Y-%m-%d %H:%M} UTC"


def _age(then: datetime, now: datetime) -> float:
    return round((now - then).total_seconds(), 1)


def head() -> int:
    """Return the last event's seq."""
    return Head.objects.values_list("seq", flat=True).get(pk=1)


def mirror_fault() -> str:
    """Return why the files are behind the rows; empty while they are not."""
    return Head.objects.values_list("mirror_fault", flat=True).get(pk=1)
