"""Test queued messages: signed, known, and harmless when they come twice."""

import pytest
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from gates.models import Gate
from sprints.models.lease import LeaseUnavailable, holder
from sprints.queue import enqueue, tasks
from sprints.queue.broker import Broker
from sprints.queue.packet_queue import PacketQueue
from tests import studio


def queued(*names: str) -> None:
    """Create the sprints and start them in the queue."""
    for name in names:
        studio.create(name)
        studio.start(name)


def waiting() -> list[tuple[str, tuple]]:
    """What the queue holds: function and arguments."""
    packages = [SignedPackage.loads(row.payload) for row in OrmQ.objects.order_by("id")]
    return [(package["func"], package["args"]) for package in packages]


def test_a_start_and_its_message_are_on_record_together(store):
    queued("wk1")

    assert waiting() == [("sprints.queue.tasks.work", ("wk1",))]
    assert studio.sprint("wk1").status == "running"


def test_a_start_that_is_refused_leaves_no_message(store):
    studio.create("wk1")
    Gate.objects.all().delete()

    with pytest.raises(studio.Refused, match="no gate is left"):
        studio.start("wk1")

    assert waiting() == []
    assert studio.sprint("wk1").status == "created"


def test_a_message_that_comes_four_times_has_its_effect_once(store):
    queued("wk1")

    for _ in range(4):
        tasks.work("wk1")

    assert studio.sprint("wk1").status == "succeeded"
    assert len(studio.events(line__contains="sprint succeeded")) == 1
    assert len(studio.events("gate_started")) == 2


def test_a_message_for_a_sprint_that_another_carries_does_nothing(store):
    queued("wk1")
    lease = studio.take("wk1")

    tasks.work("wk1")
    tasks.work("no-such-sprint")

    assert studio.sprint("wk1").status == "running"
    studio.release(lease)


def test_one_repository_is_one_sprints_at_a_time(store):
    queued("wk1", "wk2")
    lease = studio.take("wk1")

    with pytest.raises(LeaseUnavailable, match="runs sprint wk1 in this repository"):
        studio.take("wk2")

    studio.release(lease)
    studio.release(studio.take("wk2"))


def test_a_sprint_that_waits_for_its_turn_can_be_cancelled_at_once(store):
    queued("wk1", "wk2")
    lease = studio.take("wk1")

    assert studio.cancel("wk2", "sam", wait_s=5) == "cancelled"

    assert len(studio.events("round_started", sprint_id="wk2")) == 0
    studio.release(lease)


def test_a_cancel_from_elsewhere_is_carried_out_beside_the_sprint_that_runs(store):
    queued("wk1", "wk2", "wk3")
    lease = studio.take("wk1")
    OrmQ.objects.all().delete()
    studio.forge("sprint", "wk3", cancel_by="sam")  # all that another host can do

    tasks.heartbeat("here")

    assert waiting() == [("sprints.queue.tasks.work", ("wk3",))]
    tasks.work("wk3")
    assert studio.sprint("wk3").status == "cancelled"
    assert len(studio.events("round_started", sprint_id="wk3")) == 0
    tasks.work("wk2")
    assert holder(studio.sprint("wk2")) is None
    studio.release(lease)


def test_the_end_of_one_sprint_asks_for_the_one_that_has_waited_longest(store):
    queued("wk1", "wk2", "wk3")
    OrmQ.objects.all().delete()

    tasks.work("wk1")

    assert waiting() == [("sprints.queue.tasks.work", ("wk2",))]


def test_a_lost_message_is_asked_for_again(store):
    queued("wk1")
    OrmQ.objects.all().delete()

    assert tasks.reconcile() == "wk1"

    assert waiting() == [("sprints.queue.tasks.work", ("wk1",))]


def test_a_sprint_whose_message_waits_is_not_asked_for_again(store):
    queued("wk1", "wk2")
    letters = waiting()

    for _ in range(20):
        tasks.heartbeat("here")

    assert tasks.reconcile() is None
    assert waiting() == letters


def test_beats_do_not_pile_up_before_workers_that_do_not_look(store):
    for _ in range(20):
        assert enqueue.request_heartbeat("here")
    enqueue.request_heartbeat("there")

    assert waiting() == [
        ("sprints.queue.tasks.heartbeat", ("here",)),
        ("sprints.queue.tasks.heartbeat", ("there",)),
    ]


def test_a_sprint_over_which_the_engine_falls_is_failed_not_asked_for_for_ever(store):
    queued("wk1")
    studio.forge("sprint", contract={"profile": "quick"})

    with pytest.raises(KeyError):
        tasks.work("wk1")

    assert tasks.reconcile() is None
    sprint = studio.sprint("wk1")
    assert (sprint.status, sprint.last_error) == ("failed", "engine_error:KeyError: 'deadline'")


@pytest.mark.parametrize(
    "func", ["os.system", "sprints.operations.cancel", "sprints.queue.enqueue.ask"]
)
def test_a_message_that_names_another_function_is_dropped(store, func):
    async_task(func, "echo pwned")

    assert Broker().dequeue() == []

    assert OrmQ.objects.count() == 0


def test_a_message_that_we_have_not_signed_is_dropped(store):
    queued("wk1")
    row = OrmQ.objects.get()
    OrmQ.objects.update(payload="x" + row.payload[1:])

    assert Broker().dequeue() == []

    assert OrmQ.objects.count() == 0


def test_a_claimed_message_is_nobody_elses(store):
    queued("wk1")

    claimed = Broker().dequeue()

    assert claimed is not None
    assert len(claimed) == 1
    assert Broker()._claim() is None


def test_who_has_been_asked_to_hand_back_reads_no_packet(monkeypatch):
    packets = PacketQueue()
    packets.put("for another")
    monkeypatch.setattr(tasks.STOP_REQUEST, "hand_back", True)

    assert packets.get() == "STOP"

    assert packets.qsize() == 1
    packets.close()


def test_a_packet_reaches_one_reader_whole():
    packets = PacketQueue()
    packets.put({"n": 1})
    packets.put("STOP")

    assert packets.qsize() == 1
    assert [packets.get(), packets.get()] == [{"n": 1}, "STOP"]
    assert packets.empty()
    packets.close()
    assert packets.qsize() == 0


def test_two_cancels_are_one_event_of_the_first(store):
    queued("wk1")

    studio.ask_to_cancel("wk1", "ada")
    studio.ask_to_cancel("wk1", "kim")
    assert studio.cancel("wk1", "sam", wait_s=60) == "cancelled"

    asked = studio.events(line__contains="cancel_requested")
    assert [event["data"]["by"] for event in asked] == ["ada"]
    assert studio.sprint("wk1").cancel_by == "ada"


def test_a_cancel_by_another_while_one_waits_changes_nothing(store):
    queued("wk1")
    lease = studio.take("wk1")
    studio.ask_to_cancel("wk1", "ada")
    before = studio.seq()

    studio.ask_to_cancel("wk1", "ada")
    with pytest.raises(studio.Refused, match="wk1"):
        studio.cancel("wk1", "kim", wait_s=0)

    assert studio.seq() == before
    studio.release(lease)


def test_a_sprint_that_is_cancelled_is_not_cancelled_again(store):
    queued("wk1")
    studio.cancel("wk1", "ada", wait_s=60)
    before = studio.seq()

    with pytest.raises(studio.Refused, match="there is nothing to cancel"):
        studio.ask_to_cancel("wk1", "kim")

    assert studio.seq() == before
