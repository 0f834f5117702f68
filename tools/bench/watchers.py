"""Measure the web's cost of many clients that follow a gate's output, against ``/health``."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.bench.figures import Figure
from tools.bench.processes import cpu_s
from tools.bench.stores import fresh_store, set_gate
from tools.bench.web import Ask, Serving, serving

EVERY_S = 0.7  # the page's polling interval while lines come
PRINTS = "while true; do echo a line of some length, as a test prints it; sleep 0.05; done"


def figures(watchers: int, seconds: float) -> Iterator[Figure]:
    """Yield the figures of ``watchers`` that follow twenty lines a second, for ``seconds``."""
    with fresh_store() as repo:
        set_gate("sh", "-c", PRINTS)
        run = _started(repo)
        try:
            with serving(repo) as web:
                floor_ms, floor_cpu = _watched(web, watchers, seconds, _health)
                took_ms, cpu = _watched(web, watchers, seconds, _log)
        finally:
            run.terminate()
            run.wait(60)
        yield Figure(f"{watchers} watchers of one log, p95", took_ms, "ms", floor_ms)
        yield Figure("the same, the web's processor", cpu, "% CPU", floor_cpu)


def _started(repo: Path) -> "subprocess.Popen[bytes]":
    """Return the process of a sprint whose gate prints."""
    from sprints import operations

    operations.create("watched", by="bench")
    argv = [sys.executable, "-m", "studio_gateway", "sprint", "run", "watched"]
    run = subprocess.Popen(argv, stdout=subprocess.DEVNULL, env=dict(os.environ))
    output = repo / ".studio_gateway/artifacts/watched/gates/qa_smoke_quick/runs/1/stdout.txt"
    while not output.exists() and run.poll() is None:
        time.sleep(0.1)
    return run


def _watched(
    web: Serving, watchers: int, seconds: float, look: Callable[[Ask, int], int]
) -> tuple[float, float]:
    """Return the 95th percentile of a response in ms, and the web's share of a core in per cent."""
    took: list[float] = []
    end = time.monotonic() + seconds

    def watch(number: int) -> None:
        ask, place = web.connect(), 0
        time.sleep(EVERY_S * number / watchers)
        while (began := time.monotonic()) < end:
            place = look(ask, place)
            took.append(time.monotonic() - began)
            time.sleep(EVERY_S)

    threads = [threading.Thread(target=watch, args=(n,)) for n in range(watchers)]
    before, began = cpu_s(web.pid), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    share = (cpu_s(web.pid) - before) / (time.monotonic() - began) * 100
    return sorted(took)[int(len(took) * 0.95)] * 1000, share


def _health(ask: Ask, place: int) -> int:
    ask.get("/health")
    return place


def _log(ask: Ask, place: int) -> int:
    path = f"/sprints/watched/log?run=qa_smoke_quick/1&stream=stdout&from={place}"
    return int(json.loads(ask.get(path))["next"])
