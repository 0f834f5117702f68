"""Test what an unfinished sprint waits for, whom it asks, and since when."""

import json
from datetime import timedelta

from django.conf import settings

from gates.models import GateRun
from gates.process import identity
from sprints import operations
from sprints.journal.verify import differences
from sprints.models import Event, Sprint
from sprints.models.lease import release, take
from sprints.queries.waiting import waiting_for
from sprints.queue import tasks
from sprints.runner.runner import StopRequest
from sprints.state.event_format import stamp
from tests.world import set_gate


def waits(name: str = "wk1"):
    return waiting_for(Sprint.objects.get(pk=name))


def meta(name: str = "wk1"):
    """The sprint's meta as state.json has it."""
    sprint: dict = json.loads(settings.STORE.state.read_text())["sprints"][name]
    return sprint["meta"]


def test_a_sprint_waits_for_a_start_then_for_a_worker_then_for_nothing(store):
    operations.create("wk1", by="test")
    assert (waits()["what"], waits()["who"]) == ("a start", "an operator")

    operations.start("wk1")
    assert (waits()["what"], waits()["who"]) == ("its next step", "a worker")
    assert waits()["since_ts"] == stamp(Sprint.objects.get(pk="wk1").started_at)

    operations.run("wk1", StopRequest())
    assert waits() is None


def test_a_running_gate_is_named_with_its_carrier_and_when_it_is_overdue(store):
    set_gate("sleep", "1", timeout_s=7.0, grace_s=2.0)
    operations.create("wk1", by="test")
    seen: list[dict] = []
    on_record: list[dict] = []

    class Looking(StopRequest):
        """A wish that looks whenever the engine asks for it."""

        @property
        def hand_back(self) -> bool:
            if GateRun.objects.filter(status="running").exists():
                seen.append(waits())
                operations.settle_files()
                on_record.append(meta()["waiting_for"])
            return False

        @hand_back.setter
        def hand_back(self, value: bool) -> None:
            pass

    operations.run("wk1", Looking())
    operations.settle_files()

    run = GateRun.objects.order_by("number").first()
    assert on_record[0] | {"who": seen[0]["who"]} == seen[0]
    assert "waiting_for" not in meta()
    assert seen[0]["what"] == "gate qa_smoke_quick"
    assert seen[0]["who"].startswith(f"process {identity().pid} on ")
    assert seen[0]["since_ts"] == stamp(run.started_at)
    assert seen[0]["until_ts"] == stamp(run.started_at + timedelta(seconds=9))


def test_a_paused_sprint_names_who_paused_it(store):
    operations.create("wk1", by="test")
    operations.start("wk1")
    operations.pause("wk1", "sam", "lunch")
    lease = take("wk1", identity())

    assert waits()["what"] == "a resume; paused by sam"
    assert waits()["since_ts"] == Sprint.objects.get(pk="wk1").meta["paused_ts"]
    release(lease)


def test_a_pause_stands_in_state_json_until_the_resume(store):
    operations.create("wk1", by="test")
    operations.start("wk1")

    operations.pause("wk1", "sam", "lunch")
    operations.settle_files()
    held = meta()
    operations.resume("wk1", "sam")
    operations.settle_files()

    assert held["waiting_for"]["what"] == "a resume; paused by sam"
    assert held["waiting_for"]["since_ts"] == held["paused_ts"]
    assert meta() == {"created_by": "test"}
    assert differences(store) == []


def test_a_wait_that_outlasts_its_time_is_told_once(store):
    operations.create("wk1", by="test")
    operations.start("wk1")
    late = {"what": "gate x", "who": "the gateway", "since_ts": "2026-01-01T00:00:00Z"}
    Sprint.objects.update(waiting=late | {"until_ts": "2026-01-01T00:10:00Z"})

    tasks.record_overdue()
    tasks.record_overdue()

    told = Event.objects.filter(kind="error")
    assert [event.body["message"] for event in told] == [
        "overdue: the sprint has waited for gate x since 2026-01-01T00:00:00Z"
    ]


def test_a_sprint_that_waits_for_its_turn_names_the_one_before_it(store):
    for name in ("wk1", "wk2"):
        operations.create(name, by="test")
        operations.start(name)
    lease = take("wk1", identity())

    assert waits("wk2")["what"] == "its turn; sprint wk1 is running in the repository"
    release(lease)
