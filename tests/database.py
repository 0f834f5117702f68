"""The test database as it was at one moment, kept to begin each test with."""

import sqlite3

from django.db import connection


class Image:
    """A copy of the test database, in memory."""

    def __init__(self) -> None:
        self._copy = sqlite3.connect(":memory:")
        connection.ensure_connection()
        connection.connection.backup(self._copy)

    def restore(self) -> None:
        """Let the test database be as it was, with its tables."""
        connection.ensure_connection()
        self._copy.backup(connection.connection)

    def close(self) -> None:
        """Forget the copy."""
        self._copy.close()
