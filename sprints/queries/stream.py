"""Read the event stream for pages: filtered, newest first, paged by number."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from sprints.contract.json_types import JsonObject
from sprints.models import Event


@dataclass(frozen=True, slots=True)
class Filter:
    """The criteria for events; an empty value or None does not filter. Times are inclusive."""

    sprint_id: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """An event in the form of a page."""

    seq: int
    at: datetime
    kind: str
    message: str
    sprint_id: str
    round_id: str
    data: JsonObject


def newest(limit: int, which: Filter, *, before: int | None = None) -> tuple[list[Shown], bool]:
    """Return the newest events, those before number ``before``, and whether there are more."""
    rows = _matching(which)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    found = list(rows.order_by("-seq")[: limit + 1])
    return [_shown(row) for row in found[:limit]], len(found) > limit


def after(limit: int, which: Filter, seq: int) -> tuple[list[Shown], bool]:
    """Return the newest events after number ``seq``, and whether some were left out."""
    found = list(_matching(which).filter(seq__gt=seq).order_by("-seq")[: limit + 1])
    return [_shown(row) for row in found[:limit]], len(found) > limit


def _matching(which: Filter) -> QuerySet[Event]:
    """Return the matching events, with times converted to numbers first.

    A scan by number from the newest event to a past hour would be long. After a clock change, a
    repeated hour may be cut short.
    """
    rows = Event.objects.all()
    if which.sprint_id:
        rows = rows.filter(sprint_id=which.sprint_id)
    if which.kind:
        rows = rows.filter(kind=which.kind)
    if which.since:
        first = Event.objects.filter(ts__gte=which.since).order_by("ts", "seq")
        rows = rows.filter(seq__gte=_seq(first, 1 << 62))
    if which.until:
        last = Event.objects.filter(ts__lte=which.until).order_by("-ts", "-seq")
        rows = rows.filter(seq__lte=_seq(last, 0))
    return rows


def _seq(events: QuerySet[Event], otherwise: int) -> int:
    found = events.values_list("seq", flat=True).first()
    return otherwise if found is None else found


def _shown(row: Event) -> Shown:
    body = row.body
    return Shown(
        seq=row.seq,
        at=row.ts,
        kind=row.kind,
        message=body["message"],
        sprint_id=row.sprint_id or "",
        round_id=body["round_id"] or "",
        data=body["data"],
    )
