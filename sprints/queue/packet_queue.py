"""A queue between processes that a kill -9 cannot lock.

multiprocessing's own holds a semaphore while a reader waits: kill one idle worker, and in half of
all trials no other worker ever reads again. Here the kernel hands each packet to one reader.
"""

import contextlib
import pickle
import select
import socket
from typing import Any

from sprints.queue.tasks import STOP_REQUEST

MOST = 1 << 20
LOOK_S = 1.0
STOP = "STOP"  # django-q's word for the end of a queue


class PacketQueue:
    """What django-q asks of a queue, over a pair of packet sockets that forked processes share.

    What is put is our own process tree's, never a message from outside: those are signed texts.
    """

    def __init__(self, maxsize: int = 0) -> None:
        self._read, self._write = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def put(self, item: Any) -> None:
        """Hand ``item`` to whoever reads next; waits while there is no room."""
        self._write.sendall(pickle.dumps(item))

    def get(self) -> Any:
        """Wait for the next item; ``STOP`` for a process that has been asked to hand back: it must
        not take what it will not do.
        """
        while not STOP_REQUEST.hand_back:
            if select.select([self._read], [], [], LOOK_S)[0]:
                with contextlib.suppress(BlockingIOError):  # another reader was faster
                    return pickle.loads(self._read.recv(MOST, socket.MSG_DONTWAIT))  # noqa: S301 (ours)
        return STOP

    def empty(self) -> bool:
        """True when nothing waits to be read."""
        return self._read.fileno() < 0 or not select.select([self._read], [], [], 0)[0]

    def qsize(self) -> int:
        """0 or 1: enough for django-q's own statistics."""
        return 0 if self.empty() else 1

    def close(self) -> None:
        """Let go of it in this process; what was put stays for the others."""
        self._read.close()
        self._write.close()

    def join_thread(self) -> None:
        """Nothing is buffered on this side."""
