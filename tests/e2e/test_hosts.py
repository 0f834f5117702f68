"""Test two hosts, as two stores on one machine, with one PostgreSQL and one queue."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gates import process_table
from tests.e2e.conftest import processes_of, start, wait_for
from tests.e2e.servers import PrivateRedis, a_database
from tests.world import Said, run_command

NAMES = [f"s{number}" for number in range(4)]


@dataclass
class Host:
    """A store of its own whose worker command runs."""

    name: str
    repo: Path
    env: dict[str, Any]
    worker: subprocess.Popen[str]

    def say(self, *argv: str) -> Said:
        """Run a command there."""
        return run_command(self.repo, *argv, **self.env)

    def die(self) -> None:
        """kill -9 of everything that it runs, at once."""
        tree = [one.pid for one in process_table.descendants(self.worker.pid)]
        for pid in [self.worker.pid, *tree]:
            os.kill(pid, signal.SIGKILL)
        self.worker.communicate()

    def stop(self) -> None:
        """SIGTERM, and its end."""
        if self.worker.poll() is None:
            self.worker.send_signal(signal.SIGTERM)
            self.worker.communicate(timeout=90)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    """A Redis that may be killed."""
    server = PrivateRedis(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Callable[[str], list[Host]]]:
    """Start the hosts ``left`` and ``right`` with that queue."""
    made: list[Host] = []
    with a_database() as database:
        shared: dict[str, Any] = {"DATABASE_URL": database, "STUDIO_GATEWAY_SECRET_KEY": "k" * 50}

        def make(broker: str) -> list[Host]:
            env = {**shared, "STUDIO_GATEWAY_BROKER": broker}
            for name in ("left", "right"):
                repo = tmp_path / name
                (repo / ".git").mkdir(parents=True)
                assert run_command(repo, "init", **env).code == 0
                worker = start(repo, "worker", "--name", name, **env)
                made.append(Host(name, repo, env, worker))
            made[0].say("gate", "set", "qa_smoke_quick", "--command", "sh -c 'sleep 1'")
            assert wait_for(lambda: len(living(made[0])) == 2)
            return made

        yield make
        for host in made:
            host.stop()
        for host in made:
            assert wait_for(partial(is_quiet, host)), processes_of(host.repo)


def is_quiet(host: Host) -> bool:
    return not processes_of(host.repo)


def living(host: Host) -> list[str]:
    return [one["name"] for one in json.loads(host.say("status").out)["hosts"] if one["alive"]]


def statuses(host: Host) -> dict[str, str]:
    rows = json.loads(host.say("sprint", "list", "--json").out)
    return {row["sprint_id"]: row["status"] for row in rows}


def queue(host: Host, *names: str) -> None:
    for name in names:
        assert host.say("sprint", "create", name).code == 0
        assert host.say("sprint", "run", name, "--queue").code == 0


def finished(host: Host) -> bool:
    return set(statuses(host).values()) == {"succeeded"}


@pytest.mark.parametrize("broker", ["database", pytest.param("redis", marks=pytest.mark.whole)])
def test_what_a_host_carried_that_is_killed_for_good_the_other_carries_to_its_end(
    hosts, broker, request
):
    url = request.getfixturevalue("redis").url if broker == "redis" else broker
    left, right = hosts(url)
    slow_on_the_left = """sh -c 'case "$PWD" in */left*) sleep 300;; *) sleep 1;; esac'"""
    left.say("gate", "set", "qa_smoke_quick", "--command", slow_on_the_left)
    queue(left, *NAMES)
    assert wait_for(lambda: any(line.endswith("sleep 300") for line in processes_of(left.repo)))

    left.die()

    assert wait_for(lambda: finished(right), 120), right.say("status").out
    lines = (right.repo / ".studio_gateway/events.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in lines]
    moved = [one for one in told if one["data"].get("code") == "evidence_moved"]
    assert moved
    assert all(one["data"]["before"].startswith(str(left.repo)) for one in moved)
    assert wait_for(partial(is_quiet, left))
    findings = json.loads(right.say("doctor", "--json").out)
    assert not [one for one in findings if one["level"] == "bad"]


def test_a_sprint_stays_with_the_host_that_has_its_files(hosts):
    left, right = hosts("database")
    left.say("gate", "set", "qa_smoke_quick", "--command", "sleep 60")
    queue(left, "s0")
    assert wait_for(lambda: carried(right).get("left") == ["s0"])

    refused = right.say("sprint", "run", "s0")
    cancelled = right.say("sprint", "cancel", "s0")

    assert refused.code == 2
    assert " runs sprint s0; to stop it: " in refused.err
    assert cancelled.out == "s0 cancelled\n"


def carried(host: Host) -> dict[str, list[str]]:
    return {one["name"]: one["carries"] for one in json.loads(host.say("status").out)["hosts"]}


def test_a_redis_that_dies_and_comes_back_empty_costs_no_sprint(hosts, redis):
    left, _ = hosts(redis.url)
    left.say("gate", "set", "qa_smoke_quick", "--command", "true")

    redis.kill()
    queue(left, "s0")
    while_away = left.say("status")
    redis.start()

    assert "the queue is away" in json.loads(while_away.out)["queue"]["away"]
    assert wait_for(lambda: finished(left)), left.say("status").out
    restarts = [one["restarts"] for one in json.loads(left.say("status").out)["hosts"]]
    assert restarts == [0, 0]
