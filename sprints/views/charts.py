"""Compute the bars of a chart; pure. Templates draw it, classes colour it."""

from collections.abc import Sequence
from dataclasses import dataclass

DASH = "\N{EN DASH}"
GAP = 0.18  # gap as a share of a bar's place
HIGH = 4.0  # medians: higher bars are cut off, so that one long night does not flatten all others
CUT = "⇡"
LEAST = 2.0  # pixels: zero durations stay visible

# Signs that replace the colour of a bar; no sign means success.
SIGNS = {
    "failed": "✕",
    "error": "✕",
    "timed_out": "✕",
    "running": "▸",
    "blocked": "!",
    "cancelled": DASH,
    "interrupted": DASH,
}


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a row: its height (None if unknown), its kind, its label, its link."""

    value: float | None
    kind: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in the units of the drawing; ``middle`` is the place of its sign."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    kind: str
    sign: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of that size; ``top`` is the value of its full height."""

    width: int
    height: int
    top: float
    bars: list[Bar]


def bars(points: Sequence[Point], *, width: int, height: int, places: int = 1) -> Chart:
    """Return one bar a point, from the left.

    There is room for at least ``places`` bars, so that a single one is not as wide as the chart.
    The highest fills the height. Values far over the median are cut off and marked.
    """
    known = sorted(max(point.value, 0.0) for point in points if point.value is not None)
    top = min(known[-1], HIGH * known[len(known) // 2] or known[-1]) if known else 0.0
    place = width / max(len(points), places, 1)
    drawn = []
    for index, point in enumerate(points):
        share = max(point.value or 0.0, 0.0) / top if top > 0 else 0.0
        tall = max(LEAST, min(share, 1.0) * height)
        sign = SIGNS.get(point.kind, "") + (CUT if share > 1 else "")
        drawn.append(
            Bar(
                x=round((index + GAP / 2) * place, 2),
                y=round(height - tall, 2),
                width=round(place * (1 - GAP), 2),
                height=round(tall, 2),
                middle=round((index + 0.5) * place, 2),
                kind=point.kind,
                sign=sign,
                label=point.label,
                href=point.href,
            )
        )
    return Chart(width, height, top, drawn)
