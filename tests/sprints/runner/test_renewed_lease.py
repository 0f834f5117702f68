"""A runner renews its lease while it works, and gives up what it runs once it cannot."""

import time

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from sprints.models.lease import BEAT_S, TTL_S, Lease
from sprints.models.loading import load
from sprints.runner.runner import SprintRunner
from tests import studio


@pytest.fixture
def started(store) -> Lease:
    """The lease of a sprint that was started."""
    studio.create("wk1")
    studio.start("wk1")
    return studio.take("wk1")


def test_a_database_that_is_locked_does_not_hold_up_the_sign_of_life_of_a_gate(started):
    carrier = SprintRunner(
        started, load("wk1", timezone.now()), settings.STORE.repo, studio.StopRequest()
    )
    carrier._renewed -= BEAT_S
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")

        began = time.monotonic()
        assert carrier._tick() is None
        took = time.monotonic() - began
        cursor.execute("ROLLBACK")
    other.close()

    assert took < connection.settings_dict["OPTIONS"]["timeout"] / 4
    carrier._tick()
    assert time.monotonic() - carrier._renewed < 1


def test_a_carrier_that_cannot_renew_its_lease_gives_the_gate_up(started):
    carrier = SprintRunner(
        started, load("wk1", timezone.now()), settings.STORE.repo, studio.StopRequest()
    )
    carrier._renewed -= TTL_S + 1
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")

        stop = carrier._tick()
        cursor.execute("ROLLBACK")
    other.close()

    assert stop is not None
    assert stop.reason == "the database has been away for 15 s"
