"""A second process looks whether the lines of a large events.jsonl form one chain, while its events
are compared with all else here: to hash and to parse each is half of the work.

It says yes or no. Where it does not say yes, everything is looked at here, in order.
"""

import os
import sys
import time
from pathlib import Path
from types import TracebackType

from gates.program import Program
from sprints.journal import hash_chain

LARGE = 64 << 20  # bytes; below that it would hardly have begun when we are done
SLACK_S = 10.0


def helps(size: int) -> bool:
    """Whether that many bytes are worth a second process here."""
    return size >= LARGE and (os.cpu_count() or 1) > 1


class Beside:
    """The process; none is left when the block ends. Raises ``OSError``."""

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
        """Once it is done; for who has needed some time, it need not be the faster."""
        limit_s = 2 * (time.monotonic() - self._began) + SLACK_S
        return self._program.wait(limit_s) == 0


def is_one_chain(path: Path, size: int) -> bool:
    """Whether the first ``size`` bytes of the file do, down to the last. Raises ``OSError``."""
    with path.open("rb") as file:
        try:
            for _ in hash_chain.chained(file, size):
                pass
        except hash_chain.Broken:
            return False
        return file.tell() >= size
