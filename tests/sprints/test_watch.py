"""A watch whose cluster cannot be had goes on, and says so."""

import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from gates.process import identity
from sprints import queries
from sprints.models import Host
from sprints.queue import watch
from sprints.queue.watch import Watch


@pytest.fixture
def restless(monkeypatch):
    """Beats follow each other at once."""
    monkeypatch.setattr(watch, "BEAT_S", 0.0)
    monkeypatch.setattr(watch, "LOOK_S", 0.0)
    monkeypatch.setattr(watch, "ROUND_S", 0.0)


def rounds(number: int) -> Callable[[], bool]:
    """Says stop after that many looks."""
    left = iter([False] * number)
    return lambda: next(left, True)


@pytest.mark.parametrize("program", ["/nowhere/python", "/bin/false"])
def test_a_cluster_that_cannot_start_is_tried_again_at_each_beat(
    store, monkeypatch, restless, program
):
    monkeypatch.setattr(sys, "executable", program)

    with Watch("here", 2) as it:
        it.run(rounds(300), lambda: None)

    (host,) = queries.hosts()
    assert host["alive"]
    assert host["restarts"] > 1


def test_a_host_whose_workers_do_not_answer_is_called_silent(store):
    at = timezone.now()
    long_ago = at - timedelta(seconds=60)
    Host.objects.create(
        name="here",
        watch=str(identity()),
        workers=1,
        started_at=long_ago,
        seen_at=at,
        worked_at=long_ago,
    )

    (host,) = queries.hosts()

    assert host["silent"]
    assert host["worked_s"] >= 60
