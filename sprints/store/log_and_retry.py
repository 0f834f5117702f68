"""Log an error of a process that goes on and tries again."""

import sys
from contextlib import suppress

from django.db import DatabaseError, connection

from sprints.store.layout import StoreError


def put_off(exc: Exception) -> None:
    """Print in one line that the failed act will be tried again, and drop the database connection.

    Raises nothing.
    """
    kind = "" if isinstance(exc, DatabaseError | StoreError) else f"{type(exc).__name__}: "
    with suppress(OSError, ValueError):  # the reader of our lines has gone
        sys.stderr.write(f"put off: {kind}{' '.join(str(exc).split())}\n")
    with suppress(Exception):
        connection.close()
