"""The queue's table as django-q's broker: woken by its writers, deaf to what it does not know."""

import contextlib
import hashlib
import os
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

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
    """A socket in the store's own folder for calls, on which one reader sleeps."""

    def __init__(self) -> None:
        self.path = calls() / str(os.getpid())
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))

    def wait(self, seconds: float) -> None:
        """Sleep until somebody calls."""
        self._socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            self._socket.recv(16)


_ears: dict[int, Ear] = {}


def ear() -> Ear:
    """This process's own."""
    return _ears.setdefault(os.getpid(), _ears.get(os.getpid()) or Ear())


def calls() -> Path:
    """Where the readers of this store listen. Not in the store: a socket's path must be short."""
    name = hashlib.sha256(str(settings.STORE.root).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"studio-gateway-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def wake(*_: Any) -> None:
    """Call every reader of this store on this host; one that is gone is forgotten."""
    for path in calls().iterdir():
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as call:
            call.setblocking(False)
            try:
                call.sendto(b"!", str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                pass  # it has more calls than it can hold: it will look
