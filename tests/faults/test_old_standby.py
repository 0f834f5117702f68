"""Test a PostgreSQL that is replaced by a standby which lacks the last commits."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.conftest import wait_for
from tests.faults.arena import Arena
from tests.faults.postgres import Server, private_server
from tests.faults.table import trial


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that this test may replace."""
    with private_server() as made:
        yield made


@pytest.fixture
def arena(server: Server, repo: Path) -> Iterator[Arena]:
    """A store whose rows are in a database of that server."""
    name = f"arena_{uuid4().hex[:12]}"
    server.say(f"CREATE DATABASE {name}")
    made = Arena(repo, DATABASE_URL=server.url(name))
    yield made
    made.close()


def test_a_standby_that_lacks_commits_is_noticed_and_nothing_is_overwritten(arena, server):
    arena.create("one", "two", "three")
    assert arena.say("sprint", "run", "one").code == 0
    worker = arena.worker()
    assert worker.stdout.readline()
    with trial("PostgreSQL replaced by a standby that lacks commits", arena.store):
        server.stop()
        standby = server.keep()
        server.start()
        arena.queue("two")
        assert arena.succeed("two")
        acknowledged = (arena.store / "events.jsonl").read_bytes()

        server.stop()
        server.fail_over(standby)
        server.start()

        # The standby has never seen this sprint start.
        assert wait_for(lambda: status(arena, "two") == "created"), arena.say("sprint", "list").out
        assert arena.say("sprint", "run", "three", "--queue").code == 0
        assert wait_for(lambda: status(arena, "three") == "succeeded")
        said = arena.say("verify")
        found = json.loads(arena.say("doctor", "--json").out)
        assert said.code == 1, said
        assert "type: studio-gateway adopt" in said.out, said
        assert [one for one in found if one["check"] == "journal" and one["level"] == "bad"], found
        assert (arena.store / "events.jsonl").read_bytes() == acknowledged

        adopted = arena.say("adopt")
        assert adopted.code == 0, adopted
        kept = [*arena.store.glob("events.jsonl.kept*")]
        assert [path.read_bytes() for path in kept] == [acknowledged]
        assert arena.say("verify").code == 0
        assert arena.say("sprint", "run", "two").code == 0
        arena.stop(worker)
        arena.agree()
        assert arena.say("verify").code == 0


def status(arena: Arena, name: str) -> str:
    """The sprint's status in the database."""
    rows = json.loads(arena.say("sprint", "list", "--json").out)
    return next((str(row["status"]) for row in rows if row["sprint_id"] == name), "")
