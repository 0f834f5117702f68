"""HTTP connections of the web server: a time limit for each request, and JSON errors."""

import json
import time

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from sprints.views.middleware import HEADERS

REQUEST_S = 30.0  # from the first byte of a request to its last
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

    ``web.LIMITS`` has the shorter limit for a client that sends nothing.
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
        return bool(super().readable())
