"""Test what an unfinished sprint waits for, whom it asks, and since when."""

import json
from datetime import timedelta

from django.conf import settings

from gates.process import identity
from sprints.queries.waiting import waiting_for
from sprints.queue import tasks
from sprints.state.event_format import stamp
from tests import studio


def waits(name: str = "wk1"):
    return waiting_for(studio.sprint(name))


def meta(name: str = "wk1"):
    """The sprint's meta as state.json has it."""
    sprint: dict = json.loads(settings.STORE.state.read_text())["sprints"][name]
    return sprint["meta"]


def test_a_sprint_waits_for_a_start_then_for_a_worker_then_for_nothing(store):
    studio.create("wk1")
    assert (waits()["what"], waits()["who"]) == ("a start", "an operator")

    studio.start("wk1")
    assert (waits()["what"], waits()["who"]) == (
        "a worker, next of 1; none is alive, start one with: studio-gateway worker",
        "a worker",
    )
    assert waits()["since_ts"] == stamp(studio.sprint("wk1").started_at)

    studio.run("wk1")
    assert waits() is None


def test_a_running_gate_is_named_with_its_carrier_and_when_it_is_overdue(store):
    studio.gate("sleep", "1", timeout_s=7.0, grace_s=2.0)
    studio.create("wk1")
    seen: list[dict] = []
    on_record: list[dict] = []

    class Looking(studio.StopRequest):
        """A wish that looks whenever the engine asks for it."""

        @property
        def hand_back(self) -> bool:
            if studio.gate_runs(status="running"):
                seen.append(waits())
                studio.settle_files()
                on_record.append(meta()["waiting_for"])
            return False

        @hand_back.setter
        def hand_back(self, value: bool) -> None:
            pass

    studio.run("wk1", Looking())
    studio.settle_files()

    run = studio.gate_runs()[0]
    assert on_record[0] | {"who": seen[0]["who"]} == seen[0]
    assert "waiting_for" not in meta()
    assert seen[0]["what"] == "gate qa_smoke_quick"
    assert seen[0]["who"].startswith(f"process {identity().pid} on ")
    assert seen[0]["since_ts"] == stamp(run.started_at)
    assert seen[0]["until_ts"] == stamp(run.started_at + timedelta(seconds=9))


def test_a_paused_sprint_names_who_paused_it(store):
    studio.create("wk1")
    studio.start("wk1")
    studio.pause("wk1", "sam", "lunch")
    lease = studio.take("wk1")

    assert waits()["what"] == "a resume; paused by sam"
    assert waits()["since_ts"] == studio.sprint("wk1").meta["paused_ts"]
    studio.release(lease)


def test_a_pause_stands_in_state_json_until_the_resume(store):
    studio.create("wk1")
    studio.start("wk1")

    studio.pause("wk1", "sam", "lunch")
    studio.settle_files()
    held = meta()
    studio.resume("wk1", "sam")
    studio.settle_files()

    assert held["waiting_for"]["what"] == "a resume; paused by sam"
    assert held["waiting_for"]["since_ts"] == held["paused_ts"]
    assert meta() == {"created_by": "test"}
    assert studio.differences() == []


def test_a_wait_that_outlasts_its_time_is_told_once(store):
    studio.create("wk1")
    studio.start("wk1")
    late = {"what": "gate x", "who": "the gateway", "since_ts": "2026-01-01T00:00:00Z"}
    studio.forge("sprint", waiting=late | {"until_ts": "2026-01-01T00:10:00Z"})

    tasks.record_overdue()
    tasks.record_overdue()

    assert [event["message"] for event in studio.events("error")] == [
        "overdue: the sprint has waited for gate x since 2026-01-01T00:00:00Z"
    ]


def test_a_sprint_that_waits_for_its_turn_names_the_one_before_it(store):
    for name in ("wk1", "wk2"):
        studio.create(name)
        studio.start(name)
    lease = studio.take("wk1")

    assert waits("wk2")["what"] == "its turn, next of 1; sprint wk1 is running in the repository"
    studio.release(lease)
