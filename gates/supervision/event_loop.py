"""Wait for the events of a supervisor: its worker's lines, the end of a child, a SIGTERM."""

import os
import select
import signal
import time
from contextlib import suppress


class EventLoop:
    """The events of one supervisor, through one ``poll``.

    ``worker`` is the worker's pid; its lines come on descriptor 0. ``lines`` are the pending lines,
    empty ones left out. ``heard_at`` (monotonic) is the worker's last sign of life.
    """

    def __init__(self, worker: int) -> None:
        self._worker = worker
        self._part = b""
        self._closed = False
        self.lines: list[bytes] = []
        self.heard_at = time.monotonic()
        self.terminated = False
        self._woken, wake = os.pipe()
        self._poll = select.poll()
        for descriptor in (0, self._woken):
            self._poll.register(descriptor, select.POLLIN)
        for descriptor in (0, self._woken, wake):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._terminate)
        for signum in (signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())  # undo signals blocked by our worker

    @property
    def deserted(self) -> bool:
        """Return whether the worker has ended or closed our input."""
        return self._closed or os.getppid() != self._worker

    def also(self, descriptor: int) -> None:
        """Make ``listen`` return when ``descriptor`` is readable; the caller reads it."""
        self._poll.register(descriptor, select.POLLIN)

    def forget(self, descriptor: int) -> None:
        """Stop listening to ``descriptor``."""
        self._poll.unregister(descriptor)

    def listen(self, wait_s: float) -> None:
        """Wait up to ``wait_s`` seconds for any event, and take in the worker's lines."""
        for descriptor, _ in self._poll.poll(max(0.0, wait_s) * 1000):
            if descriptor not in (0, self._woken):
                continue
            came = self._read(descriptor)
            if descriptor == self._woken:
                continue
            if not came:
                self._closed = True
                self._poll.unregister(0)
            self.heard_at = time.monotonic()
            *lines, self._part = (self._part + came).split(b"\n")
            self.lines += filter(None, lines)

    def _terminate(self, *_: object) -> None:
        self.terminated = True

    def _read(self, descriptor: int) -> bytes:
        came = b""
        with suppress(BlockingIOError):
            while more := os.read(descriptor, 1 << 16):
                came += more
        return came
