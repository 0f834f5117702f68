"""Measure ``status`` and ``events --tail 100`` as processes, against a bare ``django.setup()``."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from tools.bench.figures import Figure, paired_ms
from tools.bench.stores import fill_events, fresh_store

BARE = "import django; django.setup()"
COMMANDS = {"status": ["status"], "events --tail 100": ["events", "--tail", "100"]}


def figures(sizes: tuple[int, ...], runs: int) -> Iterator[Figure]:
    """Yield the time of each command at each number of events."""
    with fresh_store():
        first: dict[str, float] = {}
        for size in sizes:
            fill_events(size)
            for name, argv in COMMANDS.items():
                act, floor = paired_ms(
                    partial(_python, "-m", "studio_gateway", *argv),
                    partial(_python, "-c", BARE),
                    runs,
                )
                ratio = act / floor
                first.setdefault(name, ratio)
                yield Figure(f"{name}, {size} events", act, "ms", floor, "under 1.3 x", ratio < 1.3)
                grown = ratio / first[name]
                yield Figure(
                    f"{name}, growth to {size} events", grown, "x", None, "flat", grown < 1.2
                )


def _python(*argv: str) -> None:
    subprocess.run(
        [sys.executable, *argv], check=True, stdout=subprocess.DEVNULL, env=dict(os.environ)
    )
