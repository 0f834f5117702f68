"""Workers, pauses and the queue: what is refused before anything starts."""

import pytest

from sprints import operations


def made(name: str) -> None:
    """Create a sprint, its files complete as after a command."""
    operations.create(name, by="test")
    operations.settle_files()


@pytest.mark.parametrize("number", ["0", "-1", "65", "two", "1.5", ""])
def test_a_number_of_workers_that_cannot_be(refused, number):
    assert "--workers" in refused("worker", f"--workers={number}")


@pytest.mark.parametrize("name", ["", " ", "a/b", "a b", "-x", "x" * 65, "a\nb"])
def test_a_name_that_no_host_can_have(refused, name):
    assert "cannot be the name of a host" in refused("worker", f"--name={name}")


@pytest.mark.parametrize("act", ["pause", "resume"])
def test_a_sprint_that_is_not_there_is_neither_paused_nor_resumed(refused, act):
    assert "no sprint nosuch" in refused("sprint", act, "nosuch")


def test_a_sprint_that_is_not_paused_is_not_resumed(refused, store):
    made("wk1")

    assert "is not paused" in refused("sprint", "resume", "wk1")


@pytest.mark.parametrize("why", ["x" * 201, "two\nlines", "\x1b[2J"])
def test_a_reason_is_one_line(refused, store, why):
    made("wk1")

    assert "a reason is one line" in refused("sprint", "pause", "wk1", f"--why={why}")


@pytest.mark.parametrize("act", ["run", "retry"])
def test_a_cancelled_sprint_that_never_ran_is_not_queued(refused, store, act):
    made("wk1")
    operations.cancel("wk1", "sam")
    operations.settle_files()

    assert "is cancelled" in refused("sprint", act, "wk1", "--queue")
