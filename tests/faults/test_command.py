"""Test kill -9 of the command that runs a sprint, at random moments, with and without children."""

import contextlib
import os
import random
import signal
import time

from gates import process_table
from tests.faults.table import KILLS, SEED, SHORT, trial
from tests.faults.test_points import finish


def test_at_any_moment(shared):
    """The time of one whole command is measured first; the kills are spread over it."""
    arena, chance = shared, random.Random(SEED)
    names = [f"k{n}" for n in range(3 if SHORT else KILLS // 4)]
    arena.create("whole", *names)
    began = time.monotonic()
    assert arena.say("sprint", "run", "whole").code == 0
    took = time.monotonic() - began

    for name in names:
        whole = chance.random() < 0.5
        after = chance.uniform(0.1, 1.0) * took
        what = "sprint run and all below it" if whole else "sprint run"
        with trial(f"sigkill of {what}, at random", arena.store):
            victim = arena.start("sprint", "run", name)
            time.sleep(after)
            below = process_table.descendants(victim.pid) if whole else []
            for pid in (victim.pid, *(one.pid for one in below)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            victim.communicate(timeout=90)

            finish(arena, name)
            arena.ended_well(name)
            if not SHORT:
                arena.agree()
