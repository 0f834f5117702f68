"""Test that gates of one round run side by side where the contract allows it."""

import time
from dataclasses import replace

import pytest

from gates.models import GateRun
from sprints.contract.contract import DEFAULT_GATE
from sprints.core.actions import Begun, FailAtGate, Recover, RunGate
from sprints.core.decide import decide
from sprints.core.reducer import reduce
from sprints.runner.activity_threads import TICK_S, Attended
from sprints.runner.runner import StopRequest
from sprints.state.snapshot import evolve
from tests import studio
from tests.e2e.conftest import processes_of
from tests.engine import GREEN, NOON, RED, begun, fresh, judged, step

ALL = ("one", "two", "three")


@pytest.fixture
def trio(store):
    """Three gates, each of which ends once all of them have begun."""
    for name in ALL:
        others = " && ".join(f"test -e {other}" for other in ALL)
        wait = f"touch {name}; until {others}; do sleep 0.05; done"
        studio.gate(
            "sh", "-c", wait, gate_id=name, timeout_s=20.0, rounds=("R3_BUILD_A_INTEGRATE",)
        )
    studio.gate("true", rounds=("R5_RELEASE_CANDIDATE",))
    return store


def test_gates_that_need_each_other_pass_side_by_side(trio):
    studio.create("wk1", gates_at_once=3)

    after = studio.run("wk1")

    assert after.sprint.status == "succeeded"
    runs = GateRun.objects.filter(gate_id__in=ALL)
    assert [run.status for run in runs] == ["passed"] * 3
    assert max(run.started_at for run in runs) < min(run.finished_at for run in runs)


def test_gates_run_one_after_another_where_nothing_else_is_said(store):
    for name in ALL:
        studio.gate("sh", "-c", "mkdir alone && sleep 0.1 && rmdir alone", gate_id=name)
    studio.create("wk1")

    assert studio.run("wk1").sprint.status == "succeeded"


def test_a_red_gate_waits_for_those_that_run_and_starts_no_other(store):
    studio.gate("false", gate_id="a")
    studio.gate("sh", "-c", "sleep 0.7; echo evidence", gate_id="b")
    studio.gate("true", gate_id="c")
    studio.create("wk1", gates_at_once=2)
    from gates.models import Gate

    Gate.objects.filter(pk="qa_smoke_quick").delete()

    after = studio.run("wk1")

    assert after.sprint.last_error == "gate_failed:a exit_code=1"
    assert {run.gate_id: run.status for run in after.gate_runs} == {"a": "failed", "b": "passed"}
    assert (store.artifacts / "wk1/gates/b/stdout.txt").read_text() == "evidence\n"


def test_a_cancel_ends_all_gates_that_run(store):
    for name in ALL:
        studio.gate("sleep", "300", gate_id=name, rounds=("R3_BUILD_A_INTEGRATE",))
    studio.gate("true", rounds=("R5_RELEASE_CANDIDATE",))
    studio.create("wk1", gates_at_once=3)

    class Impatient(StopRequest):
        """Cancels once all three run."""

        @property
        def cancel_by(self) -> str:
            return "sam" if len(studio.events("gate_started")) == 3 else ""

        @cancel_by.setter
        def cancel_by(self, value: str) -> None:
            pass

    after = studio.run("wk1", Impatient())

    assert after.sprint.status == "cancelled"
    assert [run.status for run in after.gate_runs] == ["cancelled"] * 3


def test_a_fault_in_one_gates_thread_leaves_no_other_running(store, monkeypatch):
    studio.gate("sleep", "300", gate_id="long")
    studio.gate("true", gate_id="odd")
    studio.create("wk1", gates_at_once=3)
    from gates.kinds import KINDS, command

    def judge(gate, place, tick):
        if gate.gate_id == "odd":
            raise MemoryError("as a thread may run into")
        return command.judge(gate, place, tick)

    monkeypatch.setitem(KINDS, "command", judge)
    with pytest.raises(MemoryError):
        studio.run("wk1")

    assert not processes_of(store.repo)


def at_gates(at_once: int):
    """A sprint whose next step is the first of three gates, up to ``at_once`` at a time."""
    gates = tuple(replace(DEFAULT_GATE, gate_id=name) for name in ALL)
    snapshot = fresh({"gates_at_once": at_once}, gates)
    while not isinstance(decide(snapshot), RunGate):
        snapshot, _, _ = step(snapshot, lambda action: GREEN, snapshot.at)
    return snapshot


def run_beside(snapshot, action):
    return evolve(snapshot, reduce(snapshot, action, begun(snapshot)), snapshot.at)


def test_what_another_left_is_looked_after_though_we_attend_to_a_gate_of_our_own():
    snapshot = run_beside(at_gates(3), decide(at_gates(3)))
    snapshot = run_beside(snapshot, decide(snapshot, {"s1/one/1"}))

    assert decide(snapshot, {"s1/one/1"}) == Recover("s1/two/1")


def test_no_gate_is_started_beside_others_over_the_number_or_after_a_red_one():
    code = "R3_BUILD_A_INTEGRATE"
    first = run_beside(at_gates(2), decide(at_gates(2)))
    second = run_beside(first, decide(first, {"s1/one/1"}))
    red = evolve(second, reduce(second, RunGate(code, "one"), judged(second, RED)), second.at)
    both = evolve(red, reduce(red, RunGate(code, "two"), judged(red, GREEN)), red.at)

    assert decide(first, {"s1/one/1"}) == RunGate(code, "two")
    assert decide(second, {"s1/one/1", "s1/two/1"}) is None
    assert decide(red, {"s1/two/1"}) is None
    assert decide(both) == FailAtGate(code, "s1/one/1")


def test_what_is_recovered_is_watched_for_as_long_as_it_takes_and_fails_aloud():
    attended, watched = Attended(), []

    def watch():
        watched.append(1)

    outcome = attended.alone(lambda: time.sleep(3 * TICK_S) or Begun(NOON), watch)
    with pytest.raises(ValueError, match="no such thing"):
        attended.alone(lambda: int("no such thing") and Begun(NOON), watch)

    assert outcome == Begun(NOON)
    assert len(watched) > 2
    assert not attended.ids
