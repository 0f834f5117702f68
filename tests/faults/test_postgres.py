"""Test PostgreSQL that crashes, restarts or closes connections, and two clusters on one store."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.conftest import wait_for
from tests.faults.arena import Arena
from tests.faults.postgres import Server, private_server
from tests.faults.table import KILLS, SEED, SHORT, trial
from tests.faults.test_messages import ALONE, TOGETHER

SLOW_GATE = "sh -c 'echo $STUDIO_GATEWAY_RUN >> ran; echo half; sleep 2; echo judged'"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One for all tests of this module."""
    with private_server() as made:
        yield made


@pytest.fixture
def arena(server: Server, repo: Path) -> Iterator[Arena]:
    """A store whose rows are in a database of that server."""
    name = f"arena_{uuid4().hex[:12]}"
    server.say(f"CREATE DATABASE {name}")
    made = Arena(repo, SLOW_GATE, DATABASE_URL=server.url(name))
    yield made
    made.close()


@pytest.mark.whole
@pytest.mark.parametrize("down_s", [0.0, 1.0, 5.0])
def test_a_run_whose_database_restarts_is_typed_again_at_most(arena, server, down_s):
    arena.create("one")
    with trial("PostgreSQL restarted, sprint run", arena.store):
        victim = arena.start("sprint", "run", "one")
        assert wait_for(lambda: (arena.repo / "ran").exists())

        server.stop()
        time.sleep(down_s)
        server.start()
        out, err = victim.communicate(timeout=120)

        assert "Traceback" not in err, err
        assert victim.returncode in (0, 2), (out, err)
        if victim.returncode:
            again = arena.say("sprint", "run", "one")
            assert again.code == 0, again
        arena.check("one")


@pytest.mark.parametrize("what", ["restarted"] if SHORT else ["restarted", "all connections cut"])
def test_a_worker_goes_on_by_itself(arena, server, what):
    chance = random.Random(SEED)
    worker = arena.worker()
    assert worker.stdout.readline()  # that it has begun: a start needs its database
    for n in range(1 if SHORT else KILLS // 20):
        names = [f"a{n}", f"b{n}"]
        with trial(f"PostgreSQL {what}, worker", arena.store):
            arena.queue(*names)
            time.sleep(chance.uniform(0.5, 4.0))
            if what == "restarted":
                server.stop()
                time.sleep(chance.uniform(0.0, 5.0))
                server.start()
            else:
                server.say(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )

            assert arena.succeed(*names, within=120), (n, arena.statuses(), arena.remains())
            for name in names:
                arena.ended_well(name)
    arena.stop(worker)
    arena.agree()


@pytest.mark.whole
def test_two_clusters_race_for_the_same_sprints(arena):
    arena.set_gate(ALONE)
    names = [f"r{n}" for n in range(TOGETHER)]
    with trial(f"two clusters, {TOGETHER} sprints, PostgreSQL", arena.store):
        workers = [arena.start("worker", "--name", name) for name in ("left", "right")]
        arena.queue(*names)

        assert arena.succeed(*names, within=300), arena.statuses()

        for worker in workers:
            arena.stop(worker)
        arena.check(*names)
