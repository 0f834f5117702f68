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


HEEDS = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from sprints.management.stop_signals import Stop
signal.signal(signal.SIGHUP, signal.SIG_IGN if sys.argv[2] == "nohup" else signal.SIG_DFL)
stop = Stop()
os.kill(os.getpid(), signal.SIGHUP)
print(bool(stop()), signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)
os.kill(os.getpid(), signal.SIGTERM)
print(bool(stop()))
"""


@pytest.mark.parametrize(("how", "ignored"), [("nohup", True), ("plain", False)])
def test_output_to_a_file_outlives_the_terminal_with_and_without_nohup(how: str, ignored: bool):
    done = subprocess.run(
        [sys.executable, "-c", HEEDS, str(ROOT), how], capture_output=True, text=True, check=True
    )

    assert done.stdout == f"False {ignored}\nTrue\n"
