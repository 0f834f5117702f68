"""One line to the web server: no client holds it for ever, and refusals are in our words."""

import json
import time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from sprints.views.middleware import HEADERS

REQUEST_S = 30.0  # from the first byte of a request to its last
TOO_LARGE = {413: "the body is too large", 431: "the headers are too large"}


class Refusal(ErrorTask):  # type: ignore[misc]
    """What the server says no to before it is a request: JSON, with the headers of all answers."""

    def execute(self) -> None:
        """Answer, and hang up."""
        error = self.request.error
        words = TOO_LARGE.get(error.code, error.reason.lower())
        body = json.dumps({"error": words}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), *HEADERS.items()]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Line(HTTPChannel):  # type: ignore[misc]
    """A client that sends its request byte by byte loses the line when the time for it is over;
    one that says nothing loses it sooner, see ``web.LIMITS``.
    """

    error_task_class = Refusal
    _begun = 0.0

    def received(self, data: bytes) -> Any:
        """Take in what came."""
        before = self.request
        done = super().received(data)
        if self.request is not before:
            self._begun = time.monotonic()
        return done

    def readable(self) -> bool:
        """Asked once a second at least, of every line."""
        if self.request is not None and time.monotonic() > self._begun + REQUEST_S:
            self.will_close = True
        return bool(super().readable())
