"""Measure every page and endpoint of a real ``serve``, against its ``/health``."""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.bench.figures import Figure, once_ms
from tools.bench.stores import fill, fill_events, fresh_store

PAGES = (
    "/",
    "/sprints/",
    "/sprints/{sprint}/",
    "/gates/",
    "/gates/qa_smoke_quick/",
    "/agents/",
    "/events/",
    "/admin/sprints/sprint/",
    "/admin/sprints/event/",
    "/api/sprints/{sprint}",
    "/api/events?tail=200",
    "/api/events?tail=200&sprint_id={sprint}",
    "/api/config",
    "/api/agents",
)
LISTS = ("/api/status", "/api/sprints")  # they list every sprint: as large as the store


def figures(sizes: tuple[tuple[int, int], ...], asks: int) -> Iterator[Figure]:
    """Yield each page's time at each of ``sizes`` (sprints, events), with ``asks`` requests."""
    with fresh_store() as repo:
        first: dict[str, float] = {}
        stored = 0
        for sprints, events in sizes:
            fill(sprints - stored)
            fill_events(events)
            sprint = f"t{sprints - stored}-0"
            stored = sprints
            size = f"{sprints} sprints, {events} events"
            with serving(repo) as web:
                ask = web.connect()
                for path in (*PAGES, *LISTS):
                    yield from _page(ask, path, path.format(sprint=sprint), size, asks, first)


def _page(
    ask: "Ask", name: str, path: str, size: str, asks: int, first: dict[str, float]
) -> Iterator[Figure]:
    for _ in range(3):
        ask.get(path)
    pairs = [
        (once_ms(lambda: ask.get(path)), once_ms(lambda: ask.get("/health"))) for _ in range(asks)
    ]
    took = sorted(one for one, _ in pairs)
    floor = statistics.median(one for _, one in pairs)
    middle = statistics.median(took)
    yield Figure(f"{name}, {size}, p50", middle, "ms", floor)
    yield Figure(f"{name}, p95", took[int(len(took) * 0.95)], "ms", floor)
    yield Figure(f"{name}, queries", queries(path), "")
    first.setdefault(name, middle / floor)
    grown = middle / floor / first[name]
    goal = "" if name in LISTS else "within 20 %"
    yield Figure(f"{name}, growth", grown, "x", None, goal, grown < 1.2 if goal else None)


def queries(path: str) -> float:
    """Return the number of database queries of the page."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    token = json.loads(settings.STORE.config.read_text())["auth_token"]
    client = Client(SERVER_NAME="127.0.0.1", headers={"X-Studio-Gateway-Token": token})
    client.get(path)
    with CaptureQueriesContext(connection) as caught:
        client.get(path)
    return float(len(caught))


class Ask:
    """One kept connection, as in a browser."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"X-Studio-Gateway-Token": token}

    def get(self, path: str) -> bytes:
        """Return the body; the status must be 200."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:200]!r}")
        return body


class Serving:
    """A ``serve`` without workers: its pid, and connections to it."""

    def __init__(self, pid: int, port: int, token: str) -> None:
        self.pid, self.port = pid, port
        self._token = token

    def connect(self) -> Ask:
        """Return one more connection."""
        return Ask(self.port, self._token)


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def serving(repo: Path) -> Iterator[Serving]:
    """Serve the store's web until the block ends."""
    port = free_port()
    token = json.loads((repo / ".studio_gateway/config.json").read_text())["auth_token"]
    argv = [sys.executable, "-m", "studio_gateway", "serve", "--no-workers", "--port", str(port)]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, env=dict(os.environ))
    web = Serving(process.pid, port, token)
    end = time.monotonic() + 60
    try:
        while not _answers(web):
            if time.monotonic() > end:
                raise SystemExit("serve does not answer")
            time.sleep(0.1)
        yield web
    finally:
        process.terminate()
        process.wait(60)


def _answers(web: Serving) -> bool:
    try:
        web.connect().get("/health")
    except OSError:
        return False
    return True
