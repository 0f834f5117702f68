"""Write the two output files of a gate, up to the cap.

Part of the supervisor, so it imports nothing slow.
"""

import errno
import fcntl
import os
import stat
import sys
import time
from contextlib import suppress

from gates.redaction import Filter, Redactor
from gates.supervision.event_loop import EventLoop

FULL = (errno.ENOSPC, errno.EDQUOT)
QUICK_S, LAZY_S = 0.02, 0.2
QUICK_BYTES = 1 << 20  # printed since the last look: look again soon
LITTLE_ROOM = 1 << 20
SYNCED_BYTES = 16 << 20
PIPE_BYTES, PIECE_BYTES = 1 << 20, 1 << 16
F_SETPIPE_SZ = 1031  # Linux only


class Output:
    """The files ``stdout.txt`` and ``stderr.txt`` in the open folder ``folder``.

    They begin empty, are readable only by us, and are held by descriptor: a gate that moves or
    replaces them changes nothing.

    A gate prints into two pipes, ``descriptors``. The text that ``redactor`` leaves is written as
    soon as it is read. Raises ``OSError`` if the files cannot be opened.
    """

    def __init__(self, folder: int, cap_bytes: int, redactor: Redactor, ears: EventLoop) -> None:
        self._folder = folder
        self._cap = cap_bytes
        self._ears = ears
        self._files = (self._open("stdout.txt"), self._open("stderr.txt"))
        pipes = (_pipe(), _pipe())
        self.descriptors = (pipes[0][1], pipes[1][1])
        self._ends = {
            end: (file, Filter(redactor)) for (end, _), file in zip(pipes, self._files, strict=True)
        }
        self._seen = 0
        self._discarded = 0
        self._closed = False  # true: no more output is kept
        self.full = False  # true: a write found no room
        self._every_s = QUICK_S
        self.look_at = 0.0

    def begin(self) -> None:
        """Close the gate's ends of the pipes, and listen to ours."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        for end in self._ends:
            self._ears.also(end)

    def pour(self) -> None:
        """Write what has come, in a bounded number of pieces."""
        for end in [*self._ends]:
            with suppress(BlockingIOError):
                for _ in range(PIPE_BYTES // PIECE_BYTES):
                    if not self._take(end):
                        break

    def end(self) -> None:
        """Write everything still in the pipes and in the filters, without waiting."""
        self.pour()
        for end in [*self._ends]:
            self._let_go(end)

    def _take(self, end: int) -> bool:
        """Move one piece; return False at the end of the pipe."""
        file, passing = self._ends[end]
        came = os.read(end, PIECE_BYTES)
        self._write(file, passing.feed(came))
        if not came:
            self._let_go(end)
        return bool(came)

    def _let_go(self, end: int) -> None:
        file, passing = self._ends.pop(end)
        self._write(file, passing.end())
        self._ears.forget(end)
        os.close(end)

    def _write(self, file: int, data: bytes) -> None:
        try:
            while data and not self._closed:
                data = data[os.write(file, data) :]
        except OSError as exc:
            if exc.errno not in FULL:
                raise
            self._closed = self.full = True
        self._discarded += len(data)

    def look(self) -> str | None:
        """Measure the output; return the ending ``too_loud`` or ``error`` (full disk), else None.

        ``look_at`` (monotonic) is then the time of the next look, soon if the gate prints much.
        """
        printed = sum(self._sizes()) + self._discarded
        quick = printed - self._seen > QUICK_BYTES
        self._every_s = QUICK_S if quick else min(LAZY_S, self._every_s * 1.5)
        self._seen = printed
        self.look_at = time.monotonic() + self._every_s
        if self.disk_full():
            return "error"
        if printed > self._cap:
            self._closed = True
            return "too_loud"
        return None

    def cut(self) -> tuple[int, int, int]:
        """Cut the files to the cap, the longer first; return both sizes and the bytes cut."""
        out, err = self._sizes()
        half = self._cap // 2
        err_left = min(err, max(half, self._cap - out))
        out_left = min(out, self._cap - err_left)
        for descriptor, size, left in zip(
            self._files, (out, err), (out_left, err_left), strict=True
        ):
            if left < size:
                os.ftruncate(descriptor, left)
        dropped = 0 if self.full else self._discarded
        return out_left, err_left, out + err - out_left - err_left + dropped

    def sync(self) -> None:
        """Flush the outputs to disk: a verdict must not survive its evidence.

        More than ``SYNCED_BYTES`` are left to the system: waiting would halve the speed of a loud
        gate. A power cut can cost the end of the output, never the verdict.
        """
        sizes = self._sizes()
        if sum(sizes) > SYNCED_BYTES:
            return
        for descriptor, size in zip(self._files, sizes, strict=True):
            if size:
                os.fsync(descriptor)

    def disk_full(self) -> bool:
        """Return whether a write found no room, or not one more block can be written."""
        if self.full:
            return True
        room = os.fstatvfs(self._folder)
        if not room.f_blocks or room.f_bavail * room.f_frsize >= LITTLE_ROOM:
            return False
        try:  # root's reserve and quotas show only when tried
            write(self._folder, ".room", bytes(4096))
        except OSError as exc:
            return exc.errno in FULL
        os.unlink(".room", dir_fd=self._folder)
        return False

    def close(self) -> None:
        """Close the files."""
        for descriptor in self._files:
            os.close(descriptor)

    def _open(self, name: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NONBLOCK
        descriptor = open_own(self._folder, name, flags)
        os.set_blocking(descriptor, True)
        return descriptor

    def _sizes(self) -> tuple[int, int]:
        out, err = (os.fstat(descriptor).st_size for descriptor in self._files)
        return out, err


def open_own(folder: int, name: str, flags: int) -> int:
    """Open a plain file of ours in ``folder``; raise ``OSError`` for anything else at that name."""
    descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a plain file", name)
    return descriptor


def write(folder: int, name: str, data: bytes, *, lasting: bool = False) -> None:
    """Write a file in ``folder`` atomically; ``lasting``: it also survives a power cut.

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


def _pipe() -> tuple[int, int]:
    """Return our end of a new pipe, non-blocking, and the gate's end, as large as allowed."""
    ours, its = os.pipe()
    os.set_blocking(ours, False)
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(its, F_SETPIPE_SZ, PIPE_BYTES)
    return ours, its
