"""Run one of our long-running programs: start it, watch it, end it with its descendants."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from gates import process_table
from gates.supervision.launch import PR_SET_PDEATHSIG, prctl
from gates.users_umask import of_programs

KILL_S = 5.0


def die_with_parent(parent: int | None = None) -> None:
    """Ask the system to send us SIGTERM when our parent ends, where the system supports this.

    ``parent`` is the parent's pid, if known: if the parent has ended already, this process exits.
    """
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent is not None and os.getppid() != parent:
        sys.exit(0)


class Program:
    """A child process in its own session, with our environment. Raises ``OSError``."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._popen = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, start_new_session=True, umask=of_programs()
        )

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._popen.pid

    def has_ended(self) -> bool:
        """Return whether the process has ended."""
        return self.ended_with() is not None

    def ended_with(self) -> int | None:
        """Return the exit code, negative for a signal; None while the process runs."""
        return self._popen.poll()

    def wait(self, seconds: float) -> int | None:
        """Wait up to ``seconds`` for the end; return as ``ended_with``."""
        with suppress(subprocess.TimeoutExpired):
            return self._popen.wait(seconds)
        return None

    def stop(self, grace_s: float) -> None:
        """Send SIGTERM, wait ``grace_s`` seconds, then SIGKILL the process and its descendants."""
        tree = [] if sys.platform == "win32" else process_table.descendants(self.pid)
        with suppress(OSError):
            self._popen.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(grace_s)
        for process in tree:
            process_table.send(process, signal.SIGKILL)
        with suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(KILL_S)
