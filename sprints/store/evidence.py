"""Open an output of a sprint's gates: a plain file in the sprint's own folder, or nothing.

A gate may put links and pipes there, and swap a folder meanwhile. So each part of a path is opened
from the one before it, and no link is followed: the checked file is the one that is read.
"""

import contextlib
import os
import stat
from collections.abc import Callable, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Self

from django.conf import settings

from sprints.ids import BadId, check_id

DEEPEST = 32
_STEPWISE = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


def open_evidence(sprint_id: str, relpath: str) -> BufferedReader:
    """Open the file ``relpath`` (parts separated by ``/``) in that sprint's folder.

    The caller closes it. Raises ``FileNotFoundError`` for anything but a plain file of that sprint.
    """
    return os.fdopen(_plain(_opened, sprint_id, relpath, _secrets()), "rb")


class EvidenceReader:
    """An opener of many files, which keeps the folders of the last file open.

    The next file is usually nearby, and to open its folders would take longer than to read it.
    """

    def __init__(self) -> None:
        self._secrets = _secrets()
        self._folders: list[tuple[str, int]] = []  # from the store's root on, which has no name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._let_go(0)

    def opened(self, sprint_id: str, relpath: str) -> int:
        """Return the file's descriptor, which the caller closes.

        As ``open_evidence``, but for at most ``DEEPEST`` folders.
        """
        opened = self._opened if _STEPWISE else _opened
        return _plain(opened, sprint_id, relpath, self._secrets)

    def _opened(self, parts: Sequence[str]) -> int:
        folders = ["", *parts[:-1]]
        if len(folders) > DEEPEST:
            raise FileNotFoundError(parts[-1])
        both = zip(self._folders, folders, strict=False)
        self._let_go([*(held[0] == name for held, name in both), False].index(False))
        for name in folders[len(self._folders) :]:
            here = _folder(name, self._folders[-1][1]) if name else _root()
            self._folders.append((name, here))
        return _file(parts[-1], self._folders[-1][1], self._secrets)

    def _let_go(self, depth: int) -> None:
        while len(self._folders) > depth:
            os.close(self._folders.pop()[1])


def _plain(
    opened: Callable[[Sequence[str]], int],
    sprint_id: str,
    relpath: str,
    secrets: set[tuple[int, int]],
) -> int:
    """Return the descriptor of a plain file that may be shown. Raises ``FileNotFoundError``."""
    parts = relpath.split("/")
    try:
        check_id(sprint_id)
        if not all(_is_name(part) for part in parts):
            raise FileNotFoundError(relpath)
        descriptor = opened([settings.STORE.artifacts.name, sprint_id, *parts])
    except (BadId, OSError) as exc:
        raise FileNotFoundError(relpath) from exc
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or _identity(found) in secrets:
        os.close(descriptor)
        raise FileNotFoundError(relpath)
    return descriptor


def _is_name(part: str) -> bool:
    """Return whether ``part`` is a plain file name on every system."""
    try:
        return part not in ("", ".", "..") and not {"\0", "\\"} & {*part} and bool(part.encode())
    except UnicodeEncodeError:  # a lone surrogate
        return False


def _opened(parts: Sequence[str]) -> int:
    """Return the descriptor of the file in the store. Raises ``OSError``."""
    if not _STEPWISE:
        return _opened_at_once(settings.STORE.root, parts)
    *folders, name = parts
    here = _root()
    try:
        for folder in folders:
            above = here
            here = _folder(folder, above)
            os.close(above)
        return _file(name, here, _secrets())
    finally:
        os.close(here)


def _root() -> int:
    return os.open(settings.STORE.root, os.O_RDONLY | os.O_DIRECTORY)


def _folder(name: str, above: int) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)


def _file(name: str, folder: int, secrets: set[tuple[int, int]]) -> int:
    # To open the database by another name and close it would release our locks on it.
    if _identity(os.stat(name, dir_fd=folder, follow_symlinks=False)) in secrets:
        raise FileNotFoundError(name)
    # A pipe without a writer would block.
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)


def _opened_at_once(root: Path, parts: Sequence[str]) -> int:
    """Open a path that cannot be opened part by part (Windows, where a gate may make no links)."""
    path = root.joinpath(*parts)
    if path.resolve(strict=True) != root.resolve(strict=True).joinpath(*parts):
        raise FileNotFoundError(path)
    return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))


def _secrets() -> set[tuple[int, int]]:
    """Return the identities of secret files, which a hard link could expose by another name."""
    found = set()
    for path in (settings.STORE.config, settings.STORE.database):
        with contextlib.suppress(OSError):
            found.add(_identity(path.stat()))
    return found


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
