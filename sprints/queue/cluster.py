"""Run django-q's cluster so that it ends with its parent and releases its sprints."""

import contextlib
import gc
import multiprocessing
import os
import signal
from multiprocessing.process import BaseProcess

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
    """A sentinel that asks every worker to release its sprint, instead of waiting for the end."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        _die_with_parent()
        super().__init__(*args, **kwargs)

    def spawn_pusher(self) -> BaseProcess:
        """Start django-q's pusher so that it dies with us; alone it would only claim messages."""
        pusher: BaseProcess = self.spawn_process(
            _pusher, self.task_queue, self.event_out, self.broker
        )
        return pusher

    def spawn_monitor(self) -> BaseProcess:
        """Start django-q's monitor so that it dies with us."""
        monitor: BaseProcess = self.spawn_process(_monitor, self.result_queue, self.broker)
        return monitor

    def stop(self) -> None:
        """Ask the workers to stop, then let django-q wait for them."""
        for worker in self.pool:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGTERM)
        super().stop()


def _die_with_parent() -> None:
    """End with the parent, even if it died before this call."""
    parent = multiprocessing.parent_process()
    die_with_parent(parent.pid if parent else None)


class Cluster(cluster.Cluster):  # type: ignore[misc]
    """A cluster that stops outside of the signal handler.

    A second signal, as from the death of a parent with threads, would wait in the handler for a
    lock that the first one holds.
    """

    asked = False

    def sig_handler(self, *_: object) -> None:
        """Note the request to stop."""
        self.asked = True


def _pusher(*args: object) -> None:
    _die_with_parent()
    cluster.pusher(*args)


def _monitor(*args: object) -> None:
    _die_with_parent()
    cluster.monitor(*args)


def _spawned(**kwargs: object) -> None:
    """Prepare a worker before its first task."""
    _die_with_parent()

    def hand_back(*_: object) -> None:
        STOP_REQUEST.hand_back = True

    signal.signal(signal.SIGTERM, hand_back)


def run(workers: int, parent: int) -> None:
    """Work until SIGTERM or SIGINT, or until the process ``parent`` ends; release everything."""
    die_with_parent(parent)
    Conf.WORKERS = workers
    cluster.Queue = PacketQueue
    cluster.Sentinel = Sentinel
    post_spawn.connect(_spawned, weak=False)
    q = Cluster()
    get_broker()  # loaded here, so that the processes of the cluster share the modules
    connections.close_all()  # connections cannot be shared across a fork
    gc.freeze()  # loaded objects stay in shared pages, which collections do not write
    q.start()
    while q.sentinel.is_alive() and not q.asked:
        q.sentinel.join(LOOK_S)
    q.stop()
