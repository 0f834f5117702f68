"""Serve the live parts of a page, which poll every two seconds while something runs.

If nothing is new, the response has no body.
"""

import hashlib
import json
import time
from typing import cast

from django.http import HttpRequest, HttpResponse

from sprints import queries
from sprints.store.config_values import current_config
from sprints.views.request import Request

FRESH_S = 15  # maximum age of a live part's times


def is_live_part(request: HttpRequest) -> bool:
    """Return whether the request is for a live part of a page."""
    return bool(cast(Request, request).htmx)


def mark(request: HttpRequest, facts: object) -> str:
    """Return a text that changes with anything that the page shows.

    It covers the events, the hosts (``facts``), the user's role, the request, and the page's age.
    """
    asked = {key: request.GET.getlist(key) for key in sorted(request.GET) if key != "seen"}
    role = int(cast(Request, request).role)
    paused = current_config().automation_paused
    whole = [queries.head(), paused, facts, role, asked, int(time.time() // FRESH_S)]
    return hashlib.sha256(json.dumps(whole, default=str).encode()).hexdigest()[:16]


def nothing_new() -> HttpResponse:
    """Return 204, for which htmx leaves the page unchanged."""
    return HttpResponse(status=204)
