"""Test small programs with bytes in and out: results and failures."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gates import process, short_command
from tests.e2e.conftest import wait_for
from tests.world import ROOT


def test_bytes_go_in_and_come_out_unchanged_and_apart():
    text = "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d[::-1]); "
    program = [sys.executable, "-c", text + "sys.stderr.write('aside'); sys.exit(7)"]

    said = process.run_short(program, timeout_s=20, given=b"\xff\0abc\n")

    assert said == process.ShortCommand(7, b"\ncba\0\xff", b"aside")


def test_what_is_too_much_is_cut_and_that_is_said():
    said = process.run_short(["head", "-c", "100", "/dev/zero"], timeout_s=20, most=10)

    assert (said.code, said.out, said.whole) == (0, b"\0" * 10, False)


def test_a_program_that_is_missing_or_hangs_has_a_code_and_a_reason():
    begun = time.monotonic()
    missing = process.run_short(["absent"], timeout_s=5)
    hanging = process.run_short(["sleep", "300"], timeout_s=0.3)

    assert (missing.code, missing.err) == (127, b"no such program: absent")
    assert (hanging.code, hanging.err) == (124, b"killed after 0.3 s")
    assert time.monotonic() - begun < 10


CLEARS_UP = """
import os, signal, sys, time
def clear(*_):
    os.unlink(sys.argv[1])
    os._exit(0)
signal.signal(signal.SIGTERM, clear)
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(60)
"""


def test_a_program_that_is_over_its_time_may_clear_up(tmp_path):
    lock = tmp_path / "lock"

    said = process.run_short([sys.executable, "-c", CLEARS_UP, str(lock)], timeout_s=2)

    assert said.code == 124
    assert not lock.exists()


WITHOUT = "short_command._binds = lambda: (sys.executable, '-I', '-S', short_command.BOUND)"


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells a child")
@pytest.mark.parametrize("how", ["pass", WITHOUT], ids=["setpriv", "without"])
def test_one_that_is_bound_is_told_to_end_when_we_are_killed(tmp_path, how):
    lock = tmp_path / "lock"
    argv = [sys.executable, "-c", CLEARS_UP, str(lock)]
    run = f"process.run_short({argv!r}, timeout_s=60, bound=True)"
    code = f"import sys; from gates import process, short_command; {how}; {run}"
    gateway = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    assert wait_for(lambda: lock.exists() and lock.read_text() != "")
    pid = lock.read_text()

    gateway.kill()
    gateway.wait()

    assert wait_for(lambda: not Path(f"/proc/{pid}").exists())
    assert not lock.exists()


@pytest.mark.parametrize("without", [False, True])
def test_one_that_is_bound_is_a_program_like_any_other(monkeypatch, without):
    if without:
        leading = (sys.executable, "-I", "-S", short_command.BOUND)
        monkeypatch.setattr(short_command, "_binds", lambda: leading)
    said = process.run_short(
        ["sh", "-c", "cat; kill -PIPE $$"], timeout_s=20, given=b"x", bound=True
    )
    missing = process.run_short(["absent"], timeout_s=5, bound=True)

    assert (said.code, said.out, said.err) == (-signal.SIGPIPE, b"x", b"")
    assert (missing.code, missing.err) == (127, b"no such program: absent")


def test_a_watched_program_ends_with_its_children_when_it_is_to_stop(tmp_path):
    begun = time.monotonic()
    program = f"sleep 301 & echo $! > {tmp_path}/child; wait"

    with (
        process.watched(lambda: process.Stop("enough")),
        pytest.raises(process.Interrupted, match="enough"),
    ):
        process.run_short(["sh", "-c", program], timeout_s=60)

    assert time.monotonic() - begun < 10
    child = Path("/proc") / (tmp_path / "child").read_text().strip()
    assert wait_for(lambda: not child.exists())


def test_a_quick_watched_program_is_not_stopped_and_others_are_not_watched():
    with process.watched(lambda: process.Stop("enough")):
        assert process.run_short(["true"], timeout_s=60).code == 0
    assert process.run_short(["sleep", "0.5"], timeout_s=60).code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="no other system lists processes")
def test_children_of_a_program_whose_caller_was_killed_are_found_and_ended():
    argv = ["sh", "-c", "sleep 302 & echo $!; wait"]
    code = (
        "import os; from gates import process; "
        f"process.run_short({argv!r}, timeout_s=60, env={{**os.environ, **process.mark()}})"
    )
    gateway = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        assert process.orphans() == []
        time.sleep(1)
    finally:
        gateway.kill()
        gateway.wait()

    assert len(process.orphans()) == 2
    assert process.sweep_orphans() == 2
    assert wait_for(lambda: process.orphans() == [])
