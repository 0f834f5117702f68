"""Test a foreign lock on SQLite: every process waits, or reports it and goes on later."""

import sqlite3
import threading
import time

import pytest

from tests.e2e.conftest import wait_for
from tests.faults.table import SHORT, trial

GATE = "sh -c 'echo $STUDIO_GATEWAY_RUN >> ran; echo half; sleep 1; echo judged'"


class Lock:
    """A writer that does not let go for some seconds."""

    def __init__(self, arena, seconds: float) -> None:
        self._connection = sqlite3.connect(
            arena.store / "gateway.sqlite3", isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA busy_timeout = 60000")
        self._connection.execute("BEGIN IMMEDIATE")
        self._timer = threading.Timer(seconds, self._release)
        self._timer.start()

    def _release(self) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()

    def join(self) -> None:
        """Wait until it has let go."""
        self._timer.join()


@pytest.mark.parametrize("seconds", [1] if SHORT else [1, 5, 30])
def test_a_run_waits_for_the_lock_or_is_typed_again(arena, seconds):
    arena.set_gate(GATE)
    arena.create("one")
    with trial(f"SQLite locked for {seconds} s, sprint run", arena.store):
        victim = arena.start("sprint", "run", "one")
        assert wait_for(lambda: (arena.repo / "ran").exists())
        lock = Lock(arena, seconds)

        out, err = victim.communicate(timeout=180)
        lock.join()

        assert "Traceback" not in err, err
        assert victim.returncode in ((0, 2) if seconds > 15 else (0,)), (out, err)
        if victim.returncode:
            again = arena.say("sprint", "run", "one")
            assert again.code == 0, again
        arena.check("one")


@pytest.mark.whole
@pytest.mark.parametrize("seconds", [1, 5, 30])
def test_a_worker_goes_on_by_itself(arena, seconds):
    arena.set_gate(GATE)
    with trial(f"SQLite locked for {seconds} s, worker", arena.store):
        worker = arena.worker()
        arena.queue("one", "two")
        assert wait_for(lambda: (arena.repo / "ran").exists())

        Lock(arena, seconds).join()

        assert arena.succeed("one", "two", within=120), (arena.statuses(), arena.remains())
        arena.stop(worker)
        arena.check("one", "two")


@pytest.mark.whole
def test_a_command_that_finds_it_locked_says_so_and_changes_nothing(arena):
    with trial("SQLite locked, sprint create", arena.store):
        lock = Lock(arena, 2.0)
        began = time.monotonic()

        said = arena.say("sprint", "create", "one")
        lock.join()

        assert said.code == 0, "it waits"
        assert time.monotonic() - began >= 1.5
        arena.agree()
