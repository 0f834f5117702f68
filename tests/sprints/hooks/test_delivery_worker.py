"""Test that due deliveries are attempted, whatever goes wrong on the way."""

import threading

from django.db import OperationalError
from django.utils import timezone

from sprints.hooks import delivery_worker, outbox
from sprints.hooks.delivery_worker import DeliveryWorker
from sprints.models import Delivery
from tests import studio
from tests.e2e.conftest import wait_for


def test_a_courier_for_which_there_is_no_thread_tries_again(store, monkeypatch, capsys):
    studio.hook("h1", "command", ("sprint_created",), ("true",))
    studio.create("wk1")
    start, refused = threading.Thread.start, []

    def scarce(thread: threading.Thread) -> None:
        if thread.name == "hook h1" and not refused:
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", scarce)
    monkeypatch.setattr(delivery_worker, "LOOK_S", 0.1)

    with DeliveryWorker():
        assert wait_for(lambda: Delivery.objects.filter(status="delivered").exists())

    assert refused
    assert capsys.readouterr().err == "put off: RuntimeError: can't start new thread\n"


def test_a_delivery_during_which_the_database_went_away_is_repeated_at_once(store, monkeypatch):
    studio.hook("h1", "command", ("sprint_created",), ("true",))
    studio.create("wk1")
    settle, lost = outbox._settle, []

    def away(*result):
        if not lost:
            lost.append(result)
            raise OperationalError("database is locked")
        return settle(*result)

    monkeypatch.setattr(outbox, "_settle", away)
    monkeypatch.setattr(outbox, "SLACK_S", 3600.0)  # a claim that is lost would wait for this
    monkeypatch.setattr(delivery_worker, "LOOK_S", 0.1)

    with DeliveryWorker():
        assert wait_for(lambda: Delivery.objects.filter(status="delivered").exists())

    assert Delivery.objects.get().tries == 2


def test_only_the_claim_that_was_lost_is_given_back(store):
    studio.hook("h1", "command", ("sprint_created",), ("true",))
    studio.create("wk1")
    outbox.hand_out(timezone.now())
    row, _ = outbox.claim(timezone.now(), hook_id="h1")
    older = Delivery(pk=row.pk, tries=row.tries - 1)

    outbox.give_back(older, timezone.now())
    assert outbox.due(timezone.now()) == set()

    outbox.give_back(row, timezone.now())
    assert outbox.due(timezone.now()) == {"h1"}


def test_a_delivery_that_another_process_has_claimed_is_not_given_back(store):
    studio.hook("h1", "command", ("sprint_created",), ("true",))
    studio.create("wk1")
    outbox.hand_out(timezone.now())
    row, _ = outbox.claim(timezone.now(), hook_id="h1")
    Delivery.objects.update(owner="elsewhere/boot/1/1")
    until = Delivery.objects.get().until

    outbox.give_back(row, timezone.now())

    assert Delivery.objects.get().until == until
