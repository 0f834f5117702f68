"""Provide a private PostgreSQL server, which a test may stop, restart and replace.

Without PostgreSQL the tests are skipped, visibly; ``STUDIO_TEST_REQUIRE=private-postgres`` turns
the skip into a failure.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import wait_for
from tests.e2e.servers import absent

USER = "postgres"


class Server:
    """A PostgreSQL of our own. It refuses to run as root, who lends it another user."""

    def __init__(self, programs: Path, folder: Path, listen: str = "127.0.0.1") -> None:
        self._programs, self._data = programs, folder / "data"
        self._user = USER if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        options = f"-D {self._data} -k {self._data} -p {self.port} -c fsync=off"
        self._options = [*options.split(), "-c", f"listen_addresses={listen}"]
        subprocess.run(
            [programs / "initdb", "--no-sync", "-A", "trust", "-U", USER, "-D", self._data],
            user=self._user,
            cwd="/",
            check=True,
            capture_output=True,
        )
        if listen != "127.0.0.1":
            with (self._data / "pg_hba.conf").open("a") as file:
                file.write("host all all 10.0.0.0/8 trust\n")
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._server = subprocess.Popen(
            [self._programs / "postgres", *self._options],
            user=self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert wait_for(self._answers), "PostgreSQL does not start"

    def stop(self) -> None:
        """At once, as a crash: what was committed is there when it starts again."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(60)

    def say(self, sql: str) -> None:
        """Run one statement."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5) as server:
            server.execute(sql)

    def keep(self) -> Path:
        """Copy its files while it is down: a standby that no later commit reaches."""
        kept = self._data.with_name("standby")
        subprocess.run(["cp", "-a", self._data, kept], check=True)
        return kept

    def fail_over(self, kept: Path) -> None:
        """Put the standby in its place, while it is down."""
        shutil.rmtree(self._data)
        kept.rename(self._data)

    def url(self, database: str, address: str = "127.0.0.1") -> str:
        """Of one of its databases, as a host reaches it at that address."""
        return f"postgres://{USER}@{address}:{self.port}/{database}"

    def _answers(self) -> bool:
        import psycopg

        try:
            self.say("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def private_server(listen: str = "127.0.0.1") -> Iterator[Server]:
    """A server that listens at these addresses."""
    pytest.importorskip("psycopg")
    found = [*Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not found:
        why = "NO POSTGRESQL TO START: there is no /usr/lib/postgresql/*/bin/postgres"
        absent("private-postgres", why)
    with tempfile.TemporaryDirectory(prefix="studio-pg-", ignore_cleanup_errors=True) as folder:
        made = Server(max(found).parent, Path(folder), listen)
        yield made
        made.stop()
