"""Test that workers count as silent when they owe an answer, whatever any clock shows."""

from datetime import timedelta

import pytest
from django.db.models import F

from sprints.queue import liveness
from sprints.queue.liveness import Silence
from tests import studio


class Time:
    """The clock that counts from boot, in our hands."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch) -> Time:
    clock = Time()
    monkeypatch.setattr(liveness, "monotonic", clock)
    return clock


@pytest.fixture
def workers(store, time) -> Silence:
    """The two of a host, started a minute ago, that have answered every beat."""
    studio.host(place=store.place)
    workers = Silence("here", 2)
    assert not wait(workers, time, 60)
    return workers


def wait(workers: Silence, time: Time, seconds: int) -> bool:
    """Look every second; whether they were silent at any of the looks."""
    found = False
    for _ in range(seconds):
        time.now += 1
        found |= workers.look()
    return found


def answer() -> None:
    """What a worker does on a beat."""
    studio.forge("host", worked_at=F("worked_at") + timedelta(milliseconds=1))


def test_a_beat_without_an_answer_is_a_silence_soon(workers, time):
    workers.asked()

    assert not wait(workers, time, 5)
    assert wait(workers, time, 3)


def test_an_answer_ends_it(workers, time):
    for _ in range(5):
        workers.asked()
        assert not wait(workers, time, 4)
        answer()
        assert not wait(workers, time, 1)


def test_a_beat_that_was_never_asked_for_is_no_silence(workers, time):
    answer()

    assert not wait(workers, time, 600)


def test_a_clock_that_is_set_is_no_silence(workers, time):
    workers.asked()

    for hours in (-2, 2, -48):
        studio.forge("host", worked_at=F("worked_at") + timedelta(hours=hours))
        assert not wait(workers, time, 2)


def test_what_we_slept_through_ourselves_is_no_silence(workers, time):
    workers.asked()
    wait(workers, time, 1)

    time.now += 3600

    assert not workers.look()
    assert wait(workers, time, 8)


def test_what_could_not_be_asked_is_excused_until_it_is_asked_again(workers, time):
    workers.asked()
    wait(workers, time, 5)

    workers.excuse()

    assert not wait(workers, time, 60)
    workers.asked()
    assert not wait(workers, time, 5)
    assert wait(workers, time, 3)


def test_a_cluster_that_was_just_started_is_given_time(workers, time):
    workers.begin()
    workers.asked()

    assert not wait(workers, time, 10)
    assert wait(workers, time, 2)


def test_workers_that_all_carry_a_sprint_are_not_silent_nor_when_the_last_one_ends(workers, time):
    few = Silence("here", 1)
    wait(few, time, 20)
    studio.create("wk1")
    studio.start("wk1")
    lease = studio.take("wk1")
    few.asked()

    assert not wait(few, time, 600)
    studio.release(lease)
    assert not wait(few, time, 5)
    assert wait(few, time, 3)
