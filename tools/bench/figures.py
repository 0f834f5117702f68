"""Define a figure next to its floor, measured in the same run; only the ratio is portable."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    ``floor`` is the figure of a bare program for the same task. ``goal`` is in words, and ``met``
    is None if another line has the goal.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    goal: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Return the figure as a multiple of its floor; None without a floor."""
        return self.value / self.floor if self.floor else None


def median_ms(act: Callable[[], object], times: int) -> float:
    """Return the median of ``times`` runs, in milliseconds."""
    return statistics.median(once_ms(act) for _ in range(times))


def once_ms(act: Callable[[], object]) -> float:
    """Return the time of one run, in milliseconds."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def paired_ms(
    act: Callable[[], object], floor: Callable[[], object], times: int
) -> tuple[float, float]:
    """Return the medians of both, run in turn, so that both see a drift of the machine."""
    pairs = [(once_ms(act), once_ms(floor)) for _ in range(times)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
