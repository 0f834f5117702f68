"""At the door, before any view: by which name we are called, and whether the token is ours."""

import logging
from collections.abc import Callable
from secrets import compare_digest

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from sprints.store import StoreError, read_config
from sprints.views.answers import refuse

Ask = Callable[[HttpRequest], HttpResponse]

OPEN = frozenset({"/health"})  # the only paths that need no token

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

log = logging.getLogger("sprints.views")


def headers(ask: Ask) -> Ask:
    """Every answer tells the browser to trust as little as possible. It has a length, so that the
    connection can go on to the next request, and to HEAD it has no body.
    """

    def asked(request: HttpRequest) -> HttpResponse:
        response = ask(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
            response.content = b"" if request.method == "HEAD" else response.content
        return response

    return asked


class Guard:
    """Turns away who calls us by a foreign name (a page that has rebound its own name to this
    machine), then who brings no token. Whether a path exists is not told to strangers.
    """

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            return refuse(400, "this gateway does not go by that name")
        try:
            if request.path_info not in OPEN and not brings_token(request):
                return refuse(401, "unauthorized", **{"WWW-Authenticate": "Bearer"})
        except StoreError as exc:
            log.error("%s", exc)
            return refuse(503, "the gateway cannot read its config.json")
        return self.ask(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A database that is away for a moment is no fault of ours: try again."""
        if not isinstance(exception, DatabaseError):
            return None
        log.error("the database does not answer: %s", exception)
        return refuse(503, "the database does not answer", **{"Retry-After": "5"})


def brings_token(request: HttpRequest) -> bool:
    """Whether the request carries the token as config.json has it now. Raises ``StoreError``."""
    given = request.headers.get("X-Studio-Gateway-Token", "")
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if not given and scheme.lower() == "bearer":
        given = bearer.strip()
    token: str = read_config(settings.STORE.config)["auth_token"]
    return compare_digest(given.encode("latin-1", "replace"), token.encode())
