"""Lines to and from another process, over two pipes; nobody waits for the other for ever."""

import json
import os
import select
import time
from typing import Any


class Lines:
    """``to`` and ``from_`` are descriptors of pipes. ``open`` is false once the other has ended."""

    def __init__(self, to: int, from_: int) -> None:
        self._to, self._from = to, from_
        self._part = b""
        self.open = True
        for descriptor in (to, from_):
            os.set_blocking(descriptor, False)

    def send(self, line: bytes, wait_s: float) -> bool:
        """Give it a line; False when it has ended, or has no room for it in that time."""
        poll = select.poll()
        poll.register(self._to, select.POLLOUT)
        give_up_at = time.monotonic() + wait_s
        while line:
            try:
                line = line[os.write(self._to, line) :]
            except BrokenPipeError:
                return False
            except BlockingIOError:
                if not poll.poll(max(0.0, give_up_at - time.monotonic()) * 1000):
                    return False
        return True

    def receive(self, wait_s: float) -> list[dict[str, Any]]:
        """What it says in that time, as far as it has come when it says anything at all."""
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        if not poll.poll(max(0.0, wait_s) * 1000):
            return []
        came = os.read(self._from, 1 << 16)
        self.open = bool(came)
        *lines, self._part = (self._part + came).split(b"\n")
        return [json.loads(line) for line in lines]
