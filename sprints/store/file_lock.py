"""Lock files across processes: one writer at a time, or shared presence."""

import contextlib
import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sprints.store.layout import StoreError

PATIENCE_S = 10.0
LOOK_S = 0.02

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # a locked byte cannot be read either
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _share(descriptor: int) -> None:
        """Do nothing: this system has no shared locks, so a process is never visible to
        ``alone``.
        """
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _share(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)


class Busy(StoreError):
    """Another process holds the lock; ``holder`` is its pid, 0 if unknown."""

    def __init__(self, path: Path, holder: int) -> None:
        self.holder = holder
        if holder:
            who = f"process {holder}"
            remedy = f"let it go on (kill -CONT {holder}) or end it (kill -9 {holder})"
        else:
            who, remedy = "another process", f"see which: fuser {shlex.quote(str(path))}"
        super().__init__(f"{who} holds {path.name} and does not let go", remedy)


@contextlib.contextmanager
def locked(path: Path, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the lock ``path``. The system releases it when the process dies.

    Raises ``Busy`` if one process has held it for ``patience_s`` seconds, and ``OSError``.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, path, patience_s)
        yield
    finally:
        os.close(descriptor)


def be_there(path: Path) -> None:
    """Make this process visible to ``alone`` until it ends.

    Does nothing in a read-only or missing store. Raises ``BlockingIOError`` while another process
    is alone.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return
    try:
        _share(descriptor)
    except BlockingIOError:
        os.close(descriptor)
        raise


@contextlib.contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Yield whether no other process is present; if so, none can enter during the block.

    Raises ``OSError``.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor)
    except (BlockingIOError, PermissionError):
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, patience_s: float) -> None:
    """Poll for the lock: a blocking wait would have no end if the holder is frozen."""
    holder, since = 0, time.monotonic()
    while True:
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError):
            now = time.monotonic()
            if (found := _holder(descriptor)) != holder:
                holder, since = found, now
            if now - since >= patience_s:
                raise Busy(path, holder) from None
            time.sleep(LOOK_S)
        else:
            _sign(descriptor)
            return


def _sign(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # a full disk does not prevent the lock
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, f"{os.getpid():<10}\n".encode())


def _holder(descriptor: int) -> int:
    os.lseek(descriptor, 0, os.SEEK_SET)
    text = os.read(descriptor, 32).strip()
    return int(text) if text.isdigit() else 0
