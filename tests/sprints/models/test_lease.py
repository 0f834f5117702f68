"""Test that one process runs a sprint, and that a process without the lease is refused."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from gates.process import identity
from sprints import operations, queries
from sprints.models import Event, Sprint
from sprints.models.lease import (
    BEAT_S,
    TTL_S,
    LeaseUnavailable,
    held_here,
    holder,
    release,
    take,
    without_runner,
)
from sprints.models.loading import load
from sprints.queries.waiting import waiting_for
from sprints.runner.runner import LeaseLost, SprintRunner, StopRequest, run_sprint
from tests.world import set_gate

ELSEWHERE = replace(identity(), host="elsewhere")


@pytest.fixture
def started(store) -> Sprint:
    """A sprint that runs and that nobody carries."""
    operations.create("wk1", by="test")
    operations.start("wk1")
    return Sprint.objects.get(pk="wk1")


def test_what_a_carrier_says_after_it_lost_the_lease_is_refused(started):
    lease = take("wk1", identity())
    Sprint.objects.filter(pk="wk1").update(lease_token=lease.token + 1)
    before = Event.objects.count()

    with pytest.raises(LeaseLost):
        run_sprint(lease, StopRequest())

    assert Event.objects.count() == before


def test_a_carrier_that_loses_the_lease_while_a_gate_runs_stops_the_gate(started):
    set_gate("sleep", "300")
    Sprint.objects.filter(pk="wk1").update(status="created")
    from sprints.models import Round

    Round.objects.all().delete()
    lease = take("wk1", identity())

    class Thief(StopRequest):
        """Somebody takes the sprint as soon as the engine looks."""

        @property
        def hand_back(self) -> bool:
            if Event.objects.filter(kind="gate_started").exists():
                Sprint.objects.filter(pk="wk1").update(lease_token=lease.token + 1)
            return False

        @hand_back.setter
        def hand_back(self, value: bool) -> None:
            pass

    operations.start("wk1")
    with pytest.raises(LeaseLost):
        run_sprint(lease, Thief())

    assert not Event.objects.filter(kind="gate_finished").exists()


@pytest.mark.parametrize(
    ("left_s", "held"),
    [(10, True), (-1, False), (3600, False)],
    ids=["it holds", "it has run out", "no lease is that long"],
)
def test_a_lease_of_another_host_is_believed_for_as_long_as_a_lease_can_be(started, left_s, held):
    now = timezone.now()
    Sprint.objects.filter(pk="wk1").update(
        lease_owner=str(ELSEWHERE), lease_until=now + timedelta(seconds=left_s)
    )
    row = Sprint.objects.get(pk="wk1")

    assert (holder(row) is not None) is held
    if held:
        with pytest.raises(LeaseUnavailable, match="on elsewhere"):
            take("wk1", identity())
    else:
        assert take("wk1", identity()).token == row.lease_token + 1


@pytest.mark.parametrize(("ago_s", "held"), [(1, True), (TTL_S + 1, False)])
def test_a_holder_that_gives_no_sign_of_life_loses_the_lease_whatever_the_clock_says(
    started, ago_s, held
):
    take("wk1", identity())
    Sprint.objects.filter(pk="wk1").update(
        lease_beat=time.monotonic() - ago_s,
        lease_until=timezone.now() + timedelta(days=1 if ago_s > TTL_S else -1),
    )

    assert (holder(Sprint.objects.get(pk="wk1")) is not None) is held


def test_a_database_that_is_locked_does_not_hold_up_the_sign_of_life_of_a_gate(started):
    lease = take("wk1", identity())
    carrier = SprintRunner(lease, load("wk1", timezone.now()), settings.STORE.repo, StopRequest())
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
    lease = take("wk1", identity())
    carrier = SprintRunner(lease, load("wk1", timezone.now()), settings.STORE.repo, StopRequest())
    carrier._renewed -= TTL_S + 1
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")

        stop = carrier._tick()
        cursor.execute("ROLLBACK")
    other.close()

    assert stop is not None
    assert stop.reason == "the database has been away for 15 s"


def test_a_lease_is_renewed_while_a_gate_runs(store, monkeypatch):
    monkeypatch.setattr("sprints.runner.runner.BEAT_S", 0.3)
    set_gate("sleep", "1.2")
    operations.create("wk1", by="test")
    seen = set()

    class Looking(StopRequest):
        """Notes how long the lease holds whenever the engine looks."""

        @property
        def hand_back(self) -> bool:
            seen.add(Sprint.objects.values_list("lease_until", flat=True).get(pk="wk1"))
            return False

        @hand_back.setter
        def hand_back(self, value: bool) -> None:
            pass

    operations.run("wk1", Looking())

    assert len(seen) >= 4


def test_to_know_who_carries_what_nobody_reads_the_sprints_that_have_ended(started):
    plans = []

    def explained(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        if sql.startswith("SELECT") and 'FROM "sprints_sprint"' in sql:
            execute(f"EXPLAIN QUERY PLAN {sql}", params, *rest)
            plans.extend(row[3] for row in rest[1]["cursor"].fetchall())
        return execute(sql, params, *rest)

    with connection.execute_wrapper(explained):
        without_runner()
        release(take("wk1", identity()))
        held_here()
        queries.job()
        queries.hosts()
        waiting_for(started)

    reads = [plan for plan in plans if "sprints_sprint" in plan]
    assert any("sprint_held" in plan for plan in reads)
    assert not [plan for plan in reads if plan.startswith("SCAN") and "sprint_held" not in plan]


def test_a_store_that_is_deleted_under_a_sprint_is_no_success(store):
    set_gate("rm", str(store.config))
    operations.create("wk1", by="test")

    with pytest.raises(operations.StoreError, match="was deleted while sprint wk1 ran"):
        operations.run("wk1", StopRequest())
