"""Retry database access: not at all while a gate runs, for a while between steps."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

AGAIN_S = 0.5
Answer = TypeVar("Answer")


def patiently(act: Callable[[], Answer], away_s: float, enough: Callable[[], bool]) -> Answer:
    """Return the result of ``act``, retried while the database is away or locked.

    Retries end after ``away_s`` seconds, or when ``enough`` returns true. A failed connection is
    not reused.

    ``act`` must be safe to repeat after a commit whose answer was lost.
    """
    give_up_at = time.monotonic() + away_s
    while True:
        try:
            return act()
        except (InterfaceError, OperationalError):
            connection.close()
            if enough() or time.monotonic() > give_up_at:
                raise
            time.sleep(AGAIN_S)


@contextmanager
def impatient(seconds: float) -> Iterator[None]:
    """Limit the wait of each statement for a lock to ``seconds``.

    On PostgreSQL the connection's ``lock_timeout`` does this.
    """
    if connection.vendor != "sqlite":
        yield
        return
    usual_s = connection.settings_dict["OPTIONS"].get("timeout", 5)
    _busy_timeout(seconds)
    try:
        yield
    finally:
        _busy_timeout(usual_s)


def _busy_timeout(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
