"""Check the form of a refusal, and the things that it must not change."""

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

from gates.models import Gate, GateRun
from sprints.models import Agent, Delivery, Event, Head, Hook, Round, Sprint, Task
from tests.world import Said

# A lease that was taken and given back is no change: its token only rises.
LEASE = {"lease_token", "lease_until"}
# Locks, and SQLite's own journals; the database is compared row by row.
NOT_COMPARED = (".lock", "-wal", "-shm", "gateway.sqlite3")

# How a refusal speaks of a sprint's status.
IS = {
    "created": "is created",
    "running": "is running",
    "succeeded": "has succeeded",
    "failed": "has failed",
    "cancelled": "is cancelled",
}


def complaint(said: Said) -> str:
    """The one line of a refusal, without ``error: ``. Fails where it is anything else."""
    assert said.code == 2, said
    assert said.out == ""
    assert said.err.startswith("error: "), said.err
    assert said.err.endswith("\n"), said.err
    assert said.err.count("\n") == 1, said.err
    line = said.err.removeprefix("error: ").removesuffix("\n")
    assert line.strip()
    assert line.isprintable(), said.err
    assert "Traceback" not in line
    return line


def rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of ours."""
    return {
        model.__name__: [
            {key: value for key, value in row.items() if key not in LEASE}
            for row in model.objects.order_by("pk").values()
        ]
        for model in (Head, Event, Sprint, Round, Task, Agent, Gate, GateRun, Hook, Delivery)
    }


def files(root: Path) -> dict[str, str]:
    """What lies below ``root``: a hash for each file, the target of each link."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file() and not name.endswith(NOT_COMPARED):
            mode = oct(path.stat().st_mode)
            found[name] = f"{mode} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        elif not path.is_file():
            found[name] = oct(path.stat().st_mode)
    return found


def dump(database: Path) -> list[str]:
    """A SQLite database as SQL; empty where there is none."""
    if not database.exists():
        return []
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()
