"""Hold the lock of the index of a user's checkout, signed with the holder's name.

Git's own commands stop at the lock, so no one can switch, add or commit there meanwhile.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sprints.state.ship_values import Refused

WAIT_S = 10.0
LOOK_S = 0.1


def path_in(folder: Path) -> Path:
    """Return the path of the lock in a checkout's git folder."""
    return folder / "index.lock"


def is_of(folder: Path, who: str) -> bool:
    """Return whether the lock exists and is held as ``who``, by this process or an earlier one."""
    return _says(path_in(folder)).startswith(f"{who} ")


@contextmanager
def held(folder: Path, who: str) -> Iterator[Callable[[], None]]:
    """Hold the lock as ``who``; take over one that an earlier process held.

    The returned function raises ``Refused`` if the lock was taken away meanwhile. Raises
    ``Refused`` and ``OSError``.
    """
    lock, words = path_in(folder), f"{who} {secrets.token_hex(8)}\n"
    _take(lock, words, who)

    def look() -> None:
        if _says(lock) != words:
            raise Refused(f"{lock} was taken away while it was ours")

    try:
        yield look
    finally:
        if _says(lock) == words:
            lock.unlink(missing_ok=True)


def _take(lock: Path, words: str, who: str) -> None:
    new = lock.with_name(f"studio_gateway.{os.getpid()}.new")
    new.write_text(words, "utf-8")
    give_up_at = time.monotonic() + WAIT_S
    try:
        while True:
            if _says(lock).startswith(f"{who} "):
                new.replace(lock)
                return
            with suppress(FileExistsError):
                _link(new, lock)
                return
            if time.monotonic() > give_up_at:
                raise Refused(f"another git is at work; if none is, type: rm {lock}")
            time.sleep(LOOK_S)
    finally:
        new.unlink(missing_ok=True)


def _link(new: Path, lock: Path) -> None:
    """Create the lock with its text atomically. Raises ``FileExistsError``."""
    try:
        lock.hardlink_to(new)
    except FileExistsError:
        raise
    except OSError:  # this disk has no hard links
        with lock.open("x", encoding="utf-8") as file:
            file.write(new.read_text("utf-8"))


def _says(lock: Path) -> str:
    """Return the lock's text; empty if there is no lock."""
    try:
        with lock.open("rb") as file:
            return file.read(400).decode("utf-8", "replace")
    except OSError:
        return ""
