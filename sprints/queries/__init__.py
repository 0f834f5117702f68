"""What is asked of the rows, for every face; nothing here writes."""

import contextlib
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from gates.models import Gate
from sprints.ids import BadId, check_id
from sprints.models import Event, Head, Host, Schedule, Sprint
from sprints.models.event import stamp
from sprints.models.host import ALIVE_S, SILENT_S
from sprints.models.lease import held, holder
from sprints.models.loading import consistent, load
from sprints.queries.budgets import budgets
from sprints.snapshot import Snapshot
from sprints.waiting import waits_of


class Refused(Exception):
    """The act is impossible as things are; the message is one line that says what to type."""


class Unknown(Refused):
    """There is no such thing."""


class NotNow(Refused):
    """It is refused by the state in which the thing is, not for what was given."""


def get(sprint_id: str) -> Sprint:
    """The sprint of that id. Raises ``Unknown`` for an unknown or impossible one."""
    try:
        check_id(sprint_id)
        return Sprint.objects.get(pk=sprint_id)
    except BadId as exc:
        raise Unknown(str(exc)) from exc
    except Sprint.DoesNotExist:
        raise Unknown(f"no sprint {sprint_id}; see: studio-gateway sprint list") from None


def look(sprint_id: str) -> Snapshot:
    """The sprint as it is now. Raises ``Sprint.DoesNotExist``."""
    return load(sprint_id, timezone.now())


def version_of(sprint_id: str) -> str:
    """A text that changes with the sprint. Raises ``Unknown``."""
    with contextlib.suppress(BadId):
        rows = Sprint.objects.filter(pk=check_id(sprint_id))
        for version, created_at in rows.values_list("version", "created_at"):
            return f"{version}-{created_at.timestamp():.0f}"
    raise Unknown(f"no sprint {ascii(sprint_id)[1:-1][:70]}; see: studio-gateway sprint list")


def as_in_state_json(sprint_id: str) -> dict[str, Any]:
    """The sprint exactly as in state.json. Raises ``Sprint.DoesNotExist``."""
    return consistent(sprint_id)


def listed(*, archived: bool = False) -> QuerySet[Sprint]:
    """The sprints that lists show: all that are not archived, or those that are."""
    return Sprint.objects.filter(archived_at__isnull=not archived)


def titles(*, archived: bool = False) -> dict[str, str]:
    """The title of each sprint, or each archived one, by its id, sorted."""
    return dict(listed(archived=archived).order_by("pk").values_list("pk", "title"))


def status() -> dict[str, Any]:
    """What ``status --json`` shows."""
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
        "counts": {name: counts.get(name, 0) for name in Sprint.Status.values},
        "events": head.seq,
        "mirror_fault": head.mirror_fault,
        "hosts": hosts(),
        "schedules": schedules(),
        "budgets": budgets(),
        "waiting": waits_of(Sprint.objects.filter(status=Sprint.Status.RUNNING).defer("contract")),
    }


def ids() -> list[str]:
    """The ids of all sprints that are not archived, sorted."""
    return list(listed().order_by("pk").values_list("pk", flat=True))


def job() -> dict[str, Any]:
    """Whether a sprint is being carried right now, and which."""
    names = sorted(row.pk for row in held() if holder(row))
    return {"running": bool(names), "name": names[0] if names else None}


def hosts() -> list[dict[str, Any]]:
    """The hosts that carry sprints, or once did: their age in seconds, and what each carries.
    ``silent``: no worker has answered for long, though one of them has nothing to carry.
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
            "alive": seen_s < ALIVE_S,
            "worked_s": (worked_s := _age(row.worked_at, row.clock)),
            "restarts": row.restarts,
            "carries": (carries := carried.get(row.place, [])),
            "silent": worked_s > SILENT_S and len(carries) < row.workers,
        }
        for row in Host.objects.annotate(clock=Now())
    ]


def gates() -> list[dict[str, Any]]:
    """The gates as their owner has defined them; of their environments, the names alone."""
    keys = "gate_id title kind command required rounds profiles timeout_s enabled".split()
    rows = Gate.objects.all()
    return [{key: getattr(row, key) for key in keys} | {"env": sorted(row.env)} for row in rows]


def schedules() -> list[dict[str, Any]]:
    """All schedules, the next to fire first; those that are off at the end."""
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
    """``at`` as the clocks of that zone show it, with the zone; in UTC where the zone is gone."""
    try:
        return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return f"{at:%Y-%m-%d %H:%M} UTC"


def _age(then: datetime, now: datetime) -> float:
    return round((now - then).total_seconds(), 1)


def newest(
    limit: int, status: str | None = None, *, archived: bool = False
) -> list[dict[str, Any]]:
    """The newest sprints, or the newest archived ones, a flat dict each, times as in the files."""
    rows = listed(archived=archived).order_by("-created_at").defer("contract", "meta")
    if status:
        rows = rows.filter(status=status)
    now, found = timezone.now(), list(rows[:limit])
    waits = waits_of(found)
    return [
        {
            "sprint_id": row.sprint_id,
            "title": row.title,
            "status": row.status,
            "current_round": row.current_round,
            "last_error": row.last_error,
            "attempt": row.attempt,
            "created_ts": stamp(row.created_at),
            "started_ts": row.started_at and stamp(row.started_at),
            "finished_ts": row.finished_at and stamp(row.finished_at),
            "took_s": _took(row, now),
            "waiting_for": waits[row.pk],
        }
        for row in found
    ]


def _took(row: Sprint, now: datetime) -> float | None:
    """Seconds from the start to the end, or to now while it runs."""
    if row.started_at is None:
        return None
    return round(((row.finished_at or now) - row.started_at).total_seconds(), 3)


def head() -> int:
    """The last event's seq."""
    return Head.objects.values_list("seq", flat=True).get(pk=1)


def last_event(sprint_id: str | None = None) -> str:
    """A text that changes with each event, of that sprint if one is named."""
    events = Event.objects.order_by("-seq")
    if sprint_id is not None:
        events = events.filter(sprint_id=sprint_id)
    seq, digest = events.values_list("seq", "hash").first() or (0, "")
    return f"{seq}-{digest[:16]}"


def mirror_fault() -> str:
    """Why the files are behind the rows; empty while they are not."""
    return Head.objects.values_list("mirror_fault", flat=True).get(pk=1)


def last_events(tail: int, sprint_id: str | None = None) -> list[Event]:
    """The last ``tail`` events, of that sprint if one is named, oldest first."""
    events = Event.objects.order_by("-seq")
    if sprint_id is not None:
        events = events.filter(sprint_id=sprint_id)
    return list(events[:tail])[::-1]


def events_after(seq: int, sprint_id: str | None = None, limit: int = 1000) -> list[Event]:
    """The first ``limit`` events after ``seq``, oldest first."""
    events = Event.objects.filter(seq__gt=seq).order_by("seq")
    if sprint_id is not None:
        events = events.filter(sprint_id=sprint_id)
    return list(events[:limit])
