"""What went wrong in a process that goes on nevertheless."""

import sys
from contextlib import suppress

from django.db import DatabaseError, connection

from sprints.store.layout import StoreError


def put_off(exc: Exception) -> None:
    """Say in one line that what failed is tried again when its time comes, and drop a connection
    that may be broken. Raises nothing.
    """
    kind = "" if isinstance(exc, DatabaseError | StoreError) else f"{type(exc).__name__}: "
    with suppress(OSError, ValueError):  # who read our lines has gone
        sys.stderr.write(f"put off: {kind}{' '.join(str(exc).split())}\n")
    with suppress(Exception):
        connection.close()
