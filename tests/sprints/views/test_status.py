"""Test ``GET /api/status``: version, contents and activity of the gateway."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gateway_project import __version__
from tests import studio


@pytest.fixture
def status(store):
    """Ask for it with the token."""
    token = json.loads(store.config.read_text())["auth_token"]
    client = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {token}"})
    return lambda: client.get("/api/status").json()


def test_it_names_every_sprint_and_that_nothing_runs(status, store):
    for name in ("b", "a"):
        studio.create(name)

    said = status()

    assert said == {
        "version": __version__,
        "repo_root": str(store.repo),
        "sprints": ["a", "b"],
        "job": {"running": False, "name": None},
        "queued": [],
        "hosts": [],
    }


def test_it_names_the_sprint_that_is_carried(status):
    studio.create("a")
    lease = studio.take("a")

    during = status()["job"]
    studio.release(lease)

    assert during == {"running": True, "name": "a"}
    assert status()["job"] == {"running": False, "name": None}


def test_it_says_that_no_worker_answers(status):
    studio.host(worked_at=timezone.now() - timedelta(minutes=1), restarts=5)

    (host,) = status()["hosts"]

    assert (host["alive"], host["silent"], host["restarts"]) == (True, True, 5)
