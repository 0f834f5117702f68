"""Answer requests while the database is away: 503, and one line a minute in the log."""

import logging
import sys

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from sprints.store.log_and_retry import AWAY, is_news, one_line
from sprints.views import responses

log = logging.getLogger("sprints.views")


def away(exc: DatabaseError | InterfaceError) -> HttpResponse:
    """Return the response that asks the client to try again, and log the reason now and then."""
    text = f"the database does not answer: {one_line(exc)}"
    if is_news(text):
        log.error("%s", text)
    return responses.refuse(503, "the database does not answer", **{"Retry-After": "5"})


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the response for an exception in a view or in any middleware."""
    exc = sys.exc_info()[1]
    return away(exc) if isinstance(exc, AWAY) else responses.server_error(request)


class NotAway(logging.Filter):
    """Drop the tracebacks that Django logs for each request while the database is away."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is of anything else."""
        exc = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        return not isinstance(exc, AWAY)
