"""Become a program that gets SIGTERM when its parent ends: ``PARENT_PID ARGV...``.

Runs in a bare interpreter, because a process with threads can do almost nothing between fork and
exec.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, argv: list[str]) -> None:
    """Replace this process by the program. Raises ``OSError`` if there is no such program."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        return  # the parent has ended already
    for name in ("SIGPIPE", "SIGXFSZ"):  # an interpreter ignores them, a program must not
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.execvp(argv[0], argv)  # noqa: S606 - a shell is not wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
