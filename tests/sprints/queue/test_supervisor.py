"""Test that a supervisor whose cluster cannot start goes on and reports it."""

import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from gates.program import Program
from sprints import queries
from sprints.queue import enqueue, supervisor
from sprints.queue.broker import Broker
from sprints.queue.supervisor import Supervisor
from tests import studio


@pytest.fixture
def restless(monkeypatch):
    """Beats follow each other at once."""
    monkeypatch.setattr(supervisor, "BEAT_S", 0.0)
    monkeypatch.setattr(supervisor, "LOOK_S", 0.0)
    monkeypatch.setattr(supervisor, "ROUND_S", 0.0)


def rounds(number: int) -> Callable[[], bool]:
    """Says stop after that many looks."""
    left = iter([False] * number)
    return lambda: next(left, True)


@contextmanager
def no_file_can_be_opened() -> Iterator[None]:
    """As where something has left too many open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("program", ["/nowhere/python", "/bin/false"])
def test_a_cluster_that_cannot_start_is_tried_again_at_each_beat(
    store, monkeypatch, restless, program
):
    monkeypatch.setattr(sys, "executable", program)

    with Supervisor("here", 2) as it:
        it.run(rounds(300), lambda: None)

    (host,) = queries.hosts()
    assert host["alive"]
    assert host["restarts"] > 1


def test_workers_that_all_carry_a_sprint_are_asked_for_one_beat(store):
    studio.create("wk1")
    studio.start("wk1")
    it = Supervisor("here", 1)
    it._register()
    it._cluster = Program(["sleep", "60"])
    studio.take("wk1")
    OrmQ.objects.all().delete()

    asked = 0
    for _ in range(20):
        it._look()
        it._heartbeat()
        asked += len(Broker()._claim() or [])  # the pusher has it, and no worker is free

    it._cluster.stop(0.0)
    assert asked == 1
    assert OrmQ.objects.count() == 0


def test_what_nobody_foresaw_does_not_end_the_watch(store, monkeypatch, restless, capsys):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    studio.add_schedule("nightly", "test", cron="* * * * *")
    studio.forge("schedule", next_at=timezone.now() - timedelta(minutes=1))
    studio.forge("gate", profiles=5)

    with Supervisor("here", 2) as it:
        it.run(rounds(20), studio.fire_schedules)

    assert "put off: TypeError: " in capsys.readouterr().err
    assert not studio.events("schedule_fired")


def test_a_watch_that_can_open_no_file_goes_on(store, monkeypatch, restless):
    (store.root / "calls").mkdir()
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with Supervisor("here", 2) as it, no_file_can_be_opened():
        it.run(rounds(20), lambda: None)

    (host,) = queries.hosts()
    assert host["alive"]


def test_a_message_is_there_though_nobody_can_be_called(store):
    (store.root / "calls").mkdir()
    enqueue.request_heartbeat("there")  # what it takes is loaded from files

    with no_file_can_be_opened():
        assert enqueue.request_heartbeat("here")

    assert OrmQ.objects.count() == 2


def test_a_host_whose_workers_do_not_answer_is_called_silent(store):
    studio.host(worked_at=timezone.now() - timedelta(seconds=60))

    (host,) = queries.hosts()

    assert host["silent"]
    assert host["worked_s"] >= 60
