"""Give each run a folder for temporary files, named after the run's token."""

import hashlib
import os
import tempfile
from pathlib import Path

from gates.removal import remove


def scratch_of(token: str) -> Path:
    """Return the folder's path. Its name is short: a socket's path has at most 107 bytes."""
    name = f"sgw-{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()[:16]}"
    return Path(tempfile.gettempdir()) / name


def make(token: str) -> Path:
    """Make the folder, empty, and return it. Raises ``OSError`` if an old one cannot be removed."""
    folder = scratch_of(token)
    clear(token)
    folder.mkdir(mode=0o700)
    return folder


def clear(token: str) -> None:
    """Remove the folder with its content, as far as possible."""
    folder = scratch_of(token)
    if os.path.lexists(folder) and not folder.is_symlink():
        remove(folder)
