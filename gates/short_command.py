"""Run a small program to its end while the caller waits: bytes in, bytes out.

A thread may let such programs be stopped (``watched``). A program that outlives its caller bears
the caller's mark, by which ``sweep_orphans`` finds it.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from gates import process_table
from gates.execution import COOKIE, Stop
from gates.identity import Identity, identity
from gates.process_table import Process
from gates.users_umask import of_programs

CAPTURE_BYTES = 1 << 20
GRACE_S = 5.0  # time to clean up after SIGTERM
LOOK_S = 0.2  # between two looks whether a watched program is to stop
OWNER = "short:"  # and the identity of the caller: the cookie of a marked program
BOUND = str(Path(__file__).with_name("supervision") / "die_with_parent.py")
TIMED_OUT, NOT_EXECUTABLE, MISSING = 124, 126, 127  # as in a shell and timeout(1)


_thread = threading.local()


class Interrupted(Exception):
    """A watched program was ended before its end; the message is the reason of the stop."""


@contextmanager
def watched(tick: Callable[[], Stop | None] | None) -> Iterator[None]:
    """Ask ``tick`` often, while this thread waits for a short command, whether to end it.

    Then the command ends with its process group, and ``Interrupted`` is raised.
    """
    before, _thread.tick = getattr(_thread, "tick", None), tick
    try:
        yield
    finally:
        _thread.tick = before


def mark() -> dict[str, str]:
    """Return the variable by which a program and its children are found after our end."""
    return {COOKIE: f"{OWNER}{identity()}"}


def orphans() -> list[Process]:
    """Return the living processes of marked programs whose caller has ended.

    Empty where the system cannot list them.
    """
    if not process_table.LINUX:
        return []
    return [
        process
        for cookie, found in process_table.values_of(COOKIE).items()
        if cookie.startswith(OWNER) and _has_ended(cookie.removeprefix(OWNER))
        for process in found
    ]


def _has_ended(who: str) -> bool:
    try:
        return Identity.parse(who).is_alive() is False
    except ValueError:
        return False


def sweep_orphans() -> int:
    """Kill the processes of marked programs whose caller has ended; return their number."""
    return sum(process_table.send(process, signal.SIGKILL) for process in orphans())


@dataclass(frozen=True, slots=True)
class ShortCommand:
    """The result of a short command. ``whole`` is False if it printed more than was read."""

    code: int
    out: bytes
    err: bytes
    whole: bool = True


def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    given: bytes = b"",
    most: int = CAPTURE_BYTES,
    bound: bool = False,
) -> ShortCommand:
    """Run ``argv`` with ``given`` as standard input; read at most ``most`` bytes of each output.

    The code is 127 for a missing program, 126 for one that cannot be run, and 124 after
    ``timeout_s``. Then ``err`` gives the reason. A ``bound`` program gets SIGTERM if we are killed,
    where the system supports this. Raises ``OSError`` if there is no room for outputs, and
    ``Interrupted`` in a ``watched`` thread.
    """
    # Descendants of the program would hold a pipe open.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with tempfile.TemporaryFile() as input_:
            input_.write(given)
            input_.seek(0)
            code, words = _ended(argv, (input_, out, err), timeout_s, cwd, env, bound=bound)
        said, whole = _read(out, most)
        why, _ = _read(err, CAPTURE_BYTES)
    if words and why and not why.endswith(b"\n"):
        why += b"\n"
    return ShortCommand(code, said, why + words.encode("utf-8", "replace"), whole)


def capture(
    argv: Sequence[str],
    *,
    timeout_s: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Return the exit code of a small command, and the first MiB of both outputs together.

    The codes are those of ``run``.
    """
    with tempfile.TemporaryFile() as said, Path(os.devnull).open("rb") as nothing:
        code, words = _ended(argv, (nothing, said, said), timeout_s, cwd, env)
        if code in (MISSING, NOT_EXECUTABLE) and words:
            return code, words
        return code, _read(said, CAPTURE_BYTES)[0].decode(errors="replace")


