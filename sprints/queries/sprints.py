"""Read sprints: one, a list, titles, versions."""

import contextlib
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from sprints.ids import BadId, check_id
from sprints.models import Sprint
from sprints.models.loading import consistent, load
from sprints.queries.waiting import waits_of
from sprints.state.event_format import stamp
from sprints.state.refusals import Unknown
from sprints.state.snapshot import Snapshot


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


def ids() -> list[str]:
    """The ids of all sprints that are not archived, sorted."""
    return list(listed().order_by("pk").values_list("pk", flat=True))


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
