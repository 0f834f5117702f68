"""Log faults that pass by themselves in one line, and not again and again."""

import logging
import sys
import time
from contextlib import suppress

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from sprints.store.layout import StoreError

AWAY = (OperationalError, InterfaceError)  # the database does not answer, or is full or locked
EVERY_S = 60.0

_said: dict[str, float] = {}  # monotonic times


def is_news(text: str) -> bool:
    """Return whether this process has not asked for ``text`` within the last minute."""
    now = time.monotonic()
    for old in [one for one, at in _said.items() if now - at >= EVERY_S]:
        del _said[old]
    if text in _said:
        return False
    _said[text] = now
    return True


def one_line(exc: BaseException) -> str:
    """Return the text of an exception without its line ends."""
    return " ".join(str(exc).split())


def put_off(exc: Exception) -> None:
    """Print in one line that the failed act will be tried again, and drop the database connection.

    A fault of the database is printed once a minute. Raises nothing.
    """
    kind = "" if isinstance(exc, DatabaseError | StoreError) else f"{type(exc).__name__}: "
    text = f"put off: {kind}{one_line(exc)}\n"
    with suppress(OSError, ValueError):  # the reader of our lines has gone
        if not isinstance(exc, AWAY) or is_news(text):
            sys.stderr.write(text)
    with suppress(Exception):
        connection.close()


class WithoutTraceback(logging.Filter):
    """Make a record of a database that is away one line, and drop it if it is no news."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is to be printed."""
        exc = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if not isinstance(exc, AWAY):
            return True
        record.msg, record.args = f"{record.getMessage()}: {one_line(exc)}", ()
        record.exc_info = record.exc_text = None
        return is_news(f"{record.name}: {record.msg}")