def _ended(
    argv: Sequence[str],
    files: tuple[IO[bytes], IO[bytes], IO[bytes]],
    timeout_s: float,
    cwd: Path | None,
    env: Mapping[str, str] | None,
    *,
    bound: bool = False,
) -> tuple[int, str]:
    """Return the exit code, and the reason if the code is one of ours."""
    given, out, err = files
    leading = (*_binds(), str(os.getpid())) if bound and sys.platform == "linux" else ()
    try:
        if os.sep not in argv[0] and not shutil.which(
            argv[0], path=(env or os.environ).get("PATH")
        ):
            return MISSING, f"no such program: {argv[0]}"
        popen = subprocess.Popen(
            [*leading, *argv],
            stdin=given,
            stdout=out,
            stderr=err,
            cwd=cwd,
            env=env,
            start_new_session=True,
            umask=of_programs(),
        )
    except (OSError, ValueError) as exc:
        missing = isinstance(exc, FileNotFoundError)
        return MISSING if missing else NOT_EXECUTABLE, f"cannot run {argv[0]}: {exc}"
    try:
        return _wait(popen, timeout_s), ""
    except BaseException as exc:
        _tell_to_end(popen)
        kill_tree(popen.pid)
        popen.wait()
        if not isinstance(exc, subprocess.TimeoutExpired):
            raise
        return TIMED_OUT, f"killed after {timeout_s:g} s"


@cache
def _binds() -> tuple[str, ...]:
    """Return the argv that starts a program bound to our life; our pid and the program follow it.

    ``setpriv`` is preferred: an interpreter takes 20 ms to start, and many git commands take 3.
    """
    code, _ = capture(["setpriv", "--pdeathsig", "TERM", "true"], timeout_s=10.0)
    if code == 0:  # setpriv of util-linux; others lack the option
        return "setpriv", "--pdeathsig", "TERM", "--", "sh", "-c", '[ $PPID = $0 ] && exec "$@"'
    return sys.executable, "-I", "-S", BOUND


def _wait(popen: subprocess.Popen[bytes], timeout_s: float) -> int:
    """Return the exit code as soon as the program ends; ``Popen.wait`` would poll.

    Raises ``TimeoutExpired`` and ``Interrupted``.
    """
    give_up_at = time.monotonic() + timeout_s
    tick = getattr(_thread, "tick", None)
    while (left_s := give_up_at - time.monotonic()) > 0:
        with suppress(subprocess.TimeoutExpired):
            return _wait_once(popen, min(left_s, LOOK_S) if tick else left_s)
        if tick and (stop := tick()):
            raise Interrupted(stop.reason)
    raise subprocess.TimeoutExpired(popen.args, timeout_s)


def _wait_once(popen: subprocess.Popen[bytes], timeout_s: float) -> int:
    """Return the exit code if the program ends in time. Raises ``TimeoutExpired``."""
    if sys.platform == "linux":
        with suppress(OSError):  # a kernel without pidfds
            end = os.pidfd_open(popen.pid)
            try:
                ends = select.poll()
                ends.register(end, select.POLLIN)
                if not ends.poll(timeout_s * 1000):
                    raise subprocess.TimeoutExpired(popen.args, timeout_s)
            finally:
                os.close(end)
            return popen.wait()
    return popen.wait(timeout_s)


def _tell_to_end(popen: subprocess.Popen[bytes]) -> None:
    """Send SIGTERM, so that the program can remove its locks and temporary files."""
    if sys.platform != "win32":
        with suppress(OSError):
            os.killpg(popen.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            popen.wait(GRACE_S)


def _read(file: IO[bytes], most: int) -> tuple[bytes, bool]:
    file.seek(0)
    data = file.read(most + 1)
    return data[:most], len(data) <= most


def kill_tree(pid: int) -> None:
    """Kill a program that leads a session, and all processes of the session."""
    if sys.platform == "win32":
        capture(["taskkill", "/T", "/F", "/PID", str(pid)], timeout_s=10.0)
    else:
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
