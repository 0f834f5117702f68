"""Test that every broken invariant among rows and processes is found, without false alarms."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from gates.models import GateRun
from gates.process import identity
from sprints.effects.perform import token
from sprints.health.invariants import check_invariants, check_rows
from sprints.models import Event
from sprints.state.actors import GATEWAY
from sprints.state.event_format import stamp
from tests import studio
from tests.checkout import commit

LONG_AGO = timezone.now() - timedelta(hours=1)


@pytest.fixture
def ended(store):
    """A store with one sprint that succeeded."""
    studio.create("wk1")
    studio.run("wk1")
    studio.settle_files()
    return store


def said() -> list[str]:
    """What does not hold."""
    return [one.text for one in check_rows()]


def test_nothing_is_wrong_with_what_runs_fails_and_is_retried(ended):
    studio.gate("false")
    studio.create("wk2")
    studio.run("wk2")
    studio.gate("true")
    studio.gate("true", gate_id="another", rounds=("R3_BUILD_A_INTEGRATE", "R5_RELEASE_CANDIDATE"))
    studio.retry("wk2")
    studio.gate("false", gate_id="advisory", required=False)
    studio.create("wk3")
    studio.run("wk3")
    studio.settle_files()

    assert list(check_invariants(ended)) == []


def test_a_file_that_differs_is_one_of_them(ended):
    ended.events.write_text(ended.events.read_text().replace("sprint started", "sprint startet"))

    assert len(list(check_invariants(ended))) == 1


def test_two_verdicts_of_one_gate_are_found(ended):
    run = studio.gate_run(pk="wk1/qa_smoke_quick/2")
    run.pk, run.number = "wk1/qa_smoke_quick/3", 3
    run.save(force_insert=True)

    assert said() == ["gate qa_smoke_quick has 2 verdicts in wk1/R5_RELEASE_CANDIDATE, attempt 1"]


@pytest.fixture
def shipped(store, repo):
    """A store with one sprint whose work was shipped."""
    commit(repo, {"a": "1"})
    program = (sys.executable, "-c", "open('work', 'a').write('x'); print('Status: DONE')")
    studio.set_agent(runner="command", command=program)
    studio.create("wk1")
    studio.edit("wk1", "test", meta={"enable_auto_merge": True})
    studio.run("wk1")
    studio.settle_files()
    return store


def test_nothing_is_wrong_with_what_is_judged_again_and_shipped(shipped):
    assert studio.sprint().meta["shipping"]["status"] == "shipped"
    assert list(check_invariants(shipped)) == []


def test_a_verdict_more_than_merges_is_found(shipped):
    run = studio.gate_run(pk="wk1/qa_smoke_quick/3")
    run.pk, run.number = "wk1/qa_smoke_quick/4", 4
    run.save(force_insert=True)

    assert said() == ["gate qa_smoke_quick has 3 verdicts in wk1/R5_RELEASE_CANDIDATE, attempt 1"]


def test_what_was_shipped_without_a_verdict_on_the_merge_is_found(shipped):
    studio.forge("gaterun", "wk1/qa_smoke_quick/3", status="interrupted")

    assert "sprint wk1 shipped what qa_smoke_quick had not passed" in said()


def test_a_run_that_is_missing_is_found(ended):
    GateRun.objects.filter(pk="wk1/qa_smoke_quick/1").delete()

    assert said() == [
        "gate qa_smoke_quick of sprint wk1 has 1 runs, and the last is number 2",
        "sprint wk1 succeeded, and qa_smoke_quick had not passed in R3_BUILD_A_INTEGRATE",
    ]


@pytest.mark.parametrize("status", ["failed", "error", "timed_out", "cancelled", "interrupted"])
def test_a_success_over_a_gate_that_is_not_green_is_found(ended, status):
    studio.forge("gaterun", "wk1/qa_smoke_quick/2", status=status)

    assert said() == [
        "sprint wk1 succeeded, and qa_smoke_quick had not passed in R5_RELEASE_CANDIDATE"
    ]


def test_a_green_verdict_of_an_earlier_attempt_does_not_count(ended):
    studio.forge("sprint", "wk1", attempt=2)
    from sprints.models import Task

    Task.objects.filter(round="wk1/R5_RELEASE_CANDIDATE").update(attempt=2)

    assert said() == [
        "sprint wk1 succeeded, and qa_smoke_quick had not passed in R5_RELEASE_CANDIDATE"
    ]


def test_a_run_without_a_verdict_in_a_sprint_that_ended_is_found(ended):
    studio.forge("gaterun", "wk1/qa_smoke_quick/2", status="running")

    assert "run wk1/qa_smoke_quick/2 has no verdict, and its sprint ended" in said()


def test_a_process_that_outlived_its_run_is_found(ended):
    run = studio.gate_run(pk="wk1/qa_smoke_quick/2")
    left = subprocess.Popen(["sleep", "300"], env={**os.environ, "STUDIO_GATEWAY_RUN": token(run)})
    try:
        assert said() == [], "it may still be ending"
        studio.forge("gaterun", run.pk, finished_at=LONG_AGO)

        assert said() == [f"process {left.pid} is left of run {run.pk}, which ended"]
    finally:
        left.kill()
        left.wait()


def test_a_question_that_is_still_open_in_a_sprint_that_ended_is_found(ended):
    studio.forge("task", "wk1/R2_PLAN_CONFIRM/lead_agent_01", status="in_progress")

    assert said() == ["task wk1/R2_PLAN_CONFIRM/lead_agent_01 has no answer, and its sprint ended"]


def test_a_process_that_outlived_its_answer_is_found(ended):
    task = studio.task(pk="wk1/R2_PLAN_CONFIRM/lead_agent_01")
    task.details["started_ts"] = stamp(LONG_AGO)
    task.updated_at = LONG_AGO
    task.save()
    cookie = f"{task.pk}@{stamp(LONG_AGO)}"
    left = subprocess.Popen(["sleep", "60"], env=os.environ | {"STUDIO_GATEWAY_RUN": cookie})
    try:
        assert said() == [f"process {left.pid} is left of task {task.pk}, which ended"]
    finally:
        left.kill()
        left.wait()


def test_two_sprints_that_are_carried_at_once_are_found(store):
    for name in ("wk1", "wk2"):
        studio.create(name)
        studio.start(name)
        studio.take(name)
        studio.forge("sprint", "wk1", lease_owner="")
    studio.forge("sprint", lease_owner=str(identity()))

    assert len(said()) == 1
    assert said()[0].startswith(f"several sprints run at once in {store.place}: wk1 by ")


def test_a_sprint_that_ended_and_is_still_held_is_found(ended):
    studio.forge(
        "sprint", lease_owner=str(identity()), lease_beat=time.monotonic(), finished_at=LONG_AGO
    )

    assert said()[0].startswith("sprint wk1 is succeeded, and still held by process ")


@pytest.fixture
def without_runner(store):
    """A sprint that runs, in silence, and that nobody carries."""
    studio.create("wk1")
    studio.start("wk1")
    studio.forge("event", ts=LONG_AGO)
    return store


def test_a_sprint_that_nobody_is_there_to_carry_waits_and_says_so(without_runner):
    (found,) = check_rows()

    assert found.waits
    assert found.text == "sprint wk1 runs, and nobody is there to carry it"
    assert "studio-gateway sprint run wk1" in found.remedy


def test_a_sprint_that_living_workers_leave_in_silence_is_found(without_runner):
    add_host("here", without_runner.place)

    assert said()[0].startswith("sprint wk1 runs, no worker has taken it up since ")
    studio.pause("wk1", "sam")
    assert said() == []


def beside() -> None:
    """Another host on the same database, that carries a sprint and tells of it."""
    add_host("another", "/another")
    studio.create("wk2")
    studio.start("wk2")
    studio.take("wk2")
    studio.forge("sprint", "wk2", home="/another")


def add_host(name: str, place: str) -> None:
    """A host whose watch lives."""
    studio.host(name, place=place)


def test_a_busy_host_does_not_hide_that_another_leaves_a_sprint_in_silence(without_runner):
    studio.forge("sprint", home=without_runner.place)
    add_host("here", without_runner.place)
    beside()

    assert [text.partition(" since ")[0] for text in said()] == [
        "sprint wk1 runs, no worker has taken it up"
    ]


def test_a_sprint_of_no_host_waits_for_one_that_is_free(without_runner):
    beside()

    assert said() == [], "its turn comes when the other host is free"
    studio.forge("sprint", "wk2", lease_owner="", status="succeeded")
    assert said() == [], "the other host may be about to"
    studio.forge("event", ts=LONG_AGO)
    assert said()[0].startswith("sprint wk1 runs, no worker has taken it up since ")


def test_a_sprint_that_waits_because_enough_are_carried_is_no_silence(without_runner):
    studio.forge("sprint", home=without_runner.place)
    add_host("here", without_runner.place)
    beside()

    studio.configure("max_concurrent_global", "1", "sam")
    studio.forge("event", ts=LONG_AGO)

    assert said() == []


def test_a_gate_that_is_long_over_its_time_is_found(without_runner):
    studio.take("wk1")
    until = {"since_ts": stamp(LONG_AGO), "until_ts": stamp(LONG_AGO)}
    studio.forge("sprint", waiting={"what": "gate qa_smoke_quick", "who": GATEWAY} | until)

    assert said()[0].startswith("sprint wk1 waits for gate qa_smoke_quick, due at ")


def test_the_doctor_tells_them(ended, invoke):
    assert "every running sprint advances" in invoke("doctor").out

    studio.forge("gaterun", "wk1/qa_smoke_quick/2", status="failed")

    assert "qa_smoke_quick had not passed" in invoke("doctor").out


def test_two_verdicts_of_an_earlier_contract_that_reran_gates_are_sound(ended):
    studio.gate_run(pk="wk1/qa_smoke_quick/2")
    GateRun.objects.filter(pk="wk1/qa_smoke_quick/2").update(round_id="wk1/R3_BUILD_A_INTEGRATE")
    assert [text for text in said() if "2 verdicts" in text]

    row = Event.objects.filter(sprint_id="wk1", kind="note", line__contains='"contract": {').get()
    whole = json.loads(row.line)
    whole["data"]["contract"]["rerun_red"] = True
    Event.objects.filter(pk=row.pk).update(line=json.dumps(whole))

    assert not [text for text in said() if "2 verdicts" in text]
