"""Test Redis as the queue when it loses everything or is killed: the database keeps the work.

The tests start a private server. Without redis-server they are skipped, visibly.
"""

import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.servers import PrivateRedis
from tests.faults.arena import Arena
from tests.faults.table import KILLS, SEED, SHORT, trial


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    """A Redis of our own."""
    server = PrivateRedis(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def arena(redis: PrivateRedis, repo: Path) -> Iterator[Arena]:
    """A store whose messages go through it."""
    made = Arena(repo, STUDIO_GATEWAY_BROKER=redis.url)
    yield made
    made.close()


def flush(redis: PrivateRedis) -> None:
    """FLUSHALL, in Redis's own words."""
    with socket.create_connection(("127.0.0.1", redis.port), timeout=10) as line:
        line.sendall(b"FLUSHALL\r\n")
        assert line.recv(16) == b"+OK\r\n"


@pytest.mark.parametrize("what", ["flushed"] if SHORT else ["flushed", "killed and started again"])
def test_a_worker_goes_on_by_itself(arena, redis, what):
    chance = random.Random(SEED)
    worker = arena.worker()
    for n in range(1 if SHORT else KILLS // 20):
        names = [f"a{n}", f"b{n}"]
        with trial(f"Redis {what}, worker", arena.store):
            arena.queue(*names)
            time.sleep(chance.uniform(0.0, 1.5))
            if what == "flushed":
                flush(redis)
            else:
                redis.kill()
                time.sleep(chance.uniform(0.0, 5.0))
                redis.start()

            assert arena.succeed(*names, within=120), (n, arena.statuses(), arena.remains())
            for name in names:
                arena.ended_well(name)
    arena.stop(worker)
    arena.agree()


@pytest.mark.whole
def test_a_redis_that_is_away_costs_a_warning_and_no_sprint(arena, redis):
    with trial("Redis away, sprint run --queue", arena.store):
        arena.create("one", "two")
        redis.kill()

        queued = arena.say("sprint", "run", "one", "--queue")
        carried = arena.say("sprint", "run", "two")
        redis.start()

        assert queued.code == 0, queued
        assert "Traceback" not in queued.err, queued
        assert carried.code == 0, carried
        worker = arena.worker()
        assert arena.succeed("one", "two")
        arena.stop(worker)
        arena.check("one", "two")
