"""Read sprints: one, a list, titles, versions."""

import contextlib
from datetime import datetime
from typing import TypedDict

from django.db.models import QuerySet
from django.utils import timezone

from sprints.contract.json_types import JsonObject
from sprints.ids import BadId, check_id
from sprints.models import Sprint
from sprints.models.loading import consistent, load
from sprints.queries.durations import times_of
from sprints.queries.waiting import shown_status, waits_of
from sprints.state.event_format import stamp
from sprints.state.messages import message
from sprints.state.refusals import RefusalCode, Unknown
from sprints.state.snapshot import Snapshot
from sprints.state.wait_reason import Wait


class Listed(TypedDict):
    """A sprint of a list, with times as in the files."""

    sprint_id: str
    title: str
    status: str
    current_round: str | None
    last_error: str | None
    stop_reason: JsonObject | None
    attempt: int
    created_ts: str
    started_ts: str | None
    finished_ts: str | None
    shown: str
    took_s: float | None
    waited_for_people_s: float | None
    waited_for_turn_s: float | None
    waiting_for: Wait | None


def get(sprint_id: str) -> Sprint:
    """Return the sprint of that id. Raises ``Unknown`` for an unknown or invalid id."""
    try:
        check_id(sprint_id)
        return Sprint.objects.get(pk=sprint_id)
    except BadId as exc:
        raise Unknown(str(exc), RefusalCode.UNKNOWN_SPRINT) from exc
    except Sprint.DoesNotExist:
        raise _unknown(sprint_id) from None


def look(sprint_id: str) -> Snapshot:
    """Return the sprint as it is now. Raises ``Sprint.DoesNotExist``."""
    return load(sprint_id, timezone.now())


def version_of(sprint_id: str) -> str:
    """Return a text that changes with the sprint. Raises ``Unknown``."""
    with contextlib.suppress(BadId):
        rows = Sprint.objects.filter(pk=check_id(sprint_id))
        for version, created_at in rows.values_list("version", "created_at"):
            return f"{version}-{created_at.timestamp():.0f}"
    raise _unknown(ascii(sprint_id)[1:-1][:70])


def _unknown(sprint_id: str) -> Unknown:
    text = message("refused.no_sprint", sprint_id=sprint_id)
    return Unknown(text, RefusalCode.UNKNOWN_SPRINT)


def as_in_state_json(sprint_id: str) -> JsonObject:
    """Return the sprint exactly as in state.json. Raises ``Sprint.DoesNotExist``."""
    return consistent(sprint_id)


def listed(*, archived: bool = False) -> QuerySet[Sprint]:
    """Return the sprints for lists: all that are not archived, or the archived ones."""
    return Sprint.objects.filter(archived_at__isnull=not archived)


def titles(*, archived: bool = False) -> dict[str, str]:
    """Return the title of each sprint, or each archived one, by its id, sorted."""
    return dict(listed(archived=archived).order_by("pk").values_list("pk", "title"))


def ids() -> list[str]:
    """Return the ids of all sprints that are not archived, sorted."""
    return list(listed().order_by("pk").values_list("pk", flat=True))


def newest(limit: int, status: str | None = None, *, archived: bool = False) -> list[Listed]:
    """Return the newest sprints, or archived ones, as flat dicts with times as in the files."""
    rows = listed(archived=archived).order_by("-created_at").defer("contract", "meta")
    if status:
        rows = rows.filter(status=status)
    now, found = timezone.now(), list(rows[:limit])
    waits, times = waits_of(found), times_of(found, now)
    return [
        {
            "sprint_id": row.sprint_id,
            "title": row.title,
            "status": row.status,
            "current_round": row.current_round,
            "last_error": row.last_error,
            "stop_reason": reason.to_json() if (reason := row.stopped_for) else None,
            "attempt": row.attempt,
            "created_ts": stamp(row.created_at),
            "started_ts": _stamped(row.started_at),
            "finished_ts": _stamped(row.finished_at),
            "shown": shown_status(row.status, waits[row.pk]),
            "took_s": spent.working_s if (spent := times.get(row.pk)) else None,
            "waited_for_people_s": spent.people_s if spent else None,
            "waited_for_turn_s": spent.turn_s if spent else None,
            "waiting_for": waits[row.pk],
        }
        for row in found
    ]


def _stamped(at: datetime | None) -> str | None:
    return stamp(at) if at else None
