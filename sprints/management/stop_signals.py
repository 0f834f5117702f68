"""Stop flag of long-running commands, set by signals."""

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

LOOK_S = 0.2


class Stop:
    """True once SIGTERM or Ctrl-C has come. A second Ctrl-C is a ``KeyboardInterrupt``.

    SIGHUP stops nothing: a command in the background goes on when its terminal is closed.
    """

    def __init__(self) -> None:
        self._asked = False
        self._terminals = [number for number in range(3) if os.isatty(number)]
        for name in ("SIGTERM", "SIGINT"):
            number = getattr(signal, name)
            if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._ask)
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._leave_terminal)

    def __call__(self) -> bool:
        """Return whether a stop was requested."""
        return self._asked

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._asked = True
        if number == signal.SIGINT:
            sys.stderr.write("stopping; press Ctrl-C again to kill at once\n")

    def _leave_terminal(self, number: int, frame: FrameType | None) -> None:
        """Read and write nothing where the terminal was: each write to it would fail."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for terminal in self._terminals:
            os.dup2(nothing, terminal)
        os.close(nothing)


def sleep(stop: Callable[[], bool]) -> None:
    """Wait until ``stop`` returns true."""
    while not stop():
        time.sleep(LOOK_S)
