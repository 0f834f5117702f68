"""Read a few numbers for a monitor, at a cost that does not grow with history."""

from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone

from gates.models import GateRun
from sprints import queries
from sprints.contract.json_types import JsonObject
from sprints.models import Head, Sprint
from sprints.queries.waiting import queue
from sprints.queue import enqueue
from sprints.state.event_format import moment


@dataclass(frozen=True, slots=True)
class Gauges:
    """The present numbers.

    ``sprints`` is by status, all of them. ``queued`` sprints wait for a turn, the first for
    ``queued_longest_s`` seconds. ``queue_depth`` counts messages; ``queue_oldest_s`` is in
    seconds, None if nothing waits; ``queue_away`` is true if the broker does not answer.
    """

    sprints: dict[str, int]
    gates_running: int
    queued: int
    queued_longest_s: float
    queue_depth: int
    queue_oldest_s: float | None
    queue_away: bool
    hosts_alive: int
    hosts_silent: int
    events: int
    mirror_at_fault: bool


def gauges() -> Gauges:
    """Return the numbers, from the database and the queue."""
    counts = dict(queries.listed().order_by().values_list("status").annotate(Count("pk")))
    running = Sprint.Status.RUNNING
    waiting: JsonObject = enqueue.depth()
    hosts = queries.hosts()
    turns = queue()
    head = Head.objects.get(pk=1)
    return Gauges(
        sprints={one.value: counts.get(one, 0) for one in Sprint.Status},
        gates_running=GateRun.objects.filter(
            round__sprint__status=running, status=GateRun.RUNNING
        ).count(),
        queued=len(turns),
        queued_longest_s=_longest_s([one["since_ts"] for one in turns]),
        queue_depth=waiting["messages"],
        queue_oldest_s=waiting["oldest_s"],
        queue_away="away" in waiting,
        hosts_alive=sum(one["alive"] for one in hosts),
        hosts_silent=sum(one["alive"] and one["silent"] for one in hosts),
        events=head.seq,
        mirror_at_fault=bool(head.mirror_fault),
    )


def _longest_s(stamps: list[str]) -> float:
    """Return the seconds since the earliest of these times; 0 without one."""
    now = timezone.now()
    return max((max(0.0, (now - moment(one)).total_seconds()) for one in stamps), default=0.0)
