"""Test that due deliveries are attempted, whatever goes wrong on the way."""

import threading

from sprints.hooks import delivery_worker
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
        assert wait_for(lambda: Delivery.objects.filter(status="delivered").exists(), 10)

    assert refused
    assert capsys.readouterr().err == "put off: RuntimeError: can't start new thread\n"
