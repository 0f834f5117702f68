"""Count the requests to this process and their durations, since its start."""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse

UP_TO_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
NO_ROUTE = "-"  # refused requests and unknown paths: typed text is never a label


@dataclass(slots=True)
class Took:
    """Requests of one kind: the number for each duration limit of ``UP_TO_S``, and beyond."""

    seconds: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * (len(UP_TO_S) + 1))


Kind = tuple[str, str, str]  # name of the route, method, class of the status: 2xx

_lock = threading.Lock()
_took: dict[Kind, Took] = {}


def measured(ask: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Count every response, with labels of ours, never values from a request."""

    def asked(request: HttpRequest) -> HttpResponse:
        begun = time.monotonic()
        response = ask(request)
        _count(request, response, time.monotonic() - begun)
        return response

    return asked


def all_of_them() -> dict[Kind, Took]:
    """Return a copy of the counts."""
    with _lock:
        return {kind: Took(one.seconds, [*one.counts]) for kind, one in _took.items()}


def _count(request: HttpRequest, response: HttpResponse, took_s: float) -> None:
    route = request.resolver_match
    name = (route.view_name or route.route) if route else NO_ROUTE
    method = request.method if request.method in METHODS else "other"
    kind = (name, str(method), f"{response.status_code // 100}xx")
    with _lock:
        one = _took.setdefault(kind, Took())
        one.seconds += took_s
        one.counts[bisect_left(UP_TO_S, took_s)] += 1
