"""Identify a process on a machine by a name that outlives it, to prove that it has ended."""

import os
import socket
import sys
from dataclasses import dataclass
from typing import Self

from gates import process_table

UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, written as ``host/boot/pid/start``.

    ``boot`` names the boot, ``start`` is in clock ticks since boot; both are None where the system
    does not report them.
    """

    host: str
    boot: str | None
    pid: int
    start: int | None

    def __str__(self) -> str:
        start = UNKNOWN if self.start is None else self.start
        return f"{self.host}/{self.boot or UNKNOWN}/{self.pid}/{start}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the identity that ``str`` has written. Raises ``ValueError``."""
        host, boot, pid, start = text.split("/")
        return cls(
            host,
            None if boot == UNKNOWN else boot,
            int(pid),
            None if start == UNKNOWN else int(start),
        )

    def is_alive(self) -> bool | None:
        """Return whether the process runs; None if this process cannot know.

        None means another host, another boot or another container.
        """
        here = identity()
        if (self.host, self.boot) != (here.host, here.boot):
            return None
        if self.start is not None:
            return process_table.find(self.pid, self.start) is not None
        return _has_pid(self.pid)


def identity() -> Identity:
    """Return the identity of this process."""
    us = process_table.look(os.getpid())
    return Identity(
        socket.gethostname(), process_table.boot_id(), os.getpid(), us.start if us else None
    )


def _has_pid(pid: int) -> bool | None:
    """Return whether any process has that pid: the best answer without a start time."""
    if sys.platform == "win32":  # os.kill would end it
        return True if pid == os.getpid() else None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
