"""Compare whole sprints of an agent in two builds, run in turn.

Usage: ``python -m tools.bench.builds BEFORE AFTER``, the ``studio-gateway`` programs of both.
"""

import argparse
import ctypes
import os
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

WORKS = "echo x >> work; echo 'Status: DONE'"
GATE = "grep -q x work"
PR_SET_CHILD_SUBREAPER = 36
SIZES = (3, 2000)
Cost = tuple[float, float]  # processor seconds of the tree of processes, seconds on the clock


def main() -> int:
    """Print the medians of both builds and their ratio, for each size of repository."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.builds", description=__doc__)
    parser.add_argument("before", help="studio-gateway of the build to compare with")
    parser.add_argument("after", help="studio-gateway of the build to measure")
    parser.add_argument("--pairs", type=int, default=12, help="runs of each build (default 12)")
    parser.add_argument(
        "--files", type=int, action="append", help="files in the repository (default 3 and 2000)"
    )
    options = parser.parse_args()
    options.before, options.after = map(os.path.abspath, (options.before, options.after))
    # The supervisors of gates outlive their parents, and their time counts as well.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled once
    for files in options.files or SIZES:
        _compare([options.before, options.after], files, options.pairs)
    return 0


def _compare(programs: list[str], files: int, pairs: int) -> None:
    with TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        repos = [folder / str(number) for number in range(len(programs))]
        for repo, program in zip(repos, programs, strict=True):
            _prepare(repo, program, files)
        costs: list[list[Cost]] = [[], []]
        for number in range(pairs + 1):
            for which in (0, 1) if number % 2 else (1, 0):
                cost = _sprint(repos[which], programs[which], f"s{number}")
                if number:  # the first run of each fills caches
                    costs[which].append(cost)
    for part, word in enumerate(("processor time", "time")):
        before, after = (statistics.median(cost[part] for cost in one) for one in costs)
        ratios = sorted(new[part] / old[part] for old, new in zip(costs[0], costs[1], strict=True))
        print(
            f"{files:>6} files, {word:<14}  before {before:6.2f} s  after {after:6.2f} s  "
            f"ratio of medians {after / before:.3f}, median of ratios "
            f"{statistics.median(ratios):.3f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
            flush=True,
        )


def _prepare(repo: Path, program: str, files: int) -> None:
    """Make a repository with that many small files, and a gateway that ships one agent's work."""
    for number in range(files):
        path = repo / f"folder{number // 50}" / f"file{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of file {number}\n" * 20)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for argv in (
        ["git", "init", "-q", "-b", "main"],
        ["git", "add", "."],
        [*git, "commit", "-qm", "First"],
        [program, "init"],
        [program, "agent", "set", "agent_01", "--command", shlex.join(["sh", "-c", WORKS])],
        [program, "gate", "set", "qa_smoke_quick", "--command", shlex.join(["sh", "-c", GATE])],
        [program, "config", "set", "enable_auto_merge", "true"],
    ):
        subprocess.run(argv, cwd=repo, check=True, stdout=subprocess.DEVNULL)


def _sprint(repo: Path, program: str, name: str) -> Cost:
    """Return the cost of ``sprint run``; the sprint must ship."""
    create = [program, "sprint", "create", name]
    subprocess.run(create, cwd=repo, check=True, stdout=subprocess.DEVNULL)
    _reap()
    began, before = time.monotonic(), _processor_s()
    run = [program, "sprint", "run", name]
    done = subprocess.run(run, cwd=repo, check=False, capture_output=True, text=True)
    took = time.monotonic() - began
    _reap()
    tags = subprocess.run(["git", "tag"], cwd=repo, check=True, capture_output=True, text=True)
    if done.returncode or f"shipped/{name}" not in tags.stdout:
        sys.exit(f"error: {program}: {done.stdout}{done.stderr}")
    return _processor_s() - before, took


def _processor_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _reap() -> None:
    """Wait for every process that has lost its parent."""
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


if __name__ == "__main__":
    sys.exit(main())
