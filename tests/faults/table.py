"""Count the faults and what survived them, for the table at the end of a run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gates.fault_points import POINTS

# How many kills a whole run is worth; the short form, a part of every test run, is worth 12.
KILLS = int(os.environ.get("STUDIO_TEST_KILLS", "12"))
SEED = int(os.environ.get("STUDIO_TEST_SEED", "2026"))
SHORT = KILLS < 100

# What has no trial yet, because there is nothing to break.
LATER = [name for name, exists in POINTS.items() if not exists]


@dataclass
class Row:
    """One kind of fault."""

    trials: int = 0
    survived: int = 0


ROWS: dict[str, Row] = {}
REPLAYS: list[str] = []


@contextmanager
def trial(fault: str, store: Path) -> Iterator[None]:
    """One fault and what follows; it counts as survived when nothing is raised."""
    row = ROWS.setdefault(fault, Row())
    row.trials += 1
    try:
        yield
    except BaseException:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").removesuffix(" (call)")
        again = f"STUDIO_TEST_SEED={SEED} STUDIO_TEST_KILLS={KILLS} python -m pytest '{test}'"
        REPLAYS.append(f"{fault}: {store}\n    {again}")
        raise
    row.survived += 1


def lines() -> Iterator[str]:
    """The table, a line each."""
    if not ROWS:
        return
    width = max(map(len, (*ROWS, "in all")))
    yield f"{'fault':<{width}}  trials  survived"
    for name, row in ROWS.items():
        yield f"{name:<{width}}  {row.trials:>6}  {row.survived:>8}"
    trials, survived = (sum(getattr(r, what) for r in ROWS.values()) for what in Row().__dict__)
    yield f"{'in all':<{width}}  {trials:>6}  {survived:>8}  (seed {SEED})"
    yield f"not built yet: {', '.join(LATER)}"
    yield from REPLAYS
