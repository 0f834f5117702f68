"""What a sprint's gates printed, opened for reading: a plain file in the sprint's own folder, or
nothing.

A gate may put links and pipes there, and swap a folder while we look. So each part of a path is
opened from the one before it, and no link is ever followed: what was checked is what is read.
"""

import contextlib
import os
import stat
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path

from django.conf import settings

from sprints.ids import BadId, check_id

_STEPWISE = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


def open_evidence(sprint_id: str, relpath: str) -> BufferedReader:
    """The file ``relpath`` (its parts separated by ``/``) of that sprint's folder; the caller reads
    and closes it. Raises ``FileNotFoundError`` for whatever is not a plain file of that sprint.
    """
    parts = relpath.split("/")
    try:
        check_id(sprint_id)
        if not all(_is_name(part) for part in parts):
            raise FileNotFoundError(relpath)
        descriptor = _opened([settings.STORE.artifacts.name, sprint_id, *parts])
    except (BadId, OSError) as exc:
        raise FileNotFoundError(relpath) from exc
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or _is_secret(found):
        os.close(descriptor)
        raise FileNotFoundError(relpath)
    return os.fdopen(descriptor, "rb")


def _is_name(part: str) -> bool:
    """The name of one file: it leads neither up nor elsewhere, on whatever system."""
    try:
        return part not in ("", ".", "..") and not {"\0", "\\"} & {*part} and bool(part.encode())
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def _opened(parts: Sequence[str]) -> int:
    """The descriptor of what lies there in the store. Raises ``OSError``."""
    root: Path = settings.STORE.root
    if not _STEPWISE:
        return _opened_at_once(root, parts)
    *folders, name = parts
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            above = here
            here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
            os.close(above)
        # To open the database by another name and close it would let go of our locks on it.
        if _is_secret(os.stat(name, dir_fd=here, follow_symlinks=False)):
            raise FileNotFoundError(name)
        # A pipe with no writer would keep us waiting.
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
    finally:
        os.close(here)


def _opened_at_once(root: Path, parts: Sequence[str]) -> int:
    """Where a path cannot be opened part by part (Windows; there, a gate may make no links)."""
    path = root.joinpath(*parts)
    if path.resolve(strict=True) != root.resolve(strict=True).joinpath(*parts):
        raise FileNotFoundError(path)
    return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))


def _is_secret(found: os.stat_result) -> bool:
    """Whether it must not be shown by any name: a hard link is no link to follow."""
    for path in (settings.STORE.config, settings.STORE.database):
        with contextlib.suppress(OSError):
            if os.path.samestat(found, path.stat()):
                return True
    return False
