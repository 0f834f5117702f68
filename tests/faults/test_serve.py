"""Test kill -9 of the web server and its workers: the next ``serve`` goes on."""

import os
import random
import signal
import socket
import subprocess
import time

import pytest

from tests.e2e.conftest import wait_for
from tests.faults.arena import Arena
from tests.faults.table import KILLS, SEED, trial


def serve(arena: Arena) -> subprocess.Popen[str]:
    """A ``serve`` that answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = arena.start("serve", "--port", str(port))

    def answers() -> bool:
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", port)) == 0

    assert wait_for(answers), served.poll()
    return served


@pytest.mark.whole
def test_what_it_carried_goes_on_with_the_next(arena):
    chance = random.Random(SEED)
    served = serve(arena)
    for n in range(KILLS // 20):
        names = [f"a{n}", f"b{n}"]
        with trial("sigkill of serve, at random", arena.store):
            arena.queue(*names)
            time.sleep(chance.uniform(0.0, 1.5))
            os.kill(served.pid, signal.SIGKILL)
            served.communicate(timeout=90)
            served = serve(arena)

            assert arena.succeed(*names), (n, arena.statuses(), arena.remains())
            for name in names:
                arena.ended_well(name)
            arena.agree_while_at_work()
    arena.stop(served)
    arena.agree()
