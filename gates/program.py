"""A program of ours that runs beside us for long: started, watched, ended with all it started."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from gates import process_table
from gates.supervision.launch import PR_SET_PDEATHSIG, prctl

KILL_S = 5.0


def die_with_parent(parent: int | None = None) -> None:
    """Have the system send us SIGTERM when our parent ends; does nothing where there is no way.

    ``parent`` is its pid, where we know it: if it has ended already, we end here.
    """
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent is not None and os.getppid() != parent:
        sys.exit(0)


class Program:
    """A child in a session of its own, with our environment. Raises ``OSError``."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def has_ended(self) -> bool:
        """Whether it is dead already."""
        return self.ended_with() is not None

    def ended_with(self) -> int | None:
        """Its exit code, negative for the signal that ended it; None while it lives."""
        return self._popen.poll()

    def wait(self, seconds: float) -> int | None:
        """As ``ended_with``, once it has ended or so much time is over."""
        with suppress(subprocess.TimeoutExpired):
            return self._popen.wait(seconds)
        return None

    def stop(self, grace_s: float) -> None:
        """SIGTERM, ``grace_s``, then SIGKILL to it and to every process below it."""
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
