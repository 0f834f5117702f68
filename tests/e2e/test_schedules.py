"""Test two concurrent edits of one schedule on each database: the later sees the earlier."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.servers import a_database
from tests.world import environment, run_command

# The second act has begun, and as a rule waits for a lock, when the first commits.
AT_ONCE = """
import json, os, sys, threading, time
from datetime import timedelta
os.environ["DJANGO_SETTINGS_MODULE"] = "gateway_project.settings"
import django; django.setup()
from django.db import connection, transaction
from django.utils import timezone
from sprints import operations
from sprints.models import Schedule, Sprint

def add(id, cron): return operations.add_schedule(id, "sam", cron=cron, zone="UTC")
def change(**values): return operations.set_schedule("nightly", "sam", **values)
def remove(): return operations.remove_schedule("nightly", "sam")
def fire(): return operations.fire_schedules()

def first():
    with transaction.atomic():
        eval(sys.argv[2])
        begun.set()
        time.sleep(0.5)
    connection.close()

if sys.argv[1] == "due":
    add("nightly", "0 2 * * *")
    Schedule.objects.update(next_at=timezone.now() - timedelta(hours=1))
begun = threading.Event()
thread = threading.Thread(target=first)
thread.start()
begun.wait(10)
refused = ""
try:
    eval(sys.argv[3])
except operations.Refused as exc:
    refused = str(exc)
thread.join()
rows = [
    {
        "cron": row.cron,
        "title": row.title,
        "last": row.last_sprint_id,
        "is_due": row.next_at <= timezone.now(),
        "minute": row.next_at.minute,
    }
    for row in Schedule.objects.all()
]
sprints = list(Sprint.objects.values_list("pk", flat=True))
print(json.dumps({"refused": refused, "rows": rows, "sprints": sprints}))
"""

AtOnce = Callable[..., dict[str, Any]]


@pytest.fixture(params=["sqlite", "postgresql"])
def at_once(request: pytest.FixtureRequest, repo: Path) -> Iterator[AtOnce]:
    """Two acts, the second begun before the first is committed; returns what came of them."""

    def act(before: str, first: str, then: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-c", AT_ONCE, before, first, then],
            cwd=repo,
            env=environment(repo) | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    more: dict[str, str] = {}
    if request.param == "sqlite":
        assert run_command(repo, "init").code == 0
        yield act
        return
    with a_database("") as url:
        more["DATABASE_URL"] = url
        assert run_command(repo, "init", DATABASE_URL=url).code == 0
        yield act


def test_a_change_brings_no_schedule_back_that_is_being_removed(at_once):
    left = at_once("due", "remove()", "change(title='Late')")

    assert left["refused"].startswith("no schedule 'nightly'")
    assert not left["rows"]


def test_a_change_and_a_firing_are_both_kept(at_once):
    left = at_once("due", "fire()", "change(title='Late')")

    (row,) = left["rows"]
    assert (row["title"], [row["last"]], row["is_due"]) == ("Late", left["sprints"], False)


def test_a_firing_goes_by_the_cron_that_is_being_set(at_once):
    left = at_once("due", "change(cron='7 * * * *')", "fire()")

    (row,) = left["rows"]
    assert (row["minute"], row["is_due"], len(left["sprints"])) == (7, False, 1)


def test_two_hosts_fire_it_once(at_once):
    left = at_once("due", "fire()", "fire()")

    assert len(left["sprints"]) == 1


def test_of_two_new_schedules_of_one_id_the_first_is_kept(at_once):
    left = at_once("none", "add('nightly', '0 2 * * *')", "add('Nightly', '0 3 * * *')")

    assert left["refused"].startswith("schedule nightly already exists")
    assert [row["cron"] for row in left["rows"]] == ["0 2 * * *"]
