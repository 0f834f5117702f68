"""Notice that the store of a running process was deleted or replaced."""

import os
from contextlib import suppress
from pathlib import Path

from sprints.store.layout import Store


class Presence:
    """The folder and the embedded database of a store, as this process has found them."""

    def __init__(self, store: Store) -> None:
        self._paths = [path for path in (store.root, store.database) if path.exists()]
        # While the folder is open, its number is not used again; the database is open anyway.
        self._open = -1 if os.name == "nt" else os.open(store.root, os.O_RDONLY | os.O_DIRECTORY)
        self._found = [_identity(path) for path in self._paths]

    def is_lost(self) -> bool:
        """Return whether one of them is gone, or another stands in its place."""
        return [_identity(path) for path in self._paths] != self._found

    def close(self) -> None:
        """Let the folder go."""
        if self._open >= 0:
            os.close(self._open)
            self._open = -1


def _identity(path: Path) -> tuple[int, int] | None:
    with suppress(FileNotFoundError, NotADirectoryError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None
