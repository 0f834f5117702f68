"""Measure ``/health`` of ``serve`` under four floods, against a bare waitress under the same."""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.bench.figures import Figure
from tools.bench.stores import fill, fresh_store
from tools.bench.web import free_port, serving

# The same threads and limits as in sprints.management.web, and one trivial application.
BARE = """
import sys, waitress

def application(environ, start_response):
    large = environ["PATH_INFO"] == "/large"
    start_response("200 OK", [("Content-Length", str(64 << 20 if large else 12))])
    return (bytes(1 << 16) for _ in range(1 << 10)) if large else [b'{"ok": true}']

waitress.serve(application, host="127.0.0.1", port=int(sys.argv[1]), threads=4, _quiet=True,
               connection_limit=500, asyncore_use_poll=True, channel_timeout=20)
"""
WAYS = {  # words of the table: how the clients flood, how many do, the path of serve, of the bare
    "8 silent readers": ("silent", 8, "/api/artifacts/{sprint}/{large}", "/large"),
    "300 slow clients": ("slow", 300, "/health", "/health"),
    "200 busy clients": ("busy", 200, "/api/status", "/"),
    "36 wrong passwords": ("guessing", 36, "/login/", "/login/"),
}
LARGE = "gates/qa_smoke_quick/stdout.txt"
GIVE_UP_S = 10.0  # an answer that takes longer counts as this
EVERY_S = 0.05


def figures(seconds: float, turns: int) -> Iterator[Figure]:
    """Yield the worst and the median answer in each flood, of ``turns`` of both in turn."""
    with fresh_store() as repo:
        fill(1)
        sprint = "t1-0"
        large = repo / ".studio_gateway/artifacts" / sprint / LARGE
        large.unlink()  # a hard link to that of another sprint
        large.touch(0o600)
        os.truncate(large, 64 << 20)
        token = json.loads((repo / ".studio_gateway/config.json").read_text())["auth_token"]
        for words, (way, count, ours, theirs) in WAYS.items():
            took: tuple[list[float], list[float]] = ([], [])
            for _ in range(turns):
                with serving(repo) as web:
                    path = ours.format(sprint=sprint, large=LARGE)
                    took[0].extend(_flooded(web.port, (way, str(count)), token, path, seconds))
                with bare(repo) as port:
                    took[1].extend(_flooded(port, (way, str(count)), token, theirs, seconds))
            worst, floor = (max(one) for one in took)
            yield Figure(f"/health, {words}, worst", worst, "ms", floor, "under 1 s", worst < 1000)
            middle, floor = (statistics.median(one) for one in took)
            yield Figure(f"/health, {words}, median", middle, "ms", floor)


def _flooded(
    port: int, way: tuple[str, str], token: str, path: str, seconds: float
) -> Iterator[float]:
    """Yield the milliseconds of each answer of ``/health`` while the flood lasts."""
    argv = [sys.executable, "-m", "tools.bench.flood_clients", *way, str(port), token, path]
    clients = subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)  # until all have connected
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            yield _health_ms(port)
            time.sleep(EVERY_S)
        if clients.poll() is not None:
            raise SystemExit(f"the clients of {way[0]} have ended")
    finally:
        clients.kill()
        clients.communicate()


def _health_ms(port: int) -> float:
    """Return the time from connecting to the last byte, as a watchdog with ``curl`` sees it."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_S)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        answer.read()
        took_s = time.monotonic() - began if answer.status == 200 else GIVE_UP_S
    except OSError:
        took_s = GIVE_UP_S
    finally:
        connection.close()
    return min(took_s, GIVE_UP_S) * 1000


@contextmanager
def bare(folder: Path) -> Iterator[int]:
    """Yield the port of a waitress with a trivial application."""
    port = free_port()
    argv = [sys.executable, "-c", BARE, str(port)]
    process = subprocess.Popen(argv, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        while _health_ms(port) >= GIVE_UP_S * 1000:
            if process.poll() is not None:
                raise SystemExit("the bare waitress has ended")
            time.sleep(0.1)
        yield port
    finally:
        process.kill()
        process.wait()
