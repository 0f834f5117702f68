"""Test that an agent without output and computing time is stopped, and an active one is not."""

from pathlib import Path

import pytest

from gates.process import Stop
from sprints.agents.idle_watchdog import QUIET, Quiet


class Clock:
    """A clock that the test turns, and a CPU that has used ``spent`` seconds."""

    def __init__(self) -> None:
        self.now, self.spent = 100.0, 1.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(tmp_path: Path, clock: Clock) -> Quiet:
    """A watch of ten seconds."""
    return Quiet(lambda: None, tmp_path, 10.0, spent=lambda folder: clock.spent, clock=clock)


def watched(watch: Quiet, clock: Clock, seconds: int, each=lambda: None) -> list[Stop]:
    """What it says over that time, a look every second."""
    found = []
    for _ in range(seconds):
        clock.now += 1
        each()
        if stop := watch():
            found.append(stop)
    return found


def test_ten_silent_seconds_are_the_end(watch, clock, tmp_path):
    (tmp_path / "stdout.txt").write_text("one\n\nProceed? [y/N]\x07\n")

    assert not watched(watch, clock, 10)
    (said, *_) = watched(watch, clock, 2)

    assert said.reason.startswith(f"{QUIET} for 10 s; it had printed last: one | Proceed? [y/N]")
    assert not said.kill


def test_output_begins_the_time_anew(watch, clock, tmp_path):
    (tmp_path / "stderr.txt").touch()

    def prints():
        with (tmp_path / "stderr.txt").open("a") as file:
            file.write("." if int(clock.now) % 9 == 0 else "")

    assert not watched(watch, clock, 200, prints)


def test_a_program_that_computes_is_not_idle(watch, clock):
    def computes():
        clock.spent += 0.02

    assert not watched(watch, clock, 200, computes)


def test_a_program_that_wakes_up_now_and_then_is_idle(watch, clock):
    def wakes():
        clock.spent += 0.002

    assert watched(watch, clock, 20, wakes)


def test_where_the_system_does_not_tell_cpu_times_nothing_is_stopped(watch, clock):
    clock.spent = None

    assert not watched(watch, clock, 200)


def test_for_ever_is_for_ever(tmp_path, clock):
    watch = Quiet(lambda: None, tmp_path, 0.0, spent=lambda folder: 1.0, clock=clock)

    assert not watched(watch, clock, 200)


def test_a_stop_by_others_comes_first(tmp_path, clock):
    stop = Stop("cancelled")
    watch = Quiet(lambda: stop, tmp_path, 10.0, spent=lambda folder: 1.0, clock=clock)

    assert watched(watch, clock, 3) == [stop] * 3
