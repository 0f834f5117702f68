"""Stop flag of long-running commands, set by signals."""

import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

LOOK_S = 0.2


class Stop:
    """True once SIGTERM, SIGHUP or Ctrl-C has come. A second Ctrl-C is a ``KeyboardInterrupt``."""

    def __init__(self) -> None:
        self._asked = False
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number and (number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN):
                signal.signal(number, self._ask)

    def __call__(self) -> bool:
        """Return whether a stop was requested."""
        return self._asked

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._asked = True
        if number == signal.SIGINT:
            sys.stderr.write("stopping; press Ctrl-C again to kill at once\n")


def sleep(stop: Callable[[], bool]) -> None:
    """Wait until ``stop`` returns true."""
    while not stop():
        time.sleep(LOOK_S)
