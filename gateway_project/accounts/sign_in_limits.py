"""Limit failed sign-ins with a password; tokens are long enough to need no limit."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

FAILURES = 10  # of one user name from one address, before passwords are refused
COOLOFF = timedelta(minutes=10)  # for which passwords are then refused
AT_ONCE = 1  # passwords compared at a time; each takes most of a second of a processor
RETRY_S = 2  # seconds until a refused visitor should try again

_turns = threading.BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """Other passwords are being compared; a waiting request would hold a thread of the server."""


@contextmanager
def turn() -> Iterator[None]:
    """Compare a password in here. Raises ``Busy`` at once where others do."""
    if not _turns.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _turns.release()
