"""Live parts of a page: they ask again every two seconds while something runs, and are told that
nothing is new in an answer without a body.
"""

import hashlib
import json
import time
from typing import Any, cast

from django.http import HttpRequest, HttpResponse

from sprints import queries
from sprints.store.config_values import switches
from sprints.views.request import Request

FRESH_S = 15  # so old may be what a live part says of times


def is_live_part(request: HttpRequest) -> bool:
    """Whether a part of a page is asked for that is there already."""
    return bool(cast(Request, request).htmx)


def mark(request: HttpRequest, facts: Any) -> str:
    """Stands for all that a page shows: what was recorded, what is known of the hosts (``facts``),
    who looks, which part, and since how long.
    """
    asked = {key: request.GET.getlist(key) for key in sorted(request.GET) if key != "seen"}
    role = int(cast(Request, request).role)
    paused = switches().automation_paused
    whole = [queries.head(), paused, facts, role, asked, int(time.time() // FRESH_S)]
    return hashlib.sha256(json.dumps(whole, default=str).encode()).hexdigest()[:16]


def nothing_new() -> HttpResponse:
    """htmx leaves the page as it is."""
    return HttpResponse(status=204)
