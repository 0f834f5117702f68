"""Test ``sprint step`` with workers: the sprint pauses after one round, whatever dies."""

import pytest

from sprints.models import Round, Sprint
from sprints.models.lease import without_runner
from sprints.queries.waiting import waiting_for
from tests import studio


@pytest.fixture
def sprint(store) -> Sprint:
    """A sprint that has not been started."""
    return studio.create("wk1")


def done() -> int:
    return Round.objects.filter(status="done").count()


def now() -> Sprint:
    return studio.sprint("wk1")


def test_each_step_is_one_round_and_the_last_ends_the_sprint(store, sprint):
    for rounds in range(1, 7):
        studio.step("wk1", "sam")
        studio.work("wk1")
        studio.work("wk1")  # a message twice is no second step
        assert done() == rounds

    assert (now().status, now().meta) == ("succeeded", {"created_by": "test"})
    assert studio.differences() == []


def test_between_steps_it_waits_for_the_one_who_asked_and_no_worker_takes_it(sprint):
    studio.step("wk1", "sam")
    assert without_runner() == now()
    studio.work("wk1")

    assert waiting_for(now())["what"] == "a resume; paused by sam"
    assert now().meta["paused_why"] == "one round was asked for, R0_SETUP"
    assert studio.last_event()["data"] == {"code": "held_after_step", "by": "sam"}
    assert without_runner() is None


def test_a_step_that_is_asked_for_twice_is_one(sprint):
    studio.step("wk1", "sam")
    studio.step("wk1", "kim")
    studio.work("wk1")

    assert done() == 1


@pytest.mark.parametrize("how", ["run", "start", "resume", "edit"])
def test_after_a_step_it_can_be_run_to_its_end(store, sprint, how):
    studio.step("wk1", "sam")
    studio.work("wk1")

    {
        "run": lambda: studio.run("wk1"),
        "start": lambda: studio.start("wk1"),
        "resume": lambda: studio.resume("wk1", "kim"),
        "edit": lambda: studio.edit("wk1", "kim", meta={"automation_paused": None}),
    }[how]()
    studio.work("wk1")

    assert now().status == "succeeded"
    assert now().meta == {"created_by": "test"}
    assert studio.differences() == []


def test_a_run_that_is_asked_for_during_a_step_goes_on(sprint):
    studio.step("wk1", "sam")
    studio.start("wk1")
    studio.work("wk1")

    assert now().status == "succeeded"


def test_a_pause_during_a_step_leaves_the_step_as_it_was(sprint):
    studio.step("wk1", "sam")
    studio.pause("wk1", "kim")
    with pytest.raises(studio.Refused, match="paused by kim"):
        studio.step("wk1", "sam")
    studio.work("wk1")
    assert done() == 0

    studio.resume("wk1", "kim")
    studio.work("wk1")

    assert done() == 1
    assert now().status == "running"


def test_a_step_that_fails_is_retried_to_the_end(store, sprint):
    studio.gate("false")
    for _ in range(4):
        studio.step("wk1", "sam")
        studio.work("wk1")
    assert now().status == "failed"
    studio.gate("true")

    studio.start("wk1", again=True)
    studio.work("wk1")

    assert now().status == "succeeded"
    assert studio.differences() == []


def test_a_sprint_between_steps_can_be_cancelled(sprint):
    studio.step("wk1", "sam")
    studio.work("wk1")

    assert studio.cancel("wk1", "kim") == "cancelled"


def test_a_sprint_that_has_ended_has_no_next_round(sprint):
    studio.run("wk1")

    with pytest.raises(studio.Refused, match="sprint wk1 has succeeded"):
        studio.step("wk1", "sam")


def test_a_foreground_step_after_one_with_the_workers_is_the_next_round(sprint):
    studio.step("wk1", "sam")
    studio.work("wk1")

    studio.run("wk1", one_round=True)

    assert done() == 2
