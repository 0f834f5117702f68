"""Keep what the gateway makes to its owner, and leave programs the umask of the user.

A gate, an agent or git makes files for the user, in the checkout for instance. They get the modes
that the user's own programs give them.
"""

import os
from pathlib import Path

OURS = 0o077
_users: int | None = None


def keep_private() -> None:
    """Take from others all rights to the files that this process makes from now on."""
    global _users
    before = os.umask(OURS)
    if _users is None:
        _users = before


def of_programs() -> int:
    """Return the umask for a new program as ``subprocess`` takes it: -1 for this process's own."""
    return -1 if _users is None or os.name == "nt" else _users


def give(path: Path, mode: int = 0o666) -> None:
    """Give a new file or folder of the user's the mode that the user's own program would give it.

    Raises ``OSError``.
    """
    if _users is not None:
        path.chmod(mode & ~_users)


def make_folder(path: Path) -> None:
    """Make a folder of the user's with its parents, as far as they are missing.

    Raises ``OSError``.
    """
    missing = [one for one in (path, *path.parents) if not one.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for one in missing:
        give(one, 0o777)
