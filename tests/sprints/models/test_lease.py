"""Test that one process runs a sprint, and that a process without the lease is refused."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from gates.process import identity
from sprints import operations, queries
from sprints.models import Sprint
from sprints.models.lease import (
    TTL_S,
    LeaseUnavailable,
    held_here,
    holder,
    release,
    take,
    without_runner,
)
from sprints.queries.waiting import waiting_for
from sprints.runner.runner import LeaseLost, StopRequest, run_sprint
from tests import studio

ELSEWHERE = replace(identity(), host="elsewhere")


@pytest.fixture
def started(store) -> Sprint:
    """A sprint that runs and that nobody carries."""
    studio.create("wk1")
    studio.start("wk1")
    return studio.sprint("wk1")


def test_what_a_carrier_says_after_it_lost_the_lease_is_refused(started):
    lease = take("wk1", identity())
    Sprint.objects.filter(pk="wk1").update(lease_token=lease.token + 1)
    before = studio.seq()

    with pytest.raises(LeaseLost):
        run_sprint(lease, StopRequest())

    assert studio.seq() == before


def test_a_carrier_that_loses_the_lease_while_a_gate_runs_stops_the_gate(started):
    studio.gate("sleep", "300")
    Sprint.objects.filter(pk="wk1").update(status="created")
    from sprints.models import Round

    Round.objects.all().delete()
    lease = take("wk1", identity())

    class Thief(StopRequest):
        """Somebody takes the sprint as soon as the engine looks."""

        @property
        def hand_back(self) -> bool:
            if studio.events("gate_started"):
                Sprint.objects.filter(pk="wk1").update(lease_token=lease.token + 1)
            return False

        @hand_back.setter
        def hand_back(self, value: bool) -> None:
            pass

    studio.start("wk1")
    with pytest.raises(LeaseLost):
        run_sprint(lease, Thief())

    assert not studio.events("gate_finished")


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
    row = studio.sprint("wk1")

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

    assert (holder(studio.sprint("wk1")) is not None) is held


def test_a_lease_is_renewed_while_a_gate_runs(store, monkeypatch):
    monkeypatch.setattr("sprints.runner.runner.BEAT_S", 0.3)
    studio.gate("sleep", "1.2")
    studio.create("wk1")
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
    studio.gate("rm", str(store.config))
    studio.create("wk1")

    with pytest.raises(operations.StoreError, match="was deleted while sprint wk1 ran"):
        studio.run("wk1")
