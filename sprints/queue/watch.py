"""Outside the cluster: start it, listen for it, and start it anew when it has gone silent."""

import contextlib
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F
from django.db.models.functions import Now

from gates import process
from gates.program import Program
from sprints import queue
from sprints.models import Host
from sprints.models.lease import held_here

BEAT_S = 5.0
SILENT_S = 12.0
GRACE_S = 30.0
ROUND_S = 0.2


@dataclass
class Watch:
    """One host's cluster. ``stop`` is asked several times a second whether to end."""

    host: str
    workers: int
    stop: Callable[[], bool]

    def run(self) -> None:
        """Keep a cluster at work until ``stop``; then have it hand back what it carries."""
        self._register()
        cluster = self._start()
        next_beat = 0.0
        while not self.stop():
            now = time.monotonic()
            if now >= next_beat:
                next_beat = now + BEAT_S
                self._beat()
                if cluster.has_ended() or self._silent():
                    cluster.stop(grace_s=0.0)
                    cluster = self._start()
                    self._restarted()
            time.sleep(ROUND_S)
        cluster.stop(grace_s=GRACE_S)

    def _start(self) -> Program:
        argv = [sys.executable, "-m", "studio_gateway", "worker", "--inside", str(os.getpid())]
        return Program([*argv, "--workers", str(self.workers)])

    def _register(self) -> None:
        Host.objects.update_or_create(
            pk=self.host,
            defaults={
                "place": settings.STORE.place,
                "watch": str(process.identity()),
                "workers": self.workers,
                "started_at": Now(),
                "seen_at": Now(),
                "worked_at": Now(),
            },
        )

    def _beat(self) -> None:
        try:
            Host.objects.filter(pk=self.host).update(seen_at=Now())
            queue.ask_beat(self.host)
        except DatabaseError:
            connection.close()

    def _silent(self) -> bool:
        """No worker has taken a message for long, and not because all of them carry a sprint."""
        try:
            silent = Host.objects.filter(
                pk=self.host, worked_at__lt=Now() - timedelta(seconds=SILENT_S)
            )
            return silent.exists() and held_here() < self.workers
        except DatabaseError:
            return False

    def _restarted(self) -> None:
        with contextlib.suppress(DatabaseError):
            Host.objects.filter(pk=self.host).update(restarts=F("restarts") + 1, worked_at=Now())
