"""Delete folders that an agent could write, however deep they are.

A nested folder is moved up to the top before it is deleted, so no path is longer than two names.
"""

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from shutil import rmtree

_BY_DESCRIPTOR = {os.open, os.rename, os.unlink, os.rmdir, os.chmod} <= os.supports_dir_fd


def remove(folder: Path) -> None:
    """Delete ``folder`` with its content, as far as possible; links are not followed."""
    if not _BY_DESCRIPTOR:
        rmtree(folder, ignore_errors=True)
        return
    with suppress(OSError):
        top = _open(folder.name, os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY))
        try:
            _clear(top)
        finally:
            os.close(top)
        folder.rmdir()


@contextmanager
def or_none(folder: Path) -> Iterator[None]:
    """Delete ``folder`` if the block raises: half a clone would only use up disk space."""
    try:
        yield
    except BaseException:
        remove(folder)
        raise


def _open(name: str, above: int) -> int:
    """Open a folder, make it writable, close ``above``. Raises ``OSError``, also for a link."""
    try:
        if stat.S_ISDIR(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
            os.chmod(name, 0o700, dir_fd=above)
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
    finally:
        os.close(above)


def _clear(top: int) -> None:
    """Remove the content of ``top``, one round a level, until a round removes nothing."""
    numbers, unlike = count(), secrets.token_hex(8)
    while names := os.listdir(top):
        gone = 0
        for name in names:
            with suppress(OSError):
                if not _unlinked(name, top):
                    _flatten(name, top, lambda: f"{unlike}-{next(numbers)}")
                gone += 1
        if not gone:
            return


def _flatten(name: str, top: int, fresh: Callable[[], str]) -> None:
    """Remove a folder after moving its subfolders to ``top``. Raises ``OSError``."""
    here = _open(name, os.dup(top))
    try:
        for inner in os.listdir(here):  # noqa: PTH208 - a descriptor is no path
            if not _unlinked(inner, here):
                os.close(_open(inner, os.dup(here)))  # a read-only folder cannot be moved
                os.rename(inner, fresh(), src_dir_fd=here, dst_dir_fd=top)
    finally:
        os.close(here)
    os.rmdir(name, dir_fd=top)


def _unlinked(name: str, above: int) -> bool:
    """Remove a file or link; return False for a folder. Raises ``OSError``."""
    if stat.S_ISDIR(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
        return False
    os.unlink(name, dir_fd=above)
    return True
