"""Test refused options of workers, pauses and the queue."""

import json

import pytest

from tests import studio


def made(name: str) -> None:
    """Create a sprint, its files complete as after a command."""
    studio.create(name)
    studio.settle_files()


@pytest.mark.parametrize("number", ["0", "-1", "65", "two", "1.5", ""])
def test_a_number_of_workers_that_cannot_be(refused, number):
    assert "--workers" in refused("worker", f"--workers={number}")


@pytest.mark.parametrize("name", ["", " ", "a/b", "a b", "-x", "x" * 65, "a\nb"])
def test_a_name_that_no_host_can_have(refused, name):
    assert "is not a valid host name" in refused("worker", f"--name={name}")


@pytest.mark.parametrize("act", ["pause", "resume"])
def test_a_sprint_that_is_not_there_is_neither_paused_nor_resumed(refused, act):
    assert "no sprint nosuch" in refused("sprint", act, "nosuch")


def test_a_sprint_that_is_not_paused_is_not_resumed(refused, store):
    made("wk1")

    assert "is not paused" in refused("sprint", "resume", "wk1")


@pytest.mark.parametrize("why", ["x" * 201, "two\nlines", "\x1b[2J"])
def test_a_reason_is_one_line(refused, store, why):
    made("wk1")

    assert "a reason is one line" in refused("sprint", "pause", "wk1", f"--why={why}")


@pytest.mark.parametrize("act", ["run", "retry"])
def test_a_cancelled_sprint_that_never_ran_is_not_queued(refused, store, act):
    made("wk1")
    studio.cancel("wk1", "sam")
    studio.settle_files()

    assert "is cancelled" in refused("sprint", act, "wk1", "--queue")


@pytest.mark.parametrize("port", ["0", "-1", "65536", "80a", "", "1.5", "\uff11\uff18"])
def test_a_port_that_cannot_be(refused, port):
    assert "--port" in refused("serve", f"--port={port}")


@pytest.mark.parametrize("host", ["", " ", "a b", "256.256.256.256", ".", "x" * 300, "[::1]"])
def test_an_address_that_cannot_be(refused, host):
    assert "is not an address of this machine" in refused("serve", f"--host={host}", "--port=18999")


def test_an_address_of_another_machine(refused):
    complaint = refused("serve", "--host=192.0.2.1", "--port=18999")

    assert complaint.startswith("cannot listen on 192.0.2.1 port 18999: ")


def test_an_address_in_config_json_that_cannot_be(refused, store):
    config = json.loads(store.config.read_text())
    store.config.write_text(json.dumps(config | {"bind_host": "256.1.1.1"}))

    assert "'256.1.1.1' is not an address of this machine" in refused("serve")
