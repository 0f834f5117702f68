"""What is done with the record as a whole, beside a bare reader and a bare copy of its bytes."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.bench.figures import Figure
from tools.bench.stores import fill, fill_events, fresh_store

BARE = """
import hashlib, json, sys
with open(sys.argv[1], "rb") as file:
    for line in file:
        json.loads(line)
        hashlib.sha256(line).hexdigest()
"""
# Linux counts the memory of who forked as a child's own; so a small process forks.
MEASURED = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(process.pid, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Run:
    """A process that has ended: how long it took, and the most memory that it had (MB)."""

    seconds: float
    peak_mb: float
    out: str


def figures(sizes: tuple[tuple[int, int], ...]) -> Iterator[Figure]:
    """Each command at each number of sprints and events; memory beside that at the first."""
    with fresh_store() as repo:
        least: dict[str, float] = {}
        for sprints, events in sizes:
            fill(sprints)
            fill_events(events)
            from sprints import mirror

            mirror.flush()
            of = f"{sprints} sprints, {events} events"
            for name, run, rate, floor in _commands(repo, events):
                met = rate > 100_000 if name == "verify" else None
                goal = "above 100,000/s" if name == "verify" else ""
                yield Figure(f"{name}, {of}", rate, "1/s", floor, goal, met)
                first = least.setdefault(name, run.peak_mb)
                flat = run.peak_mb < 1.2 * first
                yield Figure(f"{name}, its memory", run.peak_mb, "MB", first, "flat", flat)


def _commands(repo: Path, events: int) -> Iterator[tuple[str, Run, float, float]]:
    """Name, run, events a second, and those of the floor."""
    store = repo / ".studio_gateway"
    bare = events / _ran(sys.executable, "-c", BARE, str(store / "events.jsonl")).seconds
    run = _command("verify", "--json")
    yield "verify", run, events / json.loads(run.out)["took_s"], bare
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as name:
        there = Path(name)
        (there / ".git").mkdir()
        # By another process: to close the database's file here would let go of our locks on it.
        copied = events / _ran("cp", "-r", str(store), str(there / "copy")).seconds
        shutil.rmtree(there / "copy")
        run = _command("backup", str(there / "backup"))
        yield "backup", run, events / run.seconds, copied
        (there / ".studio_gateway").mkdir()
        shutil.copy(there / "backup/events.jsonl", there / ".studio_gateway")
        run = _command("rebuild", STUDIO_GATEWAY_REPO=str(there))
        yield "rebuild", run, events / run.seconds, bare


def _command(*argv: str, **env: str) -> Run:
    return _ran(sys.executable, "-m", "studio_gateway", *argv, **env)


def _ran(*argv: str, **env: str) -> Run:
    began = time.perf_counter()
    measured = [sys.executable, "-S", "-c", MEASURED, *argv]
    done = subprocess.run(measured, capture_output=True, text=True, env=os.environ | env)
    assert done.returncode == 0, (argv, done.stdout, done.stderr)
    took_s = time.perf_counter() - began
    return Run(took_s, int(done.stderr.splitlines()[-1]) / 1024, done.stdout)
