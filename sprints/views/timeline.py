"""Compute a timeline: bars on one axis, with long idle times cut out; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WIDE = 1000.0  # units of the axis
LEAST = 4.0  # units; zero durations stay visible
IDLE = timedelta(seconds=1)
CUT_FROM = timedelta(minutes=2)  # idle times longer than this, and than a tenth of all work

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Item:
    """Something that ran: ``kind`` is round, task, gate or hook; ``end`` is None while it runs."""

    label: str
    kind: str
    status: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of the chart. ``spans`` are (x, width) on the axis."""

    label: str
    kind: str
    status: str
    spans: tuple[tuple[float, float], ...]
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The rows, the cuts of the axis, and its marks: (x, seconds from the start)."""

    bars: tuple[Bar, ...]
    cuts: tuple[float, ...]
    marks: tuple[tuple[float, float], ...]


class Axis:
    """An axis that maps times to places from 0 to ``WIDE``."""

    def __init__(self, busy: Sequence[Interval], start: datetime, end: datetime) -> None:
        work = sum((to - since for since, to in busy), timedelta())
        room = max(CUT_FROM, work / 10)
        self.start, self.end = start, max(end, start + timedelta(milliseconds=1))
        self._gaps = [gap for gap in gaps(busy, start, self.end) if gap[1] - gap[0] > room]
        self._room = room / 4
        self._long = self._place(self.end)

    @property
    def cuts(self) -> tuple[float, ...]:
        """Return the places of the cuts."""
        return tuple((self.at(since) + self.at(to)) / 2 for since, to in self._gaps)

    def at(self, moment: datetime) -> float:
        """Return the place of a time; times outside are at the edge."""
        inside = min(max(moment, self.start), self.end)
        return round(WIDE * (self._place(inside) / self._long), 2)

    def _place(self, moment: datetime) -> timedelta:
        place = moment - self.start
        for since, to in self._gaps:
            if moment >= to:
                place -= (to - since) - self._room
            elif moment > since:
                place -= (moment - since) * (1 - self._room / (to - since))
        return place


def gaps(busy: Iterable[Interval], start: datetime, end: datetime) -> list[Interval]:
    """Return the times between ``start`` and ``end`` in which nothing was busy."""
    found, at = [], start
    for since, to in sorted(busy):
        if since > at:
            found.append((at, min(since, end)))
        at = max(at, to)
    if at < end:
        found.append((at, end))
    return [gap for gap in found if gap[1] > gap[0]]


def timeline(items: Sequence[Item], start: datetime, end: datetime) -> Timeline:
    """Return the timeline of ``items``, in their order; ``end`` is now while the sprint runs.

    A last row shows the sprint's waits.
    """
    timed = [(item, item.start, item.end or end) for item in items if item.start]
    busy = [(since, max(since, to)) for item, since, to in timed if item.kind != "round"]
    axis = Axis(busy, start, end)
    bars = [_bar(item, end, axis) for item in items]
    idle = [gap for gap in gaps(busy, start, end) if gap[1] - gap[0] >= IDLE]
    if idle:
        seconds = sum((to - since).total_seconds() for since, to in idle)
        spans = tuple(_span(axis, since, to) for since, to in idle)
        bars.append(Bar("Waiting", "wait", "waiting", spans, seconds))
    marks = tuple((0.0 + WIDE * part / 4, axis_seconds(axis, part / 4)) for part in range(5))
    return Timeline(tuple(bars), axis.cuts, marks)


def axis_seconds(axis: Axis, share: float) -> float:
    """Return the seconds from the start at that share of the axis."""
    low, high = axis.start, axis.end
    for _ in range(40):
        middle = low + (high - low) / 2
        low, high = (middle, high) if axis.at(middle) < WIDE * share else (low, middle)
    return (high - axis.start).total_seconds()


def _bar(item: Item, end: datetime, axis: Axis) -> Bar:
    if item.start is None:
        return Bar(item.label, item.kind, item.status, (), None)
    to = max(item.start, item.end or end)
    seconds = (to - item.start).total_seconds()
    return Bar(item.label, item.kind, item.status, (_span(axis, item.start, to),), seconds)


def _span(axis: Axis, since: datetime, to: datetime) -> tuple[float, float]:
    left, right = axis.at(since), axis.at(to)
    width = max(right - left, LEAST)
    return min(left, WIDE - width), round(width, 2)
