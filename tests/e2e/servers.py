"""Provide real servers for tests: a new database on a PostgreSQL server, and a new Redis.

Without a server the tests are skipped, visibly. CI sets ``STUDIO_TEST_REQUIRE=postgres,redis``,
which turns the skip into a failure. ``STUDIO_TEST_POSTGRES`` is the URL of a server on which
databases may be created.
"""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import pytest

from tests.e2e.conftest import wait_for

SERVER = os.environ.get("STUDIO_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")


def absent(name: str, why: str) -> NoReturn:
    """Skip, or fail where that server is asked for."""
    if name in os.environ.get("STUDIO_TEST_REQUIRE", ""):
        pytest.fail(why)
    pytest.skip(why)


@contextmanager
def a_database(how: str = "") -> Iterator[str]:
    """The URL of an empty database of its own; ``how`` follows its name where it is made."""
    psycopg = pytest.importorskip("psycopg")
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as exc:
        absent("postgres", f"NO POSTGRESQL at {SERVER.rsplit('@')[-1]}: {str(exc).splitlines()[0]}")
    name = f"gateway_test_{uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE {name} {how}")
    try:
        yield SERVER.rsplit("/", 1)[0] + f"/{name}"
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        server.close()


class PrivateRedis:
    """A Redis that may be killed."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            absent("redis", "NO REDIS: there is no redis-server on PATH")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._argv = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._folder = folder
        self.start()

    @property
    def url(self) -> str:
        """As ``STUDIO_GATEWAY_BROKER`` takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty."""
        self._popen = subprocess.Popen(
            self._argv, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert wait_for(self._answers)

    def kill(self) -> None:
        """kill -9: what it held is gone."""
        self._popen.send_signal(signal.SIGKILL)
        self._popen.wait()

    def _answers(self) -> bool:
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", self.port)) == 0
