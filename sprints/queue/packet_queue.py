"""Provide a queue between processes that a kill -9 cannot lock.

The queue of multiprocessing holds a semaphore while a reader waits. After the kill of one idle
worker, in half of all trials no other worker could read again. Here the kernel hands each packet to
one reader.
"""

import contextlib
import pickle
import select
import socket

from sprints.queue.tasks import STOP_REQUEST

MOST = 1 << 20
LOOK_S = 1.0
STOP = "STOP"  # django-q's sentinel for the end of a queue


class PacketQueue:
    """A queue for django-q over a pair of packet sockets, which forked processes share.

    It carries objects of our own processes only. Messages from outside are signed texts.
    """

    def __init__(self, maxsize: int = 0) -> None:
        self._read, self._write = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def put(self, item: object) -> None:
        """Send ``item`` to the next reader; wait while there is no room."""
        self._write.sendall(pickle.dumps(item))

    def get(self) -> object:
        """Wait for the next item; return ``STOP`` in a process that is to release its work."""
        while not STOP_REQUEST.hand_back:
            if select.select([self._read], [], [], LOOK_S)[0]:
                with contextlib.suppress(BlockingIOError):  # another reader was faster
                    return pickle.loads(self._read.recv(MOST, socket.MSG_DONTWAIT))  # noqa: S301 (ours)
        return STOP

    def empty(self) -> bool:
        """Return whether nothing waits to be read."""
        return self._read.fileno() < 0 or not select.select([self._read], [], [], 0)[0]

    def qsize(self) -> int:
        """Return 0 or 1: enough for django-q's own statistics."""
        return 0 if self.empty() else 1

    def close(self) -> None:
        """Close this process's ends; other processes can still read the sent items."""
        self._read.close()
        self._write.close()

    def join_thread(self) -> None:
        """Do nothing: this side buffers nothing."""
