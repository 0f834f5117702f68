"""The lock of the index of a user's checkout, while it is ours: it says whose it is.

Git's own programs stop at it, so nobody switches, adds or commits there beside us.
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
    """The lock of the checkout whose own git folder that is."""
    return folder / "index.lock"


def is_of(folder: Path, who: str) -> bool:
    """Whether it is there, and held in that name: by an earlier life, if not by us."""
    return _says(path_in(folder)).startswith(f"{who} ")


@contextmanager
def held(folder: Path, who: str) -> Iterator[Callable[[], None]]:
    """Hold it in that name; one that an earlier life held is taken over. What comes back raises
    ``Refused`` once another has taken it from us. Raises ``Refused``, ``OSError``.
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
    """It comes into being with its words, or not at all. Raises ``FileExistsError``."""
    try:
        lock.hardlink_to(new)
    except FileExistsError:
        raise
    except OSError:  # this disk has no such links
        with lock.open("x", encoding="utf-8") as file:
            file.write(new.read_text("utf-8"))


def _says(lock: Path) -> str:
    """Empty where it is not there, or not a text of ours."""
    try:
        with lock.open("rb") as file:
            return file.read(400).decode("utf-8", "replace")
    except OSError:
        return ""
