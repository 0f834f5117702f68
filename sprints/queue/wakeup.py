"""Calls that wake a reader of the queue at once; each also looks by itself now and then."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, connections

CHANNEL = "studio_gateway"


class LocalEar:
    """A socket in the store on which a reader sleeps until it is called. Raises ``OSError``."""

    def __init__(self) -> None:
        folder = settings.STORE.root / "calls"
        folder.mkdir(mode=0o700, exist_ok=True)
        name = str(os.getpid())
        (folder / name).unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with _short(folder) as path:
            self._socket.bind(f"{path}/{name}")

    def wait(self, seconds: float) -> None:
        """Sleep until somebody calls."""
        self._socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            self._socket.recv(16)


class ServerEar:
    """A connection of its own on which PostgreSQL tells of every call. Raises ``DatabaseError``."""

    def __init__(self) -> None:
        self._own: Any = connections.create_connection("default")
        with self._own.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")

    def wait(self, seconds: float) -> None:
        """Sleep until somebody calls."""
        try:
            with self._own.wrap_database_errors:
                for _ in self._own.connection.notifies(timeout=seconds, stop_after=1):
                    return
        except DatabaseError:
            _ears.clear()  # the next look opens another
            raise


_ears: dict[int, LocalEar | ServerEar] = {}


def ear() -> LocalEar | ServerEar:
    """This process's own."""
    kind = ServerEar if connection.vendor == "postgresql" else LocalEar
    return _ears.get(os.getpid()) or _ears.setdefault(os.getpid(), kind())


def wake() -> None:
    """Call every reader: of this database, or of this store where the database cannot call."""
    if connection.vendor == "postgresql":
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
        return
    folder = settings.STORE.root / "calls"
    if folder.is_dir():
        with contextlib.suppress(OSError):  # the message is there, and readers look by themselves
            _call_all(folder)


def _call_all(folder: Path) -> None:
    with _short(folder) as path, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as call:
        call.setblocking(False)
        for reader in folder.iterdir():
            try:
                call.sendto(b"!", f"{path}/{reader.name}")
            except ConnectionRefusedError:
                reader.unlink(missing_ok=True)
            except OSError:
                pass  # it has more calls than it can hold: it will look


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A name of ``folder`` that fits into a socket's path, which has room for some 100 letters."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        proc = f"/proc/self/fd/{descriptor}"
        yield proc if Path(proc).is_dir() else str(folder)
    finally:
        os.close(descriptor)
