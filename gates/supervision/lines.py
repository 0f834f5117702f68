"""Exchange lines with another process over two pipes, with a time limit on every wait."""

import json
import os
import select
import time
from typing import Any


class Lines:
    """Two pipes, ``to`` and ``from_``. ``open`` is false once the other side has ended."""

    def __init__(self, to: int, from_: int) -> None:
        self._to, self._from = to, from_
        self._part = b""
        self.open = True
        for descriptor in (to, from_):
            os.set_blocking(descriptor, False)

    def send(self, line: bytes, wait_s: float) -> bool:
        """Send a line; return False if the other side ends or does not read within ``wait_s``."""
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
        """Return the messages that come within ``wait_s``, as soon as there are any."""
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        if not poll.poll(max(0.0, wait_s) * 1000):
            return []
        came = os.read(self._from, 1 << 16)
        self.open = bool(came)
        *lines, self._part = (self._part + came).split(b"\n")
        return [json.loads(line) for line in lines]
