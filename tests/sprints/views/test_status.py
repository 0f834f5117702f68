"""Test ``GET /api/status``: version, contents and activity of the gateway."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gates.process import identity
from gateway_project import __version__
from sprints import operations
from sprints.models import Host
from sprints.models.lease import release, take


@pytest.fixture
def status(store):
    """Ask for it with the token."""
    token = json.loads(store.config.read_text())["auth_token"]
    client = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {token}"})
    return lambda: client.get("/api/status").json()


def test_it_names_every_sprint_and_that_nothing_runs(status, store):
    for name in ("b", "a"):
        operations.create(name, by="test")

    said = status()

    assert said == {
        "version": __version__,
        "repo_root": str(store.repo),
        "sprints": ["a", "b"],
        "job": {"running": False, "name": None},
        "hosts": [],
    }


def test_it_names_the_sprint_that_is_carried(status):
    operations.create("a", by="test")
    lease = take("a", identity())

    during = status()["job"]
    release(lease)

    assert during == {"running": True, "name": "a"}
    assert status()["job"] == {"running": False, "name": None}


def test_it_says_that_no_worker_answers(status):
    at = timezone.now()
    long_ago = at - timedelta(minutes=1)
    Host.objects.create(
        name="here",
        watch=str(identity()),
        workers=2,
        started_at=long_ago,
        seen_at=at,
        worked_at=long_ago,
        restarts=5,
    )

    (host,) = status()["hosts"]

    assert (host["alive"], host["silent"], host["restarts"]) == (True, True, 5)
