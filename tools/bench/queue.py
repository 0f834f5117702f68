"""Measure the cost of waiting workers, and their speed with many sprints."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from tempfile import TemporaryFile

from tools.bench.figures import Figure
from tools.bench.processes import cpu_s, pss_mb, tree
from tools.bench.stores import fresh_store


def figures(idle_s: float, many: int) -> Iterator[Figure]:
    """Yield the figures of idle workers, then of many sprints at once."""
    with fresh_store() as repo, TemporaryFile() as log:
        workers = subprocess.Popen(
            [sys.executable, "-m", "studio_gateway", "worker"], stdout=log, stderr=log
        )
        try:
            time.sleep(4)
            pids = tree(workers.pid)
            before = sum(map(cpu_s, pids))
            time.sleep(idle_s)
            part = (sum(map(cpu_s, pids)) - before) / idle_s * 100
            yield Figure(
                "idle, two workers and their watch", part, "% CPU", None, "below 1 %", part < 1
            )
            yield Figure("the same, memory", sum(map(pss_mb, pids)), "MB PSS")
            queued, lost = _many(many)
            yield Figure(
                f"{many} sprints queued at once",
                queued,
                "per s",
                _foreground(max(3, many // 10)),
                "none lost",
                lost == 0,
            )
        finally:
            workers.send_signal(signal.SIGTERM)
            workers.wait(60)
        log.seek(0)
        locked = log.read().count(b"database is locked")
        yield Figure("locked databases in the workers' log", locked, "", None, "none", locked == 0)
        assert repo.exists()


def _many(count: int) -> tuple[float, int]:
    """Return sprints per second through the workers, and how many did not succeed."""
    from sprints import operations
    from sprints.models import Sprint

    names = [f"m{number}" for number in range(count)]
    for name in names:
        operations.create(name, by="bench")
    began = time.perf_counter()
    for name in names:
        operations.start(name)
    mine = Sprint.objects.filter(pk__in=names)
    while mine.filter(status="running").exists():
        time.sleep(0.1)
    took = time.perf_counter() - began
    return count / took, count - mine.filter(status="succeeded").count()


def _foreground(count: int) -> float:
    """Return sprints per second if this process runs them itself."""
    from sprints import operations
    from sprints.runner.runner import StopRequest

    names = [f"f{number}" for number in range(count)]
    for name in names:
        operations.create(name, by="bench")
    began = time.perf_counter()
    for name in names:
        operations.run(name, StopRequest())
    return count / (time.perf_counter() - began)
