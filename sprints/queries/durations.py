"""Compute on what sprints spent their time: work, waits for people, waits for a turn.

The working time is the one meaning of "took" on pages and in commands. The time between an end and
its retry counts as a wait for people. Events do not record holds by the setting
``automation_paused`` or the time until a dead worker is replaced: these count as work.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from sprints.contract.json_types import JsonObject
from sprints.models import Event, Sprint
from sprints.state.actors import GATEWAY

MOST_EVENTS = 5000  # of all the sprints together; a sprint has about fifteen of these kinds

Moment = tuple[datetime, list[JsonObject]]  # the time, and the event's ``change``


@dataclass(slots=True)
class Times:
    """The time of one sprint in seconds. ``turn_since``: since when it waits for a turn now."""

    working_s: float = 0.0
    people_s: float = 0.0
    turn_s: float = 0.0
    turn_since: datetime | None = None

    def to_json(self) -> JsonObject:
        """Return JSON data."""
        return {
            "working_s": self.working_s,
            "waited_for_people_s": self.people_s,
            "waited_for_turn_s": self.turn_s,
        }


def times_of(rows: Iterable[Sprint], now: datetime) -> dict[str, Times]:
    """Return the times of each started sprint, by id. Needs one query.

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
        pk: split(pk, row.started_at, row.finished_at or now, moments[pk])
        for pk, row in started.items()
        if row.started_at
    }


def times(row: Sprint) -> Times | None:
    """Return the times of one sprint until now; None if it never started."""
    return times_of([row], timezone.now()).get(row.pk)


def split(sprint_id: str, start: datetime, end: datetime, moments: Sequence[Moment]) -> Times:
    """Divide the time from ``start`` to ``end`` by what the sprint did.

    ``moments`` are in order; those of other sprints are ignored.
    """
    state, found, since = _State(f"/sprints/{sprint_id}"), Times(), start
    for at, change in moments:
        upto = min(max(at, since), end)
        _add(found, state, (upto - since).total_seconds())
        since, before = upto, state.is_in_queue
        for step in change:
            state.take(step)
        if state.is_in_queue and not before:
            found.turn_since = upto
    _add(found, state, max(0.0, (end - since).total_seconds()))
    if not state.is_in_queue:
        found.turn_since = None
    for name in ("working_s", "people_s", "turn_s"):
        setattr(found, name, round(getattr(found, name), 3))
    return found


def _add(found: Times, state: "_State", seconds: float) -> None:
    if state.is_for_people:
        found.people_s += seconds
    elif state.is_in_queue:
        found.turn_s += seconds
    else:
        found.working_s += seconds


@dataclass(slots=True)
class _State:
    """What the sprint of ``path`` does, as its events have said so far."""

    path: str
    stopped: bool = False
    asks: bool = False
    queued: bool = False

    @property
    def is_for_people(self) -> bool:
        """Return whether it has stopped, or waits for a person."""
        return self.stopped or self.asks

    @property
    def is_in_queue(self) -> bool:
        """Return whether it waits for a turn."""
        return self.queued and not self.is_for_people

    def take(self, step: JsonObject) -> None:
        """Apply one operation of a JSON Patch.

        A start, a retry and a resume put the sprint into the queue. The process that has taken it
        begins a round, or waits for what it has begun.
        """
        path, value = step["path"], step.get("value")
        if path == f"{self.path}/status":
            went_on = self.stopped and value == Sprint.Status.RUNNING
            self.queued = self.queued or went_on
            self.stopped = value != Sprint.Status.RUNNING
        elif path.startswith(f"{self.path}/rounds/"):
            self.queued = _enters(step, self.queued)
        elif path == f"{self.path}/meta":
            self._asks(False)  # it was removed with the old meta
        elif path == f"{self.path}/meta/waiting_for":
            who = value["who"] if step["op"] != "remove" and isinstance(value, dict) else ""
            self._asks(who not in ("", GATEWAY))
            self.queued = self.queued and who != GATEWAY

    def _asks(self, asks: bool) -> None:
        self.queued = self.queued or (self.asks and not asks)
        self.asks = asks


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
