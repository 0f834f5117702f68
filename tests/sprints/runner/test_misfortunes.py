"""Test failures around a runner: they are no verdict on the work and leave nothing behind."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from sprints.contract.hook_spec import HookDefinition
from sprints.core import blocking_hooks
from sprints.definitions import hooks
from sprints.health.invariants import check_rows
from sprints.models import Delivery, Round, Sprint
from sprints.queue import tasks
from sprints.runner import activity_threads, runner
from sprints.runner.runner import StopRequest
from tests import studio

ONCE = "test -e again || { touch again; exec sleep 60; }"  # a gate that is well the second time


@pytest.fixture
def started(store) -> Callable[..., Sprint]:
    """A sprint that runs with nobody carrying it."""

    def start(**how: Any) -> Sprint:
        studio.create("wk1", by="sam", **how)
        return studio.start("wk1")

    return start


def runs() -> list[str]:
    return [run.status for run in studio.gate_runs()]


def lose_an_answer(monkeypatch, kind: str) -> None:
    """The first commit that begins with an event of that kind succeeds, and nobody hears of it."""
    real = vars(runner)["record"]
    lost: list[str] = []

    def record(sprint_id, moves, *args):
        events = real(sprint_id, moves, *args)
        if moves[0].kind == kind and not lost:
            lost.append(kind)
            raise OperationalError("the answer to COMMIT was lost")
        return events

    monkeypatch.setattr(runner, "record", record)


def test_a_gate_that_was_handed_back_while_the_database_was_away_is_run_again(started, monkeypatch):
    studio.gate("sh", "-c", ONCE)
    started()
    wish, real = StopRequest(), runner.record

    def record(*args):
        if wish.hand_back:
            raise OperationalError("the server closed the connection")
        return real(*args)

    monkeypatch.setattr(runner, "record", record)
    threading.Timer(1, lambda: setattr(wish, "hand_back", True)).start()
    with pytest.raises(OperationalError):
        runner.run_sprint(studio.take("wk1"), wish)
    monkeypatch.setattr(runner, "record", real)
    studio.work("wk1")

    assert studio.sprint().status == "succeeded"
    assert runs() == ["interrupted", "passed", "passed"]


def test_a_config_that_is_half_saved_ends_no_gate(started, store):
    studio.gate("sleep", "0.3", gate_id="a")
    studio.gate("sleep", "1.5")
    started(gates_at_once=2)
    whole = store.config.read_text()

    def edit() -> None:
        time.sleep(0.2)
        store.config.write_text(whole[:20])
        time.sleep(0.6)
        store.config.write_text(whole)

    editor = threading.Thread(target=edit)
    editor.start()
    runner.run_sprint(studio.take("wk1"), StopRequest())
    editor.join()

    assert studio.sprint().status == "succeeded"
    assert runs() == ["passed"] * 4


def test_a_gate_does_not_begin_once_its_carrier_may_have_lost_the_lease(
    started, store, monkeypatch
):
    studio.gate("touch", "ran")
    started()
    real = activity_threads.Attended.begin

    def frozen(self, *args):
        studio.forge("sprint", lease_beat=time.monotonic() - 60)
        assert studio.cancel("wk1", "sam") == "cancelled"
        monkeypatch.setattr(runner, "TTL_S", -45)  # as long as it was frozen
        real(self, *args)

    monkeypatch.setattr(activity_threads.Attended, "begin", frozen)
    with pytest.raises(runner.LeaseLost):
        runner.run_sprint(studio.take("wk1"), StopRequest())

    assert not (store.repo / "ran").exists()
    assert studio.sprint().status == "cancelled"


def test_a_carrier_that_woke_up_with_its_lease_runs_the_gate_again(started, store, monkeypatch):
    studio.gate("sh", "-c", "echo x >> ran")
    started()
    late = iter([time.monotonic() - 45])
    monkeypatch.setattr(
        runner.SprintRunner, "_not_after", lambda self: next(late, time.monotonic() + 15)
    )

    runner.run_sprint(studio.take("wk1"), StopRequest())

    assert studio.sprint().status == "succeeded"
    assert runs() == ["interrupted", "passed", "passed"]
    assert (store.repo / "ran").read_text() == "x\nx\n"


def test_a_lost_answer_to_the_start_of_a_second_gate_costs_a_run_at_most(started, monkeypatch):
    studio.gate("sleep", "0.2", gate_id="b")
    started(gates_at_once=2)
    lose_an_answer(monkeypatch, "gate_started")

    runner.run_sprint(studio.take("wk1"), StopRequest())

    assert studio.sprint().status == "succeeded"


def test_a_lost_answer_between_two_hooks_blocks_nothing(store, monkeypatch):
    for name in ("h1", "h2"):
        studio.hook(name, "command", ("round_start",), ("true",), blocking=True)
    studio.create("wk1", by="sam")
    lose_an_answer(monkeypatch, "hook_finished")

    after = studio.run("wk1")

    assert after.sprint.status == "succeeded"
    assert set(Delivery.objects.values_list("status", flat=True)) == {"delivered"}


def test_a_hook_that_was_said_to_be_waited_for_is_waited_for_though_it_is_removed(
    store, monkeypatch
):
    guard = HookDefinition(
        "guard", "command", ("round_start",), ("false",), tries=2, backoff_s=0.0, blocking=True
    )
    hooks.put(guard)
    studio.create("wk1", by="sam")
    wish, real = StopRequest(), blocking_hooks.answered

    def answered(*args):
        wish.hand_back = True
        return real(*args)

    monkeypatch.setattr(blocking_hooks, "answered", answered)
    studio.run("wk1", wish)
    hooks.remove("guard")
    after = studio.run("wk1")

    assert (after.sprint.status, after.sprint.current_round) == ("blocked", "R0_SETUP")
    assert [row.tries for row in Delivery.objects.all()] == [2]


def test_no_thread_for_a_gate_is_a_shortage_that_passes(started, monkeypatch):
    started()
    real = threading.Thread.start

    def start(self):
        if self.name.startswith("wk1/"):
            raise RuntimeError("can't start new thread")
        real(self)

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(OSError, match="can't start new thread"):
        studio.work("wk1")
    monkeypatch.setattr(threading.Thread, "start", real)
    studio.work("wk1")

    assert studio.sprint().status == "succeeded"
    assert runs()[0] == "interrupted"


def test_a_sprint_whose_engine_falls_under_a_gate_leaves_no_run_open(started, monkeypatch):
    started()

    def fall(*args):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(activity_threads.Attended, "begin", fall)
    with pytest.raises(ZeroDivisionError):
        studio.work("wk1")

    sprint = studio.sprint()
    assert (sprint.status, sprint.waiting) == ("failed", None)
    assert sprint.last_error == "engine_error:ZeroDivisionError: division by zero"
    assert runs() == ["interrupted"]
    assert not [*check_rows()]
    assert studio.verify().difference is None
    assert studio.check_rebuild().difference == ""


def test_the_events_of_a_sprint_that_waits_for_nothing_explain_that_its_engine_fell(
    started, monkeypatch
):
    started()

    def fall(*args):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(runner, "decide", fall)
    with pytest.raises(ZeroDivisionError):
        studio.work("wk1")

    assert studio.sprint().status == "failed"
    assert studio.verify().difference is None
    assert studio.check_rebuild().difference == ""


def test_rows_that_do_not_fit_together_end_their_sprint_and_hold_up_no_other(started):
    started()
    Round.objects.filter(code="R0_SETUP").update(status="blocked")

    with pytest.raises(runner.Stuck):
        studio.work("wk1")

    sprint = studio.sprint()
    assert sprint.status == "failed"
    assert sprint.last_error.startswith("engine_error:Stuck: ")
    with pytest.raises(studio.Refused, match="sprint wk1 has failed"):
        studio.run("wk1")


def test_a_wait_is_told_of_once_whatever_is_done_meanwhile(started, monkeypatch):
    studio.gate("sleep", "1.5", timeout_s=30.0)
    started()
    real = timezone.now

    def meddle() -> None:
        time.sleep(0.6)
        monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(hours=1))
        try:
            tasks.record_overdue()
            studio.pause("wk1", "sam")
            tasks.record_overdue()
            studio.resume("wk1", "sam")
            tasks.record_overdue()
        finally:
            monkeypatch.setattr(timezone, "now", real)
            connection.close()

    meddler = threading.Thread(target=meddle)
    meddler.start()
    studio.work("wk1")
    meddler.join()

    assert len(studio.events(line__contains='"wait_overdue"')) == 1
