"""HTTP connections of the web server: time limits, JSON errors, and a thread for /health."""

import json
import time

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, ThreadedTaskDispatcher

from sprints.views.middleware import HEADERS

REQUEST_S = 30.0  # from the first byte of a request to its last
HEALTH = "/health"
TOO_LARGE = {413: "the body is too large", 431: "the headers are too large"}


class Refusal(ErrorTask):  # type: ignore[misc]
    """An error response to a malformed request: JSON, with the headers of all responses."""

    def execute(self) -> None:
        """Send the response and close the connection."""
        error = self.request.error
        words = TOO_LARGE.get(error.code, error.reason.lower())
        body = json.dumps({"error": words}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), *HEADERS.items()]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Line(HTTPChannel):  # type: ignore[misc]
    """A connection that is closed when a request takes longer than ``REQUEST_S`` to arrive.

    It is also closed when its client takes no byte of an answer for the ``channel_timeout`` of
    ``web.LIMITS``, which is the limit for a client that sends nothing, too.
    """

    error_task_class = Refusal
    _begun = 0.0

    def received(self, data: bytes) -> object:
        """Receive data and note when a request began."""
        before = self.request
        done = super().received(data)
        if self.request is not before:
            self._begun = time.monotonic()
        return done

    def readable(self) -> bool:
        """Return whether to read on; the server asks at least once a second."""
        if self.request is not None and time.monotonic() > self._begun + REQUEST_S:
            self.will_close = True
        if self.total_outbufs_len and time.time() > self.last_activity + self.adj.channel_timeout:
            self.handle_close()  # at once: such a socket is never ready for a last write
            return False
        return bool(super().readable())


class Tasks(ThreadedTaskDispatcher):  # type: ignore[misc]
    """The threads that answer requests, and one more that answers ``/health`` alone."""

    def __init__(self) -> None:
        super().__init__()
        self._health = ThreadedTaskDispatcher()

    def set_thread_count(self, count: int) -> None:
        """Start or stop threads until there are that many, and the one for ``/health`` if any."""
        super().set_thread_count(count)
        self._health.set_thread_count(min(count, 1))

    def add_task(self, task: HTTPChannel) -> None:
        """Answer the first request of a connection when a thread is free."""
        is_health = task.requests and task.requests[0].path == HEALTH
        self._health.add_task(task) if is_health else super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Stop all threads once their requests are answered, at most ``timeout`` seconds long."""
        self._health.shutdown(cancel_pending, timeout)
        return bool(super().shutdown(cancel_pending, timeout))
