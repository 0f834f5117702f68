"""A figure stands beside its floor, measured in the same run; only the ratio travels."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``floor`` is what a bare program needs for the same; ``goal`` is in
    words, and ``met`` is None where the goal is another line's.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    goal: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        """The figure as a multiple of its floor."""
        return self.value / self.floor if self.floor else None


def median_ms(act: Callable[[], object], times: int) -> float:
    """The median of ``times`` runs, in milliseconds."""
    return statistics.median(once_ms(act) for _ in range(times))


def once_ms(act: Callable[[], object]) -> float:
    """One run, in milliseconds."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def paired_ms(
    act: Callable[[], object], floor: Callable[[], object], times: int
) -> tuple[float, float]:
    """Medians of the two, run in turn, so that a drift of the machine meets both."""
    pairs = [(once_ms(act), once_ms(floor)) for _ in range(times)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
