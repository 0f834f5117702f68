"""Sprints as the pages list them. Whatever the number of lines, the number of queries is the same,
and none costs more in a store with a long history.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Q, QuerySet, When
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from sprints.contract.approval_policy import NEEDED
from sprints.models import Round, Sprint
from sprints.queries.durations import ran
from sprints.queries.sprints import listed
from sprints.queries.waiting import waits_of
from sprints.state.actors import OPERATOR
from sprints.state.event_format import stamp

ARCHIVED = "archived"  # as a status to list by
MANY = 100  # more are not counted
ASKS = "agent_asks:"
CARRIED = 50  # running sprints that are looked at one by one


@dataclass(frozen=True, slots=True)
class Line:
    """One sprint: ``rounds`` are pairs of code and status in their order, ``ran_s`` is without the
    waiting, ``waiting`` is as ``waiting_for`` has it.
    """

    sprint_id: str
    title: str
    status: str
    current_round: str
    last_error: str
    owner: str
    attempt: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    ran_s: float | None
    waiting: dict[str, Any] | None
    rounds: list[tuple[str, str]] = field(default_factory=list)

    @property
    def for_person(self) -> bool:
        """It has begun, has not ended, and goes on only when a person acts."""
        begun = self.status in (Sprint.Status.RUNNING, Sprint.Status.BLOCKED)
        return begun and bool(self.waiting) and (self.waiting or {})["who"] == OPERATOR

    @property
    def asks(self) -> bool:
        """It waits for a human's answer to its agent."""
        return self.status == Sprint.Status.BLOCKED and self.last_error.startswith(ASKS)

    @property
    def shown(self) -> str:
        """Its status, where a pause does not say more."""
        paused = self.for_person and self.status == Sprint.Status.RUNNING
        return "paused" if paused else self.status

    @property
    def overdue(self) -> bool:
        """It has waited for longer than it may."""
        until = (self.waiting or {}).get("until_ts")
        return bool(until) and str(until) < stamp(timezone.now())


def lines(rows: Sequence[Sprint]) -> list[Line]:
    """The lines of those sprints, in their order."""
    rounds = defaultdict(list)
    found = Round.objects.filter(sprint__in=[row.pk for row in rows]).order_by("id")
    for sprint_id, code, status in found.values_list("sprint_id", "code", "status"):
        rounds[sprint_id].append((code, status))
    seconds = ran(rows, timezone.now())
    waits = waits_of(rows)
    return [
        Line(
            sprint_id=row.pk,
            title=row.title,
            status=row.status,
            current_round=row.current_round or "",
            last_error=row.last_error or "",
            owner=getattr(row, "owner", None) or "",
            attempt=row.attempt,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            ran_s=seconds.get(row.pk),
            waiting=waits[row.pk],
            rounds=rounds[row.pk],
        )
        for row in rows
    ]


def together(**lists: Sequence[Sprint]) -> dict[str, list[Line]]:
    """The lines of several lists by their names; who stands in more than one is looked at once."""
    rows = {row.pk: row for found in lists.values() for row in found}
    known = {line.sprint_id: line for line in lines(list(rows.values()))}
    return {name: [known[row.pk] for row in found] for name, found in lists.items()}


def page(
    limit: int, *, status: str = "", text: str = "", before: str = ""
) -> tuple[list[Sprint], str]:
    """The newest sprints of that status (or ``ARCHIVED``) whose id or title holds ``text``; those
    older than sprint ``before``. With them, what is ``before`` for the page that follows, empty at
    the end. Raises ``Sprint.DoesNotExist`` where there is no such sprint.
    """
    rows = _rows(archived=status == ARCHIVED)
    if status and status != ARCHIVED:
        rows = rows.filter(status=status)
    if text:
        rows = rows.filter(Q(pk__icontains=text) | Q(title__icontains=text))
    if before:
        at = Sprint.objects.values_list("created_at", flat=True).get(pk=before)
        rows = rows.filter(created_at__lte=at).exclude(created_at=at, pk__gte=before)
    found = list(rows[: limit + 1])
    return found[:limit], found[limit - 1].pk if len(found) > limit else ""


def last_started(limit: int) -> list[Sprint]:
    """The newest sprints that have been started, newest first."""
    return list(_rows().exclude(status=Sprint.Status.CREATED)[:limit])


def running() -> list[Sprint]:
    """What runs, the newest first; at most ``CARRIED``."""
    return list(_rows().filter(status=Sprint.Status.RUNNING)[:CARRIED])


def stopped(limit: int) -> list[Sprint]:
    """What stands still and wants a person: blocked, those for an answer or an approval first, and
    failed within the last day.
    """
    rows = _rows().order_by("-finished_at")
    yesterday = timezone.now() - timedelta(days=1)
    asked = Q(last_error__startswith=ASKS) | Q(last_error__startswith=NEEDED)
    first = Case(When(asked, then=0), default=1)
    blocked = rows.filter(status=Sprint.Status.BLOCKED).order_by(first, "-finished_at")[:limit]
    failed = rows.filter(status=Sprint.Status.FAILED, finished_at__gte=yesterday)[:limit]
    return [*blocked, *failed]


def unstarted(limit: int) -> list[Sprint]:
    """What was made and never started, newest first."""
    return list(_rows().filter(status=Sprint.Status.CREATED)[:limit])


def counts() -> dict[str, int]:
    """How many sprints there are of each status, counted up to ``MANY``."""
    return {
        status.value: listed().filter(status=status).order_by()[:MANY].count()
        for status in Sprint.Status
    }


def archived() -> int:
    """How many sprints are archived, counted up to ``MANY``."""
    return listed(archived=True).order_by()[:MANY].count()


def _rows(*, archived: bool = False) -> QuerySet[Sprint]:
    """Newest first; a brief may be long, so of the meta only its owner is read."""
    owner = KeyTextTransform("created_by", "meta")
    rows = listed(archived=archived).annotate(owner=owner).defer("contract", "meta")
    return rows.order_by("-created_at", "-pk")


def ended(found: Iterable[Line]) -> list[Line]:
    """Those that have come to an end."""
    ends = (Sprint.Status.SUCCEEDED, Sprint.Status.FAILED, Sprint.Status.CANCELLED)
    return [line for line in found if line.status in ends]
