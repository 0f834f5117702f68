"""Measure the time from a sprint's start to its first step in a worker, by database and queue."""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from tempfile import TemporaryDirectory
from uuid import uuid4

from tools.bench.figures import Figure
from tools.bench.stores import fresh_store

POSTGRES = os.environ.get("STUDIO_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")


def figures(runs: int, on: str) -> Iterator[Figure]:
    """Yield the latencies of sprints run by two workers; ``on`` is sqlite, redis or postgres."""
    server = {"redis": _redis, "postgres": _postgres}.get(on, nullcontext)
    with server(), fresh_store(), worker():
        latencies = sorted(measured(runs))
    median = statistics.median(latencies)
    goal = ("", None) if on == "postgres" else ("under 20 ms", median < 20)
    yield Figure(f"start to first step on {on}, p50", median, "ms", None, *goal)
    yield Figure(f"start to first step on {on}, p99", latencies[int(runs * 0.99)], "ms")


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """Run two workers in the store of this process."""
    running = subprocess.Popen(
        [sys.executable, "-m", "studio_gateway", "worker"], stdout=subprocess.DEVNULL
    )
    try:
        time.sleep(4)
        yield running
    finally:
        running.terminate()
        running.wait(60)


def measured(runs: int) -> Iterator[float]:
    """Yield the recorded milliseconds from a start to the sprint's first step."""
    from sprints import operations
    from sprints.models import Event, Sprint

    for number in range(runs):
        name = f"q{number}"
        operations.create(name, by="bench")
        operations.start(name)
        began = Sprint.objects.get(pk=name).started_at
        assert began is not None
        while Sprint.objects.get(pk=name).status == "running":
            time.sleep(0.02)
        first = Event.objects.filter(sprint_id=name, kind="round_started").earliest("seq")
        yield (first.ts - began).total_seconds() * 1000


@contextmanager
def _redis() -> Iterator[None]:
    """Run a Redis server without persistence."""
    program = shutil.which("redis-server")
    if program is None:
        sys.exit("error: no redis-server on PATH; install Redis, or leave latency-redis out")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with TemporaryDirectory() as folder:
        argv = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        server = subprocess.Popen(argv, cwd=folder, stdout=subprocess.DEVNULL)
        time.sleep(0.5)
        os.environ["STUDIO_GATEWAY_BROKER"] = f"redis://127.0.0.1:{port}/0"
        try:
            yield
        finally:
            server.kill()
            server.wait()


@contextmanager
def _postgres() -> Iterator[None]:
    """Create a database for the block, and use it."""
    import psycopg

    with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3) as server:
        name = f"gateway_bench_{uuid4().hex[:12]}"
        server.execute(f"CREATE DATABASE {name}")
        os.environ["DATABASE_URL"] = POSTGRES.rsplit("/", 1)[0] + f"/{name}"
        try:
            yield
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
