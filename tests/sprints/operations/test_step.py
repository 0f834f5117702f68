"""Test ``sprint step`` with workers: the sprint pauses after one round, whatever dies."""

import pytest

from sprints import operations
from sprints.journal.verify import differences
from sprints.models import Event, Round, Sprint
from sprints.models.lease import without_runner
from sprints.queries.waiting import waiting_for
from sprints.queue import tasks
from sprints.runner.runner import StopRequest
from tests.world import set_gate


@pytest.fixture
def sprint(store) -> Sprint:
    """A sprint that has not been started."""
    return operations.create("wk1", by="test")


def done() -> int:
    return Round.objects.filter(status="done").count()


def now() -> Sprint:
    return Sprint.objects.get(pk="wk1")


def test_each_step_is_one_round_and_the_last_ends_the_sprint(store, sprint):
    for rounds in range(1, 7):
        operations.step("wk1", "sam")
        tasks.work("wk1")
        tasks.work("wk1")  # a message twice is no second step
        assert done() == rounds

    assert (now().status, now().meta) == ("succeeded", {"created_by": "test"})
    assert differences(store) == []


def test_between_steps_it_waits_for_the_one_who_asked_and_no_worker_takes_it(sprint):
    operations.step("wk1", "sam")
    assert without_runner() == now()
    tasks.work("wk1")

    assert waiting_for(now())["what"] == "a resume; paused by sam"
    assert now().meta["paused_why"] == "one round was asked for, R0_SETUP"
    assert Event.objects.last().body["data"] == {"code": "held_after_step", "by": "sam"}
    assert without_runner() is None


def test_a_step_that_is_asked_for_twice_is_one(sprint):
    operations.step("wk1", "sam")
    operations.step("wk1", "kim")
    tasks.work("wk1")

    assert done() == 1


@pytest.mark.parametrize("how", ["run", "start", "resume", "edit"])
def test_after_a_step_it_can_be_run_to_its_end(store, sprint, how):
    operations.step("wk1", "sam")
    tasks.work("wk1")

    {
        "run": lambda: operations.run("wk1", StopRequest()),
        "start": lambda: operations.start("wk1"),
        "resume": lambda: operations.resume("wk1", "kim"),
        "edit": lambda: operations.edit("wk1", "kim", meta={"automation_paused": None}),
    }[how]()
    tasks.work("wk1")

    assert now().status == "succeeded"
    assert now().meta == {"created_by": "test"}
    assert differences(store) == []


def test_a_run_that_is_asked_for_during_a_step_goes_on(sprint):
    operations.step("wk1", "sam")
    operations.start("wk1")
    tasks.work("wk1")

    assert now().status == "succeeded"


def test_a_pause_during_a_step_leaves_the_step_as_it_was(sprint):
    operations.step("wk1", "sam")
    operations.pause("wk1", "kim")
    with pytest.raises(operations.Refused, match="paused by kim"):
        operations.step("wk1", "sam")
    tasks.work("wk1")
    assert done() == 0

    operations.resume("wk1", "kim")
    tasks.work("wk1")

    assert done() == 1
    assert now().status == "running"


def test_a_step_that_fails_is_retried_to_the_end(store, sprint):
    set_gate("false")
    for _ in range(4):
        operations.step("wk1", "sam")
        tasks.work("wk1")
    assert now().status == "failed"
    set_gate("true")

    operations.start("wk1", again=True)
    tasks.work("wk1")

    assert now().status == "succeeded"
    assert differences(store) == []


def test_a_sprint_between_steps_can_be_cancelled(sprint):
    operations.step("wk1", "sam")
    tasks.work("wk1")

    assert operations.cancel("wk1", "kim") == "cancelled"


def test_a_sprint_that_has_ended_has_no_next_round(sprint):
    operations.run("wk1", StopRequest())

    with pytest.raises(operations.Refused, match="sprint wk1 is succeeded"):
        operations.step("wk1", "sam")


def test_a_foreground_step_after_one_with_the_workers_is_the_next_round(sprint):
    operations.step("wk1", "sam")
    tasks.work("wk1")

    operations.run("wk1", StopRequest(), one_round=True)

    assert done() == 2
