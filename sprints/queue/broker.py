"""The queue's table as django-q's broker: woken by its writers, deaf to what it does not know."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.signing import BadSignature, SignedPackage

from sprints.queue import ALLOWED

LOOK_S = 2.0  # the long stop, should a call have been missed
AWAY_S = 1.0  # between looks at a database that is away


class Broker(ORM):  # type: ignore[misc]
    """One message at a time, claimed by deleting it: that succeeds once, whoever else looks."""

    def enqueue(self, task: str) -> int:
        """Add a message in the caller's transaction, and wake the readers once it is committed."""
        row = OrmQ.objects.create(key=self.list_key, payload=task, lock=timezone.now())
        transaction.on_commit(wake)
        return int(row.pk)

    def dequeue(self) -> list[tuple[int, str]] | None:
        """The oldest message that is free; None after a while without one."""
        try:
            found = self._claim()
        except DatabaseError:
            connection.close()
            time.sleep(AWAY_S)
            return None
        if found is None:
            ear().wait(LOOK_S)
        return found

    def _claim(self) -> list[tuple[int, str]] | None:
        row = OrmQ.objects.filter(key=self.list_key).order_by("id").first()
        if row is None:
            return None
        mine, _ = OrmQ.objects.filter(pk=row.pk).delete()
        return [(row.pk, row.payload)] if mine and allowed(row.payload) else []

    def acknowledge(self, task_id: int) -> None:
        """Nothing is left of a message once it is claimed; ``reconcile`` knows what was lost."""


def allowed(payload: str) -> bool:
    """True for a message that we have signed and that names a function of ours."""
    try:
        return SignedPackage.loads(payload).get("func") in ALLOWED
    except (BadSignature, TypeError, AttributeError):
        return False


class Ear:
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


_ears: dict[int, Ear] = {}


def ear() -> Ear:
    """This process's own."""
    return _ears.get(os.getpid()) or _ears.setdefault(os.getpid(), Ear())


def wake() -> None:
    """Call every reader of this store on this host; one that is gone is forgotten."""
    folder = settings.STORE.root / "calls"
    if not folder.is_dir():
        return
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
