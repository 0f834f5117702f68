"""Measure acts on the whole journal, against a bare reader and a bare copy of its bytes."""

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

# The minimum: parse and hash each line; for a database, write it, too.
READ = """
import hashlib, json, sys
with open(sys.argv[1], "rb") as file:
    for line in file:
        json.loads(line)
        hashlib.sha256(line).hexdigest()
"""
FILL = """
import hashlib, json, sqlite3, sys
def rows(file):
    for line in file:
        event = json.loads(line)
        yield event["seq"], hashlib.sha256(line).hexdigest(), event["kind"], line.decode()
with open(sys.argv[1], "rb") as file, sqlite3.connect(sys.argv[2]) as database:
    database.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, hash, kind, line)")
    database.executemany("INSERT INTO event VALUES (?, ?, ?, ?)", rows(file))
"""
ARCHIVED = 50  # archived sprints, after which state.json is written again
# Linux counts the parent's memory as a child's own; so a small process forks.
MEASURED = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(process.pid, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Run:
    """An ended process: its duration, and its peak memory (MB)."""

    seconds: float
    peak_mb: float
    out: str


def figures(sizes: tuple[tuple[int, int], ...]) -> Iterator[Figure]:
    """Yield each command at each size of the store, with memory relative to the first."""
    with fresh_store() as repo:
        least: dict[str, float] = {}
        there = 0
        for sprints, events in sizes:
            fill(sprints - there)
            there = sprints
            fill_events(events)

            from sprints.journal import writer

            writer.flush()
            of = f"{sprints} sprints, {events} events"
            for name, run, seconds, floor in _commands(repo):
                if name == "verify":
                    rate = events / seconds
                    goal = ("above 100,000/s", rate > 100_000)
                    yield Figure(f"verify, {of}", rate, "1/s", events / floor, *goal)
                else:
                    yield Figure(f"{name}, {of}", seconds, "s", floor)
                first = least.setdefault(name, run.peak_mb)
                flat = run.peak_mb < 1.2 * first
                yield Figure(f"{name}, {of}, memory", run.peak_mb, "MB", first, "flat", flat)


def _commands(repo: Path) -> Iterator[tuple[str, Run, float, float]]:
    """Yield the name, the run, and the seconds of the command and of its floor."""
    store = repo / ".studio_gateway"
    events = str(store / "events.jsonl")
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as name:
        there = Path(name)
        bare = _ran(sys.executable, "-c", READ, events).seconds
        run = _command("verify", "--json")
        yield "verify", run, json.loads(run.out)["took_s"], bare

        filled = _ran(sys.executable, "-c", FILL, events, str(there / "bare.sqlite3")).seconds
        run = _command("rebuild", "--from", events, **_new(there / "rebuilt"))
        yield "rebuild", run, run.seconds, filled

        reported = ["-C", str(store), "state.json", "events.jsonl", "artifacts"]
        packed = _ran("tar", "-czf", str(there / "bare.tar.gz"), *reported).seconds
        run = _command("export", "--out", str(there / "export.tar.gz"))
        yield "export", run, run.seconds, packed

        (there / "unpacked").mkdir()
        unpack = ["tar", "-xzf", str(there / "bare.tar.gz"), "-C", str(there / "unpacked")]
        unpacked = _ran(*unpack).seconds + filled
        at = _new(there / "imported")
        _command("init", **at)
        run = _command("import", str(there / "export.tar.gz"), **at)
        yield "import", run, run.seconds, unpacked

        state = str(store / "state.json")
        copied = _ran("cp", state, str(there / "state.json")).seconds
        run = _command("archive", *_ended())
        yield f"archive of {ARCHIVED}", run, run.seconds, copied

        # By another process: to close the database's file here would release our locks on it.
        copied = _ran("cp", "-r", str(store), str(there / "copy")).seconds
        shutil.rmtree(there / "copy")
        run = _command("backup", str(there / "backup"))
        yield "backup", run, run.seconds, copied


def _new(repo: Path) -> dict[str, str]:
    """Return the environment for a new repository at ``repo``."""
    (repo / ".git").mkdir(parents=True)
    return {"STUDIO_GATEWAY_REPO": str(repo), "XDG_STATE_HOME": str(repo.parent / "state")}


def _ended() -> list[str]:
    from sprints.models import Sprint

    ended = Sprint.objects.filter(status="succeeded", archived_at__isnull=True).order_by("pk")
    return [*ended.values_list("pk", flat=True)[:ARCHIVED]]


def _command(*argv: str, **env: str) -> Run:
    return _ran(sys.executable, "-m", "studio_gateway", *argv, **env)


def _ran(*argv: str, **env: str) -> Run:
    began = time.perf_counter()
    measured = [sys.executable, "-S", "-c", MEASURED, *argv]
    done = subprocess.run(measured, capture_output=True, text=True, env=os.environ | env)
    assert done.returncode == 0, (argv, done.stdout, done.stderr)
    took_s = time.perf_counter() - began
    return Run(took_s, int(done.stderr.splitlines()[-1]) / 1024, done.stdout)
