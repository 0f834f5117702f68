"""A sprint that has not ended says what it waits for, who is asked, and since when."""

from datetime import timedelta

from gates.models import GateRun
from gates.process import identity
from sprints import operations
from sprints.engine.carry import Wish
from sprints.models import Sprint
from sprints.models.event import stamp
from sprints.models.lease import release, take
from sprints.waiting import waiting_for
from tests.world import set_gate


def waits(name: str = "wk1"):
    return waiting_for(Sprint.objects.get(pk=name))


def test_a_sprint_waits_for_a_start_then_for_a_worker_then_for_nothing(store):
    operations.create("wk1", by="test")
    assert (waits()["what"], waits()["who"]) == ("a start", "an operator")

    operations.start("wk1")
    assert (waits()["what"], waits()["who"]) == ("its next step", "a worker")
    assert waits()["since_ts"] == stamp(Sprint.objects.get(pk="wk1").started_at)

    operations.run("wk1", Wish())
    assert waits() is None


def test_a_running_gate_is_named_with_its_carrier_and_when_it_is_overdue(store):
    set_gate("sleep", "1", timeout_s=7.0, grace_s=2.0)
    operations.create("wk1", by="test")
    seen = []

    class Looking(Wish):
        """A wish that looks whenever the engine asks for it."""

        @property
        def hand_back(self) -> bool:
            if GateRun.objects.filter(status="running").exists():
                seen.append(waits())
            return False

        @hand_back.setter
        def hand_back(self, value: bool) -> None:
            pass

    operations.run("wk1", Looking())

    run = GateRun.objects.order_by("number").first()
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
