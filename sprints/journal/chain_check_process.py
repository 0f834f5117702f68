"""Check the hash chain of a large events.jsonl in a second process.

Meanwhile the first process compares the events with everything else: hashing and parsing each take
half of the time. If the second process does not confirm the chain, the first checks everything in
order.
"""

import os
import sys
import time
from pathlib import Path
from types import TracebackType

from gates.program import Program
from sprints.journal import hash_chain

LARGE = 64 << 20  # bytes; for less, the second process would start too late
SLACK_S = 10.0


def helps(size: int) -> bool:
    """Return whether a file of ``size`` bytes is worth a second process here."""
    return size >= LARGE and (os.cpu_count() or 1) > 1


class Beside:
    """The second process, which ends with the block at the latest. Raises ``OSError``."""

    def __init__(self, path: Path, size: int) -> None:
        argv = ["verify", str(path), "--links", str(size), "--inside", str(os.getpid())]
        self._program = Program([sys.executable, "-m", "studio_gateway", *argv])
        self._began = time.monotonic()

    def __enter__(self) -> "Beside":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None
    ) -> None:
        self._program.stop(grace_s=0.0)

    def says_yes(self) -> bool:
        """Wait for the process, about as long as the caller's own work took; return its answer."""
        limit_s = 2 * (time.monotonic() - self._began) + SLACK_S
        return self._program.wait(limit_s) == 0


def is_one_chain(path: Path, size: int) -> bool:
    """Return whether the file's first ``size`` bytes form one chain. Raises ``OSError``."""
    with path.open("rb") as file:
        try:
            for _ in hash_chain.chained(file, size):
                pass
        except hash_chain.Broken:
            return False
        return file.tell() >= size
