"""Supervise the cluster from outside: start it, check it, restart it when it has gone silent."""

import contextlib
import os
import sys
import time
from collections.abc import Callable
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from gates import process
from gates.identity import Identity
from gates.program import Program
from sprints.hooks.delivery_worker import DeliveryWorker
from sprints.models import Head, Host
from sprints.queue import enqueue
from sprints.queue.liveness import BEAT_S, Silence
from sprints.queue.nightly import Nightly
from sprints.state.refusals import Refused
from sprints.store.log_and_retry import put_off

LOOK_S = 1.0
GRACE_S = 30.0
ROUND_S = 0.2


class Supervisor:
    """The supervisor of one host's cluster; at its end the cluster releases its sprints.

    A host has one supervisor: the heartbeats of two would hide the death of either.
    """

    def __init__(self, host: str, workers: int) -> None:
        self.host = host
        self.workers = workers
        self._cluster: Program | None = None
        self._silence = Silence(host, workers)
        self._nightly = Nightly(host)

    def __enter__(self) -> Self:
        """Start the cluster. Raises ``Refused`` if the host has a supervisor already."""
        self._register()
        self._start()
        return self

    def run(self, stop: Callable[[], bool], chore: Callable[[], None]) -> None:
        """Keep the cluster at work until ``stop``, called several times a second, returns true.

        ``chore`` is called every few seconds.
        """
        next_beat = next_look = 0.0
        with DeliveryWorker():
            while not stop():
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + LOOK_S
                    self._do(self._look)
                if time.monotonic() >= next_beat:
                    next_beat = time.monotonic() + BEAT_S
                    self._do(self._heartbeat)
                    self._do(chore)
                    self._do(self._nightly.look)
                time.sleep(ROUND_S)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._nightly.stop()
        if self._cluster is None:
            return
        try:
            self._cluster.stop(grace_s=0.0 if kind else GRACE_S)
        except BaseException:  # above all a second Ctrl-C
            self._cluster.stop(grace_s=0.0)
            raise

    def _start(self) -> None:
        argv = [sys.executable, "-m", "studio_gateway", "worker", "--inside", str(os.getpid())]
        self._silence.begin()
        self._cluster = None
        with contextlib.suppress(OSError):  # cannot start: the next heartbeat tries again
            self._cluster = Program([*argv, "--workers", str(self.workers)])

    @transaction.atomic
    def _register(self) -> None:
        Head.objects.select_for_update().get(pk=1)  # one at a time
        there = Host.objects.filter(pk=self.host).first()
        if there and there.is_watched():
            who = Identity.parse(there.watch)
            raise Refused(
                f"process {who.pid} on {who.host} works for this store as {self.host} already; "
                "stop it, or give this one another --name"
            )
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

    def _look(self) -> None:
        """Restart the cluster if it has ended or gone silent."""
        if self._cluster is None or self._cluster.has_ended() or self._silent():
            self._restart()

    def _heartbeat(self) -> None:
        """Record our heartbeat, and request one from the workers."""
        try:
            Host.objects.filter(pk=self.host).update(seen_at=Now())
            if not self._silence.needs_heartbeat():
                return
            asked = self._cluster is not None and enqueue.request_heartbeat(self.host)
        except Exception as exc:
            self._silence.excuse()
            connection.close()
            if isinstance(exc, DatabaseError):
                return  # the database is away: the regular chores report it
            raise
        if asked:
            self._silence.asked()
        else:
            self._silence.excuse()

    def _do(self, act: Callable[[], None]) -> None:
        """Call ``act`` and log its errors, because our end would end the cluster and its gates."""
        try:
            act()
        except Exception as exc:
            put_off(exc)

    def _restart(self) -> None:
        if self._cluster:
            self._cluster.stop(grace_s=0.0)
        self._start()
        try:
            Host.objects.filter(pk=self.host).update(restarts=F("restarts") + 1)
        except DatabaseError:
            connection.close()

    def _silent(self) -> bool:
        try:
            return self._silence.look()
        except DatabaseError:
            connection.close()  # the database may be back, but not on this connection
            self._silence.excuse()  # the request may be lost
            return False
