"""django-q's cluster, made to end with its parent and to hand back what it carries."""

import contextlib
import gc
import multiprocessing
import os
import signal
from typing import Any

import django.db.models.sql.compiler  # noqa: F401 (else each worker loads it for itself)
from django.db import connections
from django_q import cluster
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.signals import post_spawn

from gates.program import die_with_parent
from sprints.queue.packet_queue import PacketQueue
from sprints.queue.tasks import STOP_REQUEST

LOOK_S = 0.5


class Sentinel(cluster.Sentinel):  # type: ignore[misc]
    """Stops by asking every worker to hand its sprint back, not by waiting for its end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _die_with_parent()
        super().__init__(*args, **kwargs)

    def spawn_pusher(self) -> Any:
        """django-q's, but that it cannot outlive us: it would claim messages for nobody."""
        return self.spawn_process(_pusher, self.task_queue, self.event_out, self.broker)

    def spawn_monitor(self) -> Any:
        """django-q's, but that it cannot outlive us."""
        return self.spawn_process(_monitor, self.result_queue, self.broker)

    def stop(self) -> None:
        """Ask the workers, then let django-q wait for them."""
        for worker in self.pool:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGTERM)
        super().stop()


def _die_with_parent() -> None:
    """Also where the parent was dead before we could ask for it."""
    parent = multiprocessing.parent_process()
    die_with_parent(parent.pid if parent else None)


class Cluster(cluster.Cluster):  # type: ignore[misc]
    """Stops when it has been asked to, but not in the signal's handler: a second signal, such as
    the death of a parent with threads sends, would wait there for a lock that the first one holds.
    """

    asked = False

    def sig_handler(self, *_: object) -> None:
        """Note it."""
        self.asked = True


def _pusher(*args: Any) -> None:
    _die_with_parent()
    cluster.pusher(*args)


def _monitor(*args: Any) -> None:
    _die_with_parent()
    cluster.monitor(*args)


def _spawned(**kwargs: object) -> None:
    """In a worker, before its first task."""
    _die_with_parent()

    def hand_back(*_: object) -> None:
        STOP_REQUEST.hand_back = True

    signal.signal(signal.SIGTERM, hand_back)


def run(workers: int, parent: int) -> None:
    """Work until SIGTERM or SIGINT, or until the process ``parent`` ends; returns when everything
    has been handed back.
    """
    die_with_parent(parent)
    Conf.WORKERS = workers
    cluster.Queue = PacketQueue
    cluster.Sentinel = Sentinel
    post_spawn.connect(_spawned, weak=False)
    q = Cluster()
    get_broker()  # loaded here, each process of the cluster has its modules from us
    connections.close_all()  # a connection does not bear a fork
    gc.freeze()  # what is loaded stays in pages that all share: no later collection writes there
    q.start()
    while q.sentinel.is_alive() and not q.asked:
        q.sentinel.join(LOOK_S)
    q.stop()
