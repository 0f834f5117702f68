"""Test kills around a delivery: delivered at least once, at most twice, with one id."""

import json
import sqlite3
from collections import Counter
from contextlib import closing

import pytest

from tests.e2e.conftest import wait_for
from tests.faults.arena import Arena
from tests.faults.table import SHORT, trial
from tests.faults.test_points import finish, thaw

TELL = "sh -c 'echo $STUDIO_DELIVERY_ID >> told'"
ROUNDS = 6
ACTIONS = ["sigkill"] if SHORT else ["sigkill", "sigterm", "sigstop"]
POINTS = ["hook_exited"] if SHORT else ["hook_spawned", "hook_exited"]
POLICIES = {"blocking": "--blocking"} if SHORT else {"blocking": "--blocking", "": "--backoff=0.2"}


def undelivered(arena: Arena) -> list[tuple]:
    """What has not been brought, straight from the database."""
    with closing(sqlite3.connect(arena.store / "gateway.sqlite3")) as connection:
        return connection.execute(
            "SELECT id, status, reason FROM sprints_delivery WHERE status <> 'delivered'"
        ).fetchall()


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("policy", POLICIES)
def test_a_hook_is_told_all_the_same(arena, policy, point, action):
    arena.create("one")
    hook = arena.say(
        "hook", "add", "tell", "--on", "round_done", "--command", TELL, POLICIES[policy]
    )
    assert hook.code == 0, hook
    with trial(f"{action} at {point}, {policy} hook", arena.store):
        fault, marker = arena.fault(f"{point}:2:{action}")
        victim = arena.start("sprint", "run", "one", STUDIO_FAULT=fault)
        assert wait_for(lambda: thaw(arena, victim)), "it hangs"
        assert marker.exists(), victim.communicate()
        finish(arena, "one")
        worker = arena.worker()  # which brings what the commands have left

        assert wait_for(lambda: not undelivered(arena)), undelivered(arena)
        arena.stop(worker)
        told = Counter((arena.repo / "told").read_text().split())
        assert len(told) == ROUNDS, told
        assert max(told.values()) <= 2, json.dumps(told)
        arena.check("one")
