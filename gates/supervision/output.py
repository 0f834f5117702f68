"""The two files that take what a gate prints, and the limit to it.

Part of the supervisor, so it leans on nothing that is slow to import.
"""

import errno
import os
import stat
import time
from contextlib import suppress

FULL = (errno.ENOSPC, errno.EDQUOT)
QUICK_S, LAZY_S = 0.02, 0.2
QUICK_BYTES = 1 << 20  # printed since the last look: look again soon
LITTLE_ROOM = 1 << 20
SYNCED_BYTES = 16 << 20


class Output:
    """``stdout.txt`` and ``stderr.txt`` in the open folder ``folder``, empty, ours alone, and held
    by descriptor, so that a gate that moves or replaces them deceives nobody.

    Raises ``OSError`` where they cannot be had.
    """

    def __init__(self, folder: int, cap_bytes: int) -> None:
        self._folder = folder
        self._cap = cap_bytes
        self.descriptors = (self._open("stdout.txt"), self._open("stderr.txt"))
        self._seen = 0
        self._every_s = QUICK_S
        self.look_at = 0.0

    def look(self) -> str | None:
        """See how much there is: returns how that ends the run, ``too_loud``, or ``error`` for a
        full disk; None when it may go on. ``look_at`` (monotonic) then says when to look again,
        soon if much was printed since the last time.
        """
        printed = sum(self._sizes())
        quick = printed - self._seen > QUICK_BYTES
        self._every_s = QUICK_S if quick else min(LAZY_S, self._every_s * 1.5)
        self._seen = printed
        self.look_at = time.monotonic() + self._every_s
        if printed > self._cap:
            return "too_loud"
        return "error" if self.disk_full() else None

    def cut(self) -> tuple[int, int, int]:
        """Cut what is over the cap, first from the longer file; returns the bytes left in each,
        and those cut off.
        """
        out, err = self._sizes()
        half = self._cap // 2
        err_left = min(err, max(half, self._cap - out))
        out_left = min(out, self._cap - err_left)
        for descriptor, size, left in zip(
            self.descriptors, (out, err), (out_left, err_left), strict=True
        ):
            if left < size:
                os.ftruncate(descriptor, left)
        return out_left, err_left, out + err - out_left - err_left

    def sync(self) -> None:
        """Have the bytes on the disk: evidence must not be younger than its verdict.

        More than ``SYNCED_BYTES`` are left to the system's own pace: to wait for them would halve
        the speed of a loud gate, and a power cut can cost their end, never the verdict.
        """
        sizes = self._sizes()
        if sum(sizes) > SYNCED_BYTES:
            return
        for descriptor, size in zip(self.descriptors, sizes, strict=True):
            if size:
                os.fsync(descriptor)

    def disk_full(self) -> bool:
        """Whether not one more block can be written beside the outputs."""
        room = os.fstatvfs(self._folder)
        if not room.f_blocks or room.f_bavail * room.f_frsize >= LITTLE_ROOM:
            return False
        try:  # what root may still use, or a quota leaves, only shows when it is tried
            write(self._folder, ".room", bytes(4096))
        except OSError as exc:
            return exc.errno in FULL
        os.unlink(".room", dir_fd=self._folder)
        return False

    def _open(self, name: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NONBLOCK
        descriptor = open_own(self._folder, name, flags)
        os.set_blocking(descriptor, True)
        return descriptor

    def _sizes(self) -> tuple[int, int]:
        out, err = (os.fstat(descriptor).st_size for descriptor in self.descriptors)
        return out, err


def open_own(folder: int, name: str, flags: int) -> int:
    """Open a plain file of ours in ``folder``, whatever a gate may have put in its place."""
    descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a plain file", name)
    return descriptor


def write(folder: int, name: str, data: bytes, *, lasting: bool = False) -> None:
    """Write a file of ``folder``, all of it or nothing; ``lasting``: it survives a power cut.

    Raises ``OSError``.
    """
    part = f".{name}.part"
    descriptor = open_own(folder, part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
        if lasting:
            os.fsync(descriptor)
        os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with suppress(OSError):
            os.unlink(part, dir_fd=folder)
        raise
    finally:
        os.close(descriptor)
    if lasting:
        os.fsync(folder)
