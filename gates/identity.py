"""Which process of which machine: a name that outlives it, so that its death can be proved."""

import os
import socket
import sys
from dataclasses import dataclass
from typing import Self

from gates import process_table

UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class Identity:
    """One process. ``boot`` names the boot, ``start`` is in clock ticks since then; None where
    the system does not tell. Written as ``host/boot/pid/start``.
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
        """The inverse of ``str``. Raises ``ValueError``."""
        host, boot, pid, start = text.split("/")
        return cls(
            host,
            None if boot == UNKNOWN else boot,
            int(pid),
            None if start == UNKNOWN else int(start),
        )

    def is_alive(self) -> bool | None:
        """Whether it still runs; None where that cannot be told from here: another host, another
        boot, another container.
        """
        here = identity()
        if (self.host, self.boot) != (here.host, here.boot):
            return None
        if self.start is not None:
            return process_table.find(self.pid, self.start) is not None
        return _has_pid(self.pid)


def identity() -> Identity:
    """This very process."""
    us = process_table.look(os.getpid())
    return Identity(
        socket.gethostname(), process_table.boot_id(), os.getpid(), us.start if us else None
    )


def _has_pid(pid: int) -> bool | None:
    """The best that can be said without a start time: some process has that pid."""
    if sys.platform == "win32":  # os.kill would end it
        return True if pid == os.getpid() else None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
