"""Test the queue: who is in it, in which order, and why it does not move."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

from sprints import queries
from sprints.queries import board
from sprints.state.wait_reason import WaitCode
from tests import studio


def queued(*names: str) -> None:
    """Create the sprints, and hand them to the workers in that order."""
    for name in names:
        studio.create(name)
        studio.start(name)


def order() -> list[tuple[str, int, int]]:
    return [(one["sprint_id"], one["place"], one["places"]) for one in queries.queue()]


def wait(name: str) -> Any:
    return queries.waiting_for(studio.sprint(name))


def shown(name: str) -> str:
    return queries.shown_status(studio.sprint(name).status, wait(name))


def host(**more: Any) -> None:
    studio.host(place=settings.STORE.place, **more)


def test_the_order_is_that_of_the_starts(store):
    host()
    queued("b", "a", "c")
    studio.create("d")

    assert order() == [("b", 1, 3), ("a", 2, 3), ("c", 3, 3)]
    assert wait("b")["what"] == "its turn, next of 3"
    assert wait("c")["what"] == "its turn, place 3 of 3"
    assert [shown(name) for name in "abcd"] == ["queued", "queued", "queued", "created"]


def test_the_one_that_runs_is_not_in_the_queue_and_is_named(store):
    host()
    queued("a", "b", "c")
    lease = studio.take("a")

    assert order() == [("b", 1, 2), ("c", 2, 2)]
    assert (wait("b")["code"], wait("b")["before"]) == (WaitCode.TURN, "a")
    assert shown("a") == "running"
    studio.release(lease)


def test_a_sprint_of_a_dead_process_is_in_the_queue_again_at_its_old_place(store):
    host()
    queued("a", "b")
    studio.take("a")
    studio.forge("sprint", "a", lease_beat=-1000.0)

    assert [name for name, *_ in order()] == ["a", "b"]
    assert shown("a") == "queued"


def test_what_is_paused_or_cancelled_is_in_no_queue(store):
    host()
    queued("a", "b", "c")
    studio.pause("a", "sam")
    studio.forge("sprint", "b", cancel_by="sam")

    assert order() == [("c", 1, 1)]
    assert [shown(name) for name in "abc"] == ["paused", "running", "queued"]
    studio.resume("a", "sam")
    assert [name for name, *_ in order()] == ["a", "c"]


def test_without_a_worker_it_says_that_none_is_alive(store):
    queued("a")

    assert wait("a")["code"] == WaitCode.NO_WORKER
    host(seen_at=timezone.now() - timedelta(minutes=5))
    assert wait("a")["code"] == WaitCode.NO_WORKER
    assert shown("a") == "queued"


def test_with_workers_that_do_not_answer_it_says_so(store):
    host(worked_at=timezone.now() - timedelta(minutes=1))
    queued("a", "b")

    assert wait("a")["code"] == WaitCode.NO_ANSWER
    lease = studio.take("a")
    assert wait("b")["code"] == WaitCode.TURN
    studio.release(lease)


def test_at_the_limit_it_names_the_limit(store):
    host()
    queued("a", "b")
    lease = studio.take("a")
    studio.forge("sprint", "a", home="/elsewhere")
    studio.configure("max_concurrent_global", "1", "sam")

    assert (wait("b")["code"], wait("b")["most"]) == (WaitCode.LIMIT, 1)
    studio.release(lease)


def test_a_paused_gateway_shows_no_sprint_as_queued(store):
    host()
    queued("a")
    studio.configure("automation_paused", "true", "sam")

    assert (shown("a"), wait("a")["code"]) == ("paused", WaitCode.ALL_PAUSED)
    assert queries.queue() == []


def test_sprints_of_two_hosts_are_in_two_queues(store):
    host()
    studio.host("there", place="/there")
    queued("a", "b", "c")
    studio.forge("sprint", "a", home="/there")
    studio.forge("sprint", "b", home=settings.STORE.place)

    assert order() == [("a", 1, 2), ("b", 1, 2), ("c", 3, 3)]
    assert wait("a")["who"] == "a worker of there"


@pytest.mark.parametrize("lost", ["a", "b"])
def test_a_lost_message_costs_no_sprint_its_turn(store, lost):
    queued("a", "b")
    OrmQ.objects.all().delete()

    studio.work({"a": "b", "b": "a"}[lost])

    assert [studio.sprint(name).status for name in "ab"] == ["succeeded", "running"]
    studio.work("b")
    assert studio.sprint("b").status == "succeeded"


def test_a_sprint_that_is_moved_first_is_the_next_until_it_ends(store):
    queued("a", "b", "c")

    studio.move_first("c", "sam")
    studio.move_first("b", "sam")

    assert [name for name, *_ in order()] == ["b", "c", "a"]
    (event, _) = studio.events(line__contains="moved_first")
    assert (event["sprint_id"], event["data"]["by"]) == ("c", "sam")
    studio.work("a")  # the hint of another
    assert [studio.sprint(name).status for name in "abc"] == ["running", "succeeded", "running"]
    assert "queue_first_ts" not in studio.sprint("b").meta
    studio.settle_files()
    assert studio.differences() == []
    assert studio.replay_all().divergence is None


def test_a_retry_has_the_place_of_its_start_again(store):
    studio.gate("false")
    queued("a", "b")
    studio.move_first("b", "sam")
    studio.work("b")

    studio.start("b", again=True)

    assert studio.sprint("b").status == "running"
    assert [name for name, *_ in order()] == ["a", "b"]


def test_what_is_not_queued_is_not_moved(store):
    host()
    queued("a", "b", "c")
    studio.create("d")
    lease = studio.take("a")
    studio.pause("b", "sam")
    studio.forge("sprint", "c", cancel_by="sam")
    before = studio.seq()

    why = {
        "a": "it is running",
        "b": "it is paused by sam.*; to continue: studio-gateway sprint resume b",
        "c": "it is running",
        "d": "it is created; to queue it: studio-gateway sprint run d --queue",
    }
    for name, text in why.items():
        with pytest.raises(studio.NotNow, match=f"sprint {name} is not queued; {text}"):
            studio.move_first(name, "sam")

    assert studio.seq() == before
    studio.release(lease)


def test_since_when_it_waits_does_not_change_with_an_edit(store):
    host()
    queued("a")
    since = wait("a")["since_ts"]

    studio.edit("a", "sam", "another title")

    assert wait("a")["since_ts"] == since


def test_the_lines_of_the_dashboard_are_in_the_order_of_the_turns(store):
    host()
    queued("c", "a", "b")
    lease = studio.take("a")

    lines = board.lines(board.running())

    assert [line.sprint_id for line in lines] == ["a", "c", "b"]
    assert [line.shown for line in lines] == ["running", "queued", "queued"]
    studio.release(lease)
