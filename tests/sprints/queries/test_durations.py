"""Test that waiting for a person or a turn is not working time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sprints.models import Event
from sprints.queries.durations import split, times_of
from tests import studio

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
S = "/sprints/s1"
PAUSED = {"op": "add", "path": f"{S}/meta/waiting_for", "value": {"who": "an operator"}}
AT_A_GATE = {"op": "add", "path": f"{S}/meta/waiting_for", "value": {"who": "the gateway"}}
GOES_ON = {"op": "remove", "path": f"{S}/meta/waiting_for"}


def status(value: str) -> dict:
    return {"op": "replace", "path": f"{S}/status", "value": value}


def round_(status: str, code: str = "R0") -> dict:
    return {"op": "replace", "path": f"{S}/rounds/{code}/status", "value": status}


BEGUN = {"op": "add", "path": f"{S}/rounds/R0", "value": {"status": "pending"}}


def moments(*changes: tuple[int, list[dict]]) -> list:
    return [(NOON + timedelta(minutes=minute), change) for minute, change in changes]


@pytest.mark.parametrize(
    ("told", "minutes", "in_queue"),
    [
        ([], 60, 0),
        ([(0, [status("running")]), (60, [status("succeeded")])], 60, 0),
        ([(10, [AT_A_GATE]), (50, [GOES_ON])], 60, 0),
        ([(10, [PAUSED]), (50, [GOES_ON])], 10, 10),
        ([(10, [PAUSED]), (50, [GOES_ON]), (55, [AT_A_GATE])], 15, 5),
        ([(10, [PAUSED])], 10, 0),
        (
            [(10, [PAUSED]), (20, [GOES_ON, {"op": "replace", "path": f"{S}/meta", "value": {}}])],
            10,
            40,
        ),
        ([(10, [PAUSED]), (20, [GOES_ON, PAUSED]), (30, [GOES_ON])], 10, 30),
        ([(10, [PAUSED]), (15, [AT_A_GATE]), (30, [GOES_ON])], 55, 0),
        (
            [(10, [status("failed")]), (45, [status("running")]), (60, [status("succeeded")])],
            10,
            15,
        ),
        ([(10, [status("blocked"), PAUSED]), (45, [status("running"), GOES_ON])], 10, 15),
        ([(-9, [PAUSED]), (5, [GOES_ON]), (9, [AT_A_GATE])], 51, 4),
        ([(0, [status("running"), BEGUN]), (25, [round_("in_progress")])], 35, 25),
        ([(0, [status("running"), BEGUN])], 0, 60),
        (
            [
                (0, [status("running"), BEGUN]),
                (0, [round_("in_progress")]),
                (10, [round_("failed"), status("failed")]),
                (20, [status("running"), round_("pending")]),
                (40, [round_("in_progress")]),
                (60, [round_("done"), status("succeeded")]),
            ],
            30,
            20,
        ),
        ([(10, [PAUSED]), (500, [GOES_ON])], 10, 0),
        ([(10, [{"op": "replace", "path": "/sprints/s2/status", "value": "failed"}])], 60, 0),
    ],
)
def test_what_is_taken_off(told, minutes, in_queue):
    times = split("s1", NOON, NOON + timedelta(hours=1), moments(*told))

    assert (times.working_s, times.turn_s) == (minutes * 60, in_queue * 60)
    assert times.people_s == 3600 - times.working_s - times.turn_s


def test_the_queue_is_entered_once_and_left_with_the_turn():
    hour = NOON + timedelta(hours=1)
    queued = (5, [status("running"), BEGUN])
    noted = (20, [{"op": "replace", "path": f"{S}/title", "value": "another"}])

    assert split("s1", NOON, hour, moments(queued)).turn_since == NOON + timedelta(minutes=5)
    waits = split("s1", NOON, hour, moments(queued, noted, noted))
    assert waits.turn_since == NOON + timedelta(minutes=5)
    begun = split("s1", NOON, hour, moments(queued, (30, [round_("in_progress")])))
    assert (begun.turn_since, begun.turn_s) == (None, 25 * 60)


def test_the_time_between_a_failure_and_its_retry_is_not_run_time(store):
    studio.gate("false")
    studio.create("s1")
    studio.run("s1")
    failed_at = studio.sprint("s1").finished_at
    _age("s1", hours=5)
    studio.gate("true")
    studio.retry("s1")
    row = studio.sprint("s1")

    times = times_of([row], timezone.now())["s1"]

    assert (row.finished_at - failed_at).total_seconds() >= 0
    assert (row.finished_at - row.started_at).total_seconds() > 5 * 3600
    assert times.working_s < 60
    assert times.people_s > 4 * 3600


def test_a_sprint_that_has_not_started_ran_for_no_time(store):
    studio.create("s1")

    assert times_of(studio.sprints(), timezone.now()) == {}


def _age(sprint_id: str, hours: int) -> None:
    """As though all of that had been some hours ago."""
    back = timedelta(hours=hours)
    for event in Event.objects.filter(sprint_id=sprint_id):
        studio.forge("event", event.pk, ts=event.ts - back)
    row = studio.sprint(sprint_id)
    assert row.started_at
    studio.forge("sprint", sprint_id, started_at=row.started_at - back)
