"""Test that a long-running command outlives its terminal, and stops when it is asked to."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import wait_for
from tests.world import ROOT

LIVES = """
import fcntl, pathlib, signal, sys, termios, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup may have started the tests
sys.path.insert(0, sys.argv[2])
from sprints.management.stop_signals import Stop
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
stop, mark = Stop(), pathlib.Path(sys.argv[1])
mark.write_text("begun")
end = time.monotonic() + 20
while not stop() and time.monotonic() < end:
    time.sleep(0.02)
    print("alive", flush=True)
    print("alive", file=sys.stderr, flush=True)
    if mark.read_text() == "closed":
        mark.write_text("went on")
mark.write_text("stopped")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_closed_terminal_ends_no_command_and_a_stop_does(tmp_path: Path, number: int):
    mark = tmp_path / "mark"
    mark.write_text("")
    ours, its = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-c", LIVES, str(mark), str(ROOT)],
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    assert wait_for(lambda: mark.read_text() == "begun")

    os.close(ours)  # the system sends SIGHUP, and each write to the terminal fails
    mark.write_text("closed")
    assert wait_for(lambda: mark.read_text() == "went on")
    assert program.poll() is None

    program.send_signal(number)
    assert program.wait(20) == 0
    assert mark.read_text() == "stopped"
