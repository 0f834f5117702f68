"""Test each process of a cluster when it is killed, terminated or frozen, at random moments too."""

import contextlib
import json
import os
import random
import signal
import subprocess
import time

import pytest

from gates import process_table
from tests.e2e.conftest import wait_for
from tests.faults.arena import Arena
from tests.faults.table import KILLS, SEED, SHORT, trial

SLOW_GATE = "sh -c 'echo $STUDIO_GATEWAY_RUN >> ran; echo half; sleep 1.5; echo judged'"
ROLES = (
    "idle worker",
    "carrying worker",
    "pusher",
    "monitor",
    "sentinel",
    "main",
    "group",
    "watch",
)
FORWARD = """
from datetime import timedelta
from django.db.models import F
from sprints.models import Host
Host.objects.update(worked_at=F("worked_at") - timedelta(hours=2))
"""
SHORT_CASES = [("watch", "sigkill")]  # a worker that carries dies in test_points
CASES = [
    (role, action)
    for role in ROLES
    for action in ("sigkill", "sigterm", "sigstop")
    # Who is frozen with a sprint in hand holds it: that is told, and waited for (test_points).
    if action != "sigstop" or role not in ("carrying worker", "group", "watch")
]


def cluster(watch: subprocess.Popen[str]) -> dict[str, int]:
    """The processes of a cluster of two that has just started, by their roles."""
    main, sentinel, *others = (one.pid for one in process_table.descendants(watch.pid))
    first, second, monitor, pusher = sorted(others)[:4]
    roles = {"watch": watch.pid, "main": main, "sentinel": sentinel, "first": first}
    return roles | {"second": second, "monitor": monitor, "pusher": pusher}


def started(arena: Arena) -> subprocess.Popen[str]:
    """A worker command whose cluster is whole."""
    watch = arena.worker()
    assert wait_for(lambda: len(process_table.descendants(watch.pid)) >= 6), arena.remains()
    return watch


def is_alive(pid: int) -> bool:
    """Whether a process runs."""
    process = process_table.look(pid)
    return process is not None and not process.dead


def carrier(roles: dict[str, int]) -> str:
    """Which of the two workers has a supervisor below it that has a gate."""
    for role in ("first", "second"):
        if len(process_table.descendants(roles[role])) >= 2:
            return role
    return ""


def hit(roles: dict[str, int], role: str, action: str) -> int:
    """Send the signal; returns whose end it is to be."""
    signum = signal.Signals[action.upper()]
    if role == "group":
        os.killpg(roles["main"], signum)
        return roles["main"]
    if role.endswith("worker"):
        carries = carrier(roles)
        idle = "second" if carries == "first" else "first"
        role = carries if role == "carrying worker" else idle
    os.kill(roles[role], signum)
    return roles[role]


@pytest.mark.parametrize(("role", "action"), SHORT_CASES if SHORT else CASES)
def test_work_goes_on_without(arena, role, action):
    arena.set_gate(SLOW_GATE)
    with trial(f"{action} of {role}", arena.store):
        watch = started(arena)
        roles = cluster(watch)
        arena.queue("one")
        assert wait_for(lambda: bool(carrier(roles))), arena.remains()

        victim = hit(roles, role, action)
        arena.queue("two")
        if role == "watch":
            watch.communicate(timeout=90)
            assert wait_for(lambda: not arena.remains()), arena.remains()
            watch = arena.worker()

        assert arena.succeed("one", "two"), (arena.statuses(), arena.remains())
        if action != "sigstop":
            assert not is_alive(victim), "it takes messages, or holds what it does not carry"
        arena.stop(watch)
        arena.check("one", "two")


@pytest.mark.whole
def test_a_main_process_that_is_told_to_end_many_times_at_once_ends(arena):
    """As by the death of a watch, each of whose threads is a parent that dies."""
    for _ in range(max(10, KILLS // 50)):
        with trial("40 x sigterm of main at once", arena.store):
            watch = started(arena)
            main = cluster(watch)["main"]
            watch.kill()

            for _ in range(40):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(main, signal.SIGTERM)

            assert wait_for(lambda: not arena.remains()), arena.remains()
            watch.communicate(timeout=90)


def test_work_begins_within_15_s_of_the_death_of_idle_workers(arena):
    with trial("sigkill of all idle workers", arena.store):
        watch = started(arena)
        time.sleep(1)
        roles = cluster(watch)

        for role in ("first", "second"):
            os.kill(roles[role], signal.SIGKILL)
        arena.queue("after")

        assert arena.succeed("after", within=30)
        arena.stop(watch)
        arena.check("after")


def test_a_clock_that_is_put_forward_ends_no_gate(arena):
    """As NTP does it, or a machine that wakes: the last sign of life is old at once."""
    arena.set_gate(SLOW_GATE.replace("1.5", "5"))
    with trial("the clock put forward", arena.store):
        watch = started(arena)
        time.sleep(11)  # a cluster that was just started is given time
        arena.queue("one")
        assert wait_for(lambda: '"gate_started"' in json.dumps(arena.events("one")))

        for _ in range(3):
            assert arena.say("shell", "-c", FORWARD).code == 0
            time.sleep(1.2)

        assert arena.succeed("one"), arena.statuses()
        assert [host["restarts"] for host in json.loads(arena.say("status").out)["hosts"]] == [0]
        assert "interrupted" not in json.dumps(arena.events("one"))
        arena.stop(watch)
        arena.check("one")


def test_any_process_at_any_moment(arena):
    chance = random.Random(SEED)
    watch = started(arena)
    for burst in range(1 if SHORT else KILLS // 6):
        names = [f"b{burst}-{n}" for n in range(2)]
        with contextlib.ExitStack() as trials:
            arena.queue(*names)
            for _ in range(chance.randint(1, 3)):
                time.sleep(chance.uniform(0.0, 1.5))
                role, pids = victims(chance, watch)
                trials.enter_context(trial(f"sigkill of {role}, at random", arena.store))
                for pid in pids:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                if watch.pid in pids:  # whatever else it stands for while it starts its cluster
                    watch.communicate(timeout=90)
                    watch = arena.worker()
            assert arena.succeed(*names), (burst, arena.statuses(), arena.remains())
            for name in names:
                arena.ended_well(name)
            if not SHORT:
                arena.agree_while_at_work()
    arena.stop(watch)
    arena.agree()


def victims(chance: random.Random, watch: subprocess.Popen[str]) -> tuple[str, list[int]]:
    """Whom it hits this time: never a gate, whose death is a verdict, nor its supervisor, which has
    points of its own. Of a cluster that is just starting there is the watch alone.
    """
    tree = process_table.descendants(watch.pid)
    below = [one.pid for one in tree]
    if len(below) < 3:
        return "watch and everything below it", [watch.pid, *below]
    main, sentinel = below[:2]
    inner = [one.pid for one in tree if one.parent == sentinel] or [sentinel]
    return chance.choice(
        [
            ("a process below the sentinel", [chance.choice(inner)]),
            ("a process below the sentinel", [chance.choice(inner)]),
            ("two processes below the sentinel", [chance.choice(inner), chance.choice(inner)]),
            ("the sentinel", [sentinel]),
            ("the main process", [main]),
            ("watch", [watch.pid]),
            ("watch and everything below it", [watch.pid, *below]),
        ]
    )
