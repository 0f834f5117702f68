"""Read the lines of sprint lists, by a fixed number of queries.

No query is slower in a store with a long history.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Case, Q, QuerySet, When
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from sprints.models import Round, Sprint
from sprints.models.lease import TURNS
from sprints.queries.durations import Times, times_of
from sprints.queries.sprints import listed
from sprints.queries.stopped import stopped_with
from sprints.queries.waiting import shown_status, waits_of
from sprints.state.actors import OPERATOR
from sprints.state.event_format import stamp
from sprints.state.stop_reason import StopCode, StopReason
from sprints.state.wait_reason import Wait

ARCHIVED = "archived"  # a status for lists
MANY = 100  # counted up to here
CARRIED = 50  # running sprints that are read one by one


@dataclass(frozen=True, slots=True)
class Line:
    """One sprint of a list.

    ``rounds`` are pairs of code and status in their order. ``waiting`` has the form of
    ``waiting_for``.
    """

    sprint_id: str
    title: str
    status: str
    current_round: str
    stopped_for: StopReason | None
    owner: str
    attempt: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    times: Times | None
    waiting: Wait | None
    rounds: list[tuple[str, str]] = field(default_factory=list)

    @property
    def for_person(self) -> bool:
        """Return whether the sprint has begun and waits for a person."""
        begun = self.status in (Sprint.Status.RUNNING, Sprint.Status.BLOCKED)
        return begun and self.waiting is not None and self.waiting["who"] == OPERATOR

    @property
    def asks(self) -> bool:
        """Return whether the sprint waits for a human's answer to its agent."""
        return self.status == Sprint.Status.BLOCKED and self.stopped_with(StopCode.AGENT_ASKS)

    def stopped_with(self, code: StopCode) -> bool:
        """Return whether it has stopped for that reason."""
        return self.stopped_for is not None and self.stopped_for.code == code

    @property
    def shown(self) -> str:
        """Return the status, or ``paused`` or ``queued``."""
        return shown_status(self.status, self.waiting)

    @property
    def ran_s(self) -> float | None:
        """Return the working time in seconds, without waits; None if it never started."""
        return self.times.working_s if self.times else None

    @property
    def overdue(self) -> bool:
        """Return whether the sprint has waited longer than allowed."""
        until = self.waiting and self.waiting["until_ts"]
        return bool(until) and str(until) < stamp(timezone.now())


def lines(rows: Sequence[Sprint]) -> list[Line]:
    """Return the lines of those sprints, in their order."""
    rounds = defaultdict(list)
    found = Round.objects.filter(sprint__in=[row.pk for row in rows]).order_by("id")
    for sprint_id, code, status in found.values_list("sprint_id", "code", "status"):
        rounds[sprint_id].append((code, status))
    times = times_of(rows, timezone.now())
    waits = waits_of(rows)
    return [
        Line(
            sprint_id=row.pk,
            title=row.title,
            status=row.status,
            current_round=row.current_round or "",
            stopped_for=row.stopped_for,
            owner=getattr(row, "owner", None) or "",
            attempt=row.attempt,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            times=times.get(row.pk),
            waiting=waits[row.pk],
            rounds=rounds[row.pk],
        )
        for row in rows
    ]


def together(**lists: Sequence[Sprint]) -> dict[str, list[Line]]:
    """Return the lines of several lists by name; each sprint is read only once."""
    rows = {row.pk: row for found in lists.values() for row in found}
    known = {line.sprint_id: line for line in lines(list(rows.values()))}
    return {name: [known[row.pk] for row in found] for name, found in lists.items()}


def page(
    limit: int, *, status: str = "", text: str = "", before: str = ""
) -> tuple[list[Sprint], str]:
    """Return the newest sprints, and the ``before`` of the next page, empty at the end.

    They have that status (or ``ARCHIVED``), ``text`` in their id or title, and are older than
    sprint ``before``. Raises ``Sprint.DoesNotExist`` if there is no such sprint.
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
    """Return the newest sprints that have been started, newest first."""
    return list(_rows().exclude(status=Sprint.Status.CREATED)[:limit])


def running() -> list[Sprint]:
    """Return the running sprints, those of a process first, then in the order of their turns.

    They are at most ``CARRIED``.
    """
    first = Case(When(lease_owner="", then=1), default=0)
    rows = _rows().filter(status=Sprint.Status.RUNNING)
    return list(rows.order_by(first, *TURNS)[:CARRIED])


def stopped(limit: int) -> list[Sprint]:
    """Return the blocked sprints, then those that failed within the last day.

    Sprints that wait for an answer or an approval come first.
    """
    rows = _rows().order_by("-finished_at")
    yesterday = timezone.now() - timedelta(days=1)
    asked = stopped_with(StopCode.AGENT_ASKS, StopCode.APPROVAL_NEEDED)
    first = Case(When(asked, then=0), default=1)
    blocked = rows.filter(status=Sprint.Status.BLOCKED).order_by(first, "-finished_at")[:limit]
    failed = rows.filter(status=Sprint.Status.FAILED, finished_at__gte=yesterday)[:limit]
    return [*blocked, *failed]


def unstarted(limit: int) -> list[Sprint]:
    """Return the sprints that were never started, newest first."""
    return list(_rows().filter(status=Sprint.Status.CREATED)[:limit])


def counts() -> dict[str, int]:
    """Return the number of sprints of each status, counted up to ``MANY``."""
    return {
        status.value: listed().filter(status=status).order_by()[:MANY].count()
        for status in Sprint.Status
    }


def archived() -> int:
    """Return the number of archived sprints, counted up to ``MANY``."""
    return listed(archived=True).order_by()[:MANY].count()


def _rows(*, archived: bool = False) -> QuerySet[Sprint]:
    """Return the sprints, newest first; of the meta, which may be long, only the owner is read."""
    owner = KeyTextTransform("created_by", "meta")
    rows = listed(archived=archived).annotate(owner=owner).defer("contract", "meta")
    return rows.order_by("-created_at", "-pk")


def ended(found: Iterable[Line]) -> list[Line]:
    """Return the lines of sprints that have ended."""
    ends = (Sprint.Status.SUCCEEDED, Sprint.Status.FAILED, Sprint.Status.CANCELLED)
    return [line for line in found if line.status in ends]
