"""Test two hosts with networks and names of their own when a cable or a name fails."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.conftest import processes_of, wait_for
from tests.faults import hosts
from tests.faults.hosts import Host, judged_once, statuses, succeed
from tests.faults.postgres import Server, private_server
from tests.faults.table import trial

# It runs until the test says so, on either host.
GATE = "sh -c 'echo $STUDIO_GATEWAY_RUN >> ran; echo half; until [ -e {go} ]; do sleep 0.1; done'"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL that all hosts reach."""
    hosts.needed()
    with private_server(listen="*") as made:
        yield made


@pytest.fixture
def pair(server: Server, tmp_path: Path) -> Iterator[tuple[Host, Host]]:
    """Two hosts whose workers share a database and a queue."""
    name = f"hosts_{uuid4().hex[:12]}"
    server.say(f"CREATE DATABASE {name}")
    made = []
    for number, word in enumerate(("left", "right"), 1):
        repo = tmp_path / word
        (repo / ".git").mkdir(parents=True)
        url = server.url(name, f"{hosts.SUBNET}.{number}.1")
        env = {"DATABASE_URL": url, "STUDIO_GATEWAY_SECRET_KEY": "k" * 50}
        made.append(Host(number, word, repo, env))
    left, right = made
    try:
        for host in made:
            host.plug_in()
            assert host.say("init").code == 0
        command = GATE.format(go=tmp_path / "go")
        set_gate = ("gate", "set", "qa_smoke_quick", "--command", command)
        assert left.say(*set_gate).code == 0
        yield left, right
    finally:
        (tmp_path / "go").touch()
        for host in made:
            host.stop()
        for host in made:
            assert wait_for(partial(is_quiet, host)), processes_of(host.repo)
            host.unplug()


def is_quiet(host: Host) -> bool:
    """Whether nothing of its store runs."""
    return not processes_of(host.repo)


def begin(host: Host, name: str) -> None:
    """Let the host's worker begin a sprint, up to its first gate."""
    host.start("worker")
    assert host.say("sprint", "create", name).code == 0
    assert host.say("sprint", "run", name, "--queue").code == 0
    assert wait_for(lambda: len(host.runs()) == 1), host.say("status").out


def is_taken(host: Host, name: str) -> Callable[[], bool]:
    """Whether the sprint's files have moved to that host."""

    def moved() -> bool:
        codes = [e["data"].get("code") for e in host.events() if e["sprint_id"] == name]
        return "evidence_moved" in codes

    return moved


def test_the_other_host_takes_a_sprint_whose_host_is_cut_off(pair, tmp_path):
    left, right = pair
    begin(left, "one")
    right.start("worker")

    with trial("host cut off from PostgreSQL during a gate, for long", left.store):
        left.cut()
        assert wait_for(is_taken(right, "one"), 120), right.events()[-3:]
        assert wait_for(lambda: len(right.runs()) == 1)
        (tmp_path / "go").touch()
        assert succeed(right, "one")
        left.mend()
        assert succeed(left, "one")  # its files follow the database again

        judged_once(right, "one")
        judged_once(left, "one")
        assert wait_for(left.agrees)
        assert right.agrees()


def test_a_host_that_is_cut_off_for_a_moment_goes_on_by_itself(pair, tmp_path):
    left, right = pair
    begin(left, "one")

    with trial("host cut off from PostgreSQL during a gate, briefly", left.store):
        left.cut()
        wait_for(lambda: False, 5)
        assert right.say("sprint", "create", "two").code == 0  # not cut off
        left.mend()
        (tmp_path / "go").touch()

        assert succeed(left, "one"), left.events()[-3:]
        judged_once(left, "one")
        assert left.agrees()
        assert right.agrees()


def test_a_host_that_is_renamed_goes_on_under_its_new_name(pair, tmp_path):
    left, right = pair
    begin(left, "one")

    with trial("host renamed while it was down", left.store):
        for running in left.running:
            running.kill()
            running.communicate(timeout=60)
        left.running.clear()
        assert wait_for(partial(is_quiet, left)), processes_of(left.repo)
        left.name = "renamed"
        (tmp_path / "go").touch()
        left.start("worker")

        assert succeed(left, "one"), (left.events()[-3:], left.say("status").out)
        judged_once(left, "one")
        assert statuses(right) == {"one": "succeeded"}
        assert left.agrees()
        assert left.say("verify").code == 0


def test_a_host_that_is_renamed_at_work_judges_nothing_twice(pair, tmp_path):
    left, right = pair
    begin(left, "one")

    with trial("host renamed while a gate ran", left.store):
        left.rename("renamed")
        assert left.say("sprint", "create", "two").code == 0
        (tmp_path / "go").touch()
        assert left.say("sprint", "run", "two", "--queue").code == 0

        assert succeed(left, "one", "two"), (left.events()[-3:], left.say("status").out)
        judged_once(left, "one")
        judged_once(left, "two")
        assert len(left.runs()) == len({*left.runs()})
        assert left.agrees()
        assert right.agrees()
