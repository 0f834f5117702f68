"""Test the same sprint on PostgreSQL."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import start, wait_for
from tests.e2e.servers import SERVER, a_database
from tests.e2e.test_doctor import look_while_sprints_run
from tests.world import environment, run_command

HASTE = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "gateway_project.settings"
import django; django.setup()
from sprints.journal import bulk_rows, state_file
assert repr(list(bulk_rows.many(["wk1"]))) == repr(list(state_file.many(["wk1"])))
"""


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database of its own; the parameter says how it is made."""
    with a_database(getattr(request, "param", "")) as url:
        yield url


def test_a_sprint_runs_fails_and_is_retried_on_postgresql(repo, database):
    def say(*argv: str):
        return run_command(repo, *argv, DATABASE_URL=database)

    assert say("init").code == 0
    assert say("gate", "set", "qa_smoke_quick", "--command", "false").code == 0
    assert say("sprint", "create", "wk1").code == 0
    assert say("sprint", "run", "wk1").code == 1
    assert say("gate", "set", "qa_smoke_quick", "--command", "true").code == 0
    again = say("sprint", "retry", "wk1")

    findings = json.loads(say("doctor", "--json").out)
    assert again.code == 0, again
    assert not [one for one in findings if one["level"] == "bad"]
    assert not (repo / ".studio_gateway/gateway.sqlite3").exists()
    assert say("sprint", "create", "WK1").err.startswith("error: sprint wk1 already exists")
    assert json.loads(say("verify", "--json").out)["difference"] is None
    assert say("rebuild", "--check").code == 0
    read = subprocess.run(
        [sys.executable, "-c", HASTE],
        cwd=repo,
        env=environment(repo) | {"DATABASE_URL": database},
        capture_output=True,
        text=True,
    )
    assert read.returncode == 0, read.stderr


def test_two_worker_commands_share_the_queue_on_postgresql(repo, database):
    def say(*argv: str):
        return run_command(repo, *argv, DATABASE_URL=database)

    def all_done() -> bool:
        rows = json.loads(say("sprint", "list", "--json").out)
        return [row["status"] for row in rows] == ["succeeded"] * 6

    assert say("init").code == 0
    say("gate", "set", "qa_smoke_quick", "--command", "sh -c 'mkdir alone && rmdir alone'")
    workers = [
        start(repo, "worker", "--workers", "1", "--name", name, DATABASE_URL=database)
        for name in ("left", "right")
    ]
    for number in range(6):
        assert say("sprint", "create", f"s{number}").code == 0
        assert say("sprint", "run", f"s{number}", "--queue").code == 0

    assert wait_for(all_done), say("sprint", "list").out
    hosts = json.loads(say("status").out)["hosts"]
    assert [(host["name"], host["alive"]) for host in hosts] == [("left", True), ("right", True)]
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=90)
    findings = json.loads(say("doctor", "--json").out)
    assert not [one for one in findings if one["level"] == "bad"]


def test_hooks_on_postgresql_are_told_once_though_two_hosts_look(repo, database):
    def say(*argv: str):
        return run_command(repo, *argv, DATABASE_URL=database)

    def brought() -> list[dict]:
        rows = json.loads(say("hook", "deliveries", "--json").out)
        return [row for row in rows if row["status"] == "delivered"]

    (repo / "tell").write_text('#!/bin/sh\necho "$STUDIO_DELIVERY_ID" >> told.txt\n')
    (repo / "tell").chmod(0o755)
    assert say("init").code == 0
    say("gate", "set", "qa_smoke_quick", "--command", "true")
    say("hook", "add", "plain", "--on", "round_done", "--command", "./tell")
    say("hook", "add", "guard", "--on", "round_done", "--command", "./tell", "--blocking")
    workers = [start(repo, "worker", "--name", n, DATABASE_URL=database) for n in ("l", "r")]
    say("sprint", "create", "wk1")
    say("sprint", "run", "wk1", "--queue")

    assert wait_for(lambda: len(brought()) == 12), say("hook", "deliveries").out
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=90)
    ids = (repo / "told.txt").read_text().split()
    assert sorted(ids) == sorted(row["id"] for row in brought())
    findings = json.loads(say("doctor", "--json").out)
    assert not [one for one in findings if one["level"] == "bad"]


def test_a_database_that_throws_everybody_out_does_not_end_a_gate(repo, database):
    psycopg = pytest.importorskip("psycopg")

    def say(*argv: str):
        return run_command(repo, *argv, DATABASE_URL=database)

    say("init")
    say("gate", "set", "qa_smoke_quick", "--command", "sh -c 'sleep 3'", "--rounds", "R3")
    say("sprint", "create", "wk1")
    running = start(repo, "sprint", "run", "wk1", DATABASE_URL=database)
    events = repo / ".studio_gateway/events.jsonl"
    assert wait_for(lambda: '"gate_started"' in events.read_text())
    ended = 0
    with psycopg.connect(SERVER, autocommit=True) as server:
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        for _ in range(8):
            ended += len(server.execute(end, [database.rsplit("/", 1)[1]]).fetchall())
            time.sleep(0.3)
    out, err = running.communicate(timeout=90)

    assert ended >= 3
    assert running.returncode == 0, (out, err)
    events = json.loads(say("events").out)
    assert sum(event["kind"] == "gate_started" for event in events) == 1
    findings = json.loads(say("doctor", "--json").out)
    assert not [one for one in findings if one["level"] == "bad"]


def test_sprints_that_run_are_no_difference_on_postgresql(repo, database):
    assert run_command(repo, "init", DATABASE_URL=database).code == 0
    run_command(repo, "gate", "set", "qa_smoke_quick", "--command", "true", DATABASE_URL=database)

    said = look_while_sprints_run(repo, DATABASE_URL=database)

    assert len(said) > 10
    assert set(said) == {"[]\n"}


@pytest.mark.parametrize(
    "database", ["TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"], indirect=True
)
def test_a_database_that_sorts_as_people_do_has_the_same_state_json(repo, database):
    def say(*argv: str):
        return run_command(repo, *argv, DATABASE_URL=database)

    assert say("init").code == 0
    for name in ("b", "A", "Z.9", "a0", "B2"):
        assert say("sprint", "create", name).code == 0
        (repo / ".studio_gateway/.state.json.seal").unlink()  # so that it is made whole anew

    findings = json.loads(say("doctor", "--json").out)
    assert [one["level"] for one in findings if one["check"] == "journal"] == ["ok"]
    assert say("sprint", "create", "m").code == 0
    sprints = json.loads((repo / ".studio_gateway/state.json").read_text())["sprints"]
    assert list(sprints) == sorted(["b", "A", "Z.9", "a0", "B2", "m"])


TAKEN_AND_PAUSED = """
import os, threading, time
os.environ["DJANGO_SETTINGS_MODULE"] = "gateway_project.settings"
import django; django.setup()
from django.db import connection
from gates.process import identity
from sprints import operations
from sprints.models import lease
from sprints.queries import get

def slowly(*args, real=lease._no_room):
    time.sleep(0.5)
    return real(*args)

def pause():
    time.sleep(0.25)
    operations.pause("wk1", "sam")
    connection.close()

operations.create("wk1", by="sam")
operations.start("wk1")
lease._no_room = slowly
other = threading.Thread(target=pause)
other.start()
print(lease.take("wk1", identity()).sprint_id, end=" ")
other.join()
print(get("wk1").meta["automation_paused"])
"""


def test_a_sprint_is_taken_and_paused_at_once_without_a_deadlock(repo, database):
    assert run_command(repo, "init", DATABASE_URL=database).code == 0

    done = subprocess.run(
        [sys.executable, "-c", TAKEN_AND_PAUSED],
        cwd=repo,
        env=environment(repo) | {"DATABASE_URL": database},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.split() == ["wk1", "True"], done.stderr
