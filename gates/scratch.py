"""A folder for the temporary files of one run, found again by the run's token."""

import hashlib
import os
import tempfile
from pathlib import Path

from gates.removal import remove


def scratch_of(token: str) -> Path:
    """Where it is. Its name is short, for a socket in it has a path of 107 bytes at most."""
    name = f"sgw-{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()[:16]}"
    return Path(tempfile.gettempdir()) / name


def make(token: str) -> Path:
    """Make it, empty, and return it. Raises ``OSError`` where something stays in its place."""
    folder = scratch_of(token)
    clear(token)
    folder.mkdir(mode=0o700)
    return folder


def clear(token: str) -> None:
    """Remove it with all that is in it, as far as that can be had."""
    folder = scratch_of(token)
    if os.path.lexists(folder) and not folder.is_symlink():
        remove(folder)
