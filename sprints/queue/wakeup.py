"""Wake a reader of the queue at once; each reader also polls now and then."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, connections

CHANNEL = "studio_gateway"


class LocalEar:
    """A socket in the store on which a reader waits for a wake-up. Raises ``OSError``."""

    def __init__(self) -> None:
        folder = settings.STORE.root / "calls"
        folder.mkdir(mode=0o700, exist_ok=True)
        name = str(os.getpid())
        (folder / name).unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with _short(folder) as path:
            self._socket.bind(f"{path}/{name}")

    def wait(self, seconds: float) -> None:
        """Wait for a wake-up, up to ``seconds``."""
        self._socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            self._socket.recv(16)


class ServerEar:
    """A connection of its own that receives PostgreSQL's wake-ups. Raises ``DatabaseError``."""

    def __init__(self) -> None:
        self._own = connections.create_connection("default")
        with self._own.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")

    def wait(self, seconds: float) -> None:
        """Wait for a wake-up, up to ``seconds``."""
        try:
            with self._own.wrap_database_errors:
                for _ in self._own.connection.notifies(timeout=seconds, stop_after=1):
                    return
        except DatabaseError:
            _ears.clear()  # the next look opens a new one
            raise


_ears: dict[int, LocalEar | ServerEar] = {}


def ear() -> LocalEar | ServerEar:
    """Return this process's own listener for wake-ups."""
    kind = ServerEar if connection.vendor == "postgresql" else LocalEar
    return _ears.get(os.getpid()) or _ears.setdefault(os.getpid(), kind())


def wake() -> None:
    """Wake every reader of this database, or of this store if the database cannot notify."""
    if connection.vendor == "postgresql":
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
        return
    folder = settings.STORE.root / "calls"
    if folder.is_dir():
        with contextlib.suppress(OSError):  # the message is there, and readers poll
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
                pass  # it has enough wake-ups: it will look


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """Yield a name of ``folder`` that fits into a socket's path of some 100 characters."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        proc = f"/proc/self/fd/{descriptor}"
        yield proc if Path(proc).is_dir() else str(folder)
    finally:
        os.close(descriptor)
