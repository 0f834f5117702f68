"""Answer conditional requests: ETag and If-None-Match."""

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags

from sprints.views.request import Request

TAGGED = {
    "parameters": [
        {
            "in": "header",
            "name": "If-None-Match",
            "required": False,
            "schema": {"type": "string"},
            "description": "The ETag of the answer that you have: 304 if it is the same still.",
        }
    ]
}


def tagged(request: Request, tag: str, make: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the response of ``make``, or 304 if the client has it already.

    ``tag`` must be read before the content: a change in between is then seen at the next request.
    """
    quoted = f'"{tag}"'
    known = parse_etags(request.headers.get("If-None-Match", ""))
    same = "*" in known or quoted in {one.removeprefix("W/") for one in known}
    response = HttpResponseNotModified() if same else make()
    response["ETag"] = quoted
    return response
