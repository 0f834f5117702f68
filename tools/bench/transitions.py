"""Measure recorded transitions per second, against bare commits of the same bytes."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tools.bench.figures import Figure
from tools.bench.stores import fresh_store


def figures(count: int) -> Iterator[Figure]:
    """Yield the rate of a durable transaction with row, event and head, against one INSERT."""
    with fresh_store() as repo:
        from sprints import operations

        operations.create("m", by="bench")
        _moves(0, count // 10)  # warm up
        rates, floors = [], []
        version = count // 10
        for _ in range(5):
            rates.append(_rate(partial(_moves, version, count // 5), count // 5))
            floors.append(_rate(lambda: _raw(repo, count // 5), count // 5))
            version += count // 5
        rate, floor = sorted(rates)[2], sorted(floors)[2]
        yield Figure(
            "transitions recorded, journal included",
            rate,
            "per s",
            floor,
            "at least a quarter of raw commits",
            rate >= floor / 4,
        )


def _rate(act: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    act()
    return count / (time.perf_counter() - began)


def _moves(version: int, count: int) -> None:
    from django.utils import timezone

    from sprints.models.transitions import record
    from sprints.state.event_codes import EventKind
    from sprints.state.messages import Message
    from sprints.state.transitions import ExpectedVersion, Transition, Update

    for number in range(version, version + count):
        update = Update("sprint", "m", ("created",), {"title": f"t{number}"})
        record(
            "m",
            [Transition(EventKind.NOTE, Message("bench"), (update,))],
            ExpectedVersion(number),
            timezone.now(),
        )


def _raw(repo: Path, count: int) -> None:
    database = sqlite3.connect(repo / "raw.sqlite3", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, line TEXT)")
    line = "x" * 400
    for _ in range(count):
        database.execute("INSERT INTO t (line) VALUES (?)", (line,))
    database.close()
