"""Measure the cost of a sprint beyond its gates, and its growth with the store."""

import os
import statistics
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tools.bench.figures import Figure, median_ms, once_ms
from tools.bench.stores import GATE, fill, fresh_store

GATES_A_SPRINT = 2


def figures(stored: tuple[int, ...], runs: int) -> Iterator[Figure]:
    """Yield the figures of sprints run one after another, at each size of the store."""
    from sprints.store.layout import Store

    with fresh_store() as repo:
        first: dict[str, float] = {}
        there = 0
        for size in stored:
            fill(max(0, size - there - 1))
            there = size
            carried, files, floors = _measure(size, runs)
            floor = statistics.median(floors)
            beyond = statistics.median(carried) - floor
            with_files = statistics.median(files)
            first.setdefault("carry", beyond)
            grown = beyond / first["carry"]
            yield Figure(
                f"sprint beyond its gates, {size} stored",
                beyond,
                "ms",
                floor,
                "under 60 ms",
                beyond < 60,
            )
            yield Figure(
                f"the same as a multiple of the first, {size} stored",
                grown,
                "x",
                goal="at most 1.2",
                met=grown <= 1.2,
            )
            megabytes = Store(repo).state.stat().st_size / 1e6
            bare = median_ms(partial(_bare_copy, Store(repo).state), 7)
            yield Figure(
                f"state.json complete on return, {megabytes:.1f} MB",
                with_files,
                "ms",
                bare,
            )


def _measure(size: int, runs: int) -> tuple[list[float], list[float], list[float]]:
    """Return the milliseconds of each run: the sprint, its files, the bare gates."""
    from sprints import operations
    from sprints.runner.runner import StopRequest

    carried, files, floors = [], [], []
    for number in range(runs):
        name = f"r{size}-{number}"
        operations.create(name, by="bench")
        floors.append(once_ms(_bare_gates))
        carried.append(once_ms(partial(operations.run, name, StopRequest())))
        files.append(once_ms(operations.settle_files))
    return carried, files, floors


def _bare_copy(path: Path) -> None:
    """Replace a file of that size: the floor for state.json."""
    with path.with_name("bare.tmp").open("wb") as file:
        file.write(path.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    path.with_name("bare.tmp").replace(path.with_name("bare.json"))


def _bare_gates() -> None:
    for _ in range(GATES_A_SPRINT):
        subprocess.run(GATE, check=True)
