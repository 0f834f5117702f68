"""Test ``GET /metrics`` for Prometheus."""

import json
import sys
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gates.models import GateRun
from sprints.views import request_metrics
from tests import studio


@pytest.fixture
def client(store) -> Client:
    """Brings the token."""
    token = json.loads(store.config.read_text())["auth_token"]
    return Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def scrape(client, monkeypatch) -> Callable[[], dict[str, float]]:
    """The samples of one answer, by name and labels; nothing is counted from earlier tests."""
    parser = pytest.importorskip("prometheus_client.parser")
    monkeypatch.setattr(request_metrics, "_took", {})

    def read() -> dict[str, float]:
        text = client.get("/metrics").content.decode()
        return {
            sample.name
            + "".join(f" {key}={sample.labels[key]}" for key in sorted(sample.labels)): sample.value
            for family in parser.text_string_to_metric_families(text)
            for sample in family.samples
        }

    return read


def test_it_counts_what_the_engine_has_and_does(scrape):
    for name in ("a", "b"):
        studio.create(name)
    studio.run("a")
    before = scrape()
    studio.forge("sprint", status="running")
    GateRun.objects.filter(number=1).update(status="running")
    studio.forge("head", mirror_fault="no room")

    after = scrape()

    assert before["studio_gateway_sprints status=succeeded"] == 1
    assert before["studio_gateway_sprints status=created"] == 1
    assert before["studio_gateway_events_total"] == studio.seq()
    assert (before["studio_gateway_gates_running"], before["studio_gateway_mirror_fault"]) == (0, 0)
    assert (after["studio_gateway_gates_running"], after["studio_gateway_mirror_fault"]) == (1, 1)
    assert after["studio_gateway_sprints status=running"] == 2
    assert after["studio_gateway_queue_messages"] == 0
    assert after["studio_gateway_hosts_alive"] == 0


def test_requests_are_counted_by_names_of_ours_alone(client, scrape):
    stranger = Client(SERVER_NAME="127.0.0.1")
    for path in ("/no/such/1", "/no/such/2", "/api/status?x=1", "/api/status?x=2"):
        client.get(path)
        stranger.get(path)
    client.generic("BREW", "/api/status")

    found = scrape()

    labels = {name for name in found if name.startswith("studio_gateway_request_seconds_count")}
    counts = {name.partition(" ")[2]: found[name] for name in labels}
    assert counts == {
        "method=GET route=- status=4xx": 6,
        "method=GET route=api-status status=2xx": 2,
        "method=other route=api-status status=4xx": 1,
    }
    infinite = "studio_gateway_request_seconds_bucket le=+Inf method=GET route=- status=4xx"
    assert found[infinite] == 6


def test_its_cost_does_not_grow_with_what_is_stored(client):
    studio.create("a")
    client.get("/metrics")  # adopts the token
    with CaptureQueriesContext(connection) as few:
        client.get("/metrics")
    for number in range(20):
        studio.create(f"b{number}")

    with CaptureQueriesContext(connection) as many:
        client.get("/metrics")

    assert len(many) == len(few) <= 12


def test_without_the_extra_it_says_what_to_install(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)

    answer = client.get("/metrics")

    assert answer.status_code == 501
    assert answer.json() == {
        "error": "metrics need an extra: pip install 'studio-gateway[metrics]'"
    }
