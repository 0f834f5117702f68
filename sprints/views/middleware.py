"""Check every request before its view: headers, host name, origin, size and role."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from sprints.roles import Role
from sprints.views.database_away import away
from sprints.views.request import Request
from sprints.views.responses import View, answer, refuse

Ask = Callable[[HttpRequest], HttpResponse]

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with no-referrer our own forms would send the Origin "null"
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

READING = ("GET", "HEAD", "OPTIONS", "TRACE")
BODY_BYTES = 1 << 20


def headers(ask: Ask) -> Ask:
    """Add headers that make the browser trust as little as possible.

    Every response has a length, so that the connection can be reused; to HEAD it has no body.
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


class Names:
    """A middleware that refuses foreign requests.

    It refuses foreign host names, as after DNS rebinding, requests from other sites' pages, and too
    large bodies. While the database is away, it asks the client to try again.
    """

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse a foreign or too large request, else answer it."""
        try:
            request.get_host()
        except DisallowedHost:
            return refuse(400, "this gateway does not go by that name")
        if request.method not in READING and _is_foreign(request):
            return refuse(403, "not allowed: a page of another site sent this")
        if _length(request) > BODY_BYTES:
            return refuse(413, f"a request has at most {BODY_BYTES} bytes")
        try:
            return self.ask(request)
        except DatabaseError as exc:
            return away(exc)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return a retry response if the database is away; None for other exceptions."""
        return away(exception) if isinstance(exception, DatabaseError) else None


def _is_foreign(request: HttpRequest) -> bool:
    """Return whether a browser reports that another site's page made the request."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return False
    try:
        return urlsplit(origin).netloc.lower() != request.get_host().lower()
    except ValueError:
        return True


def _length(request: HttpRequest) -> int:
    """Return the declared length of the body, in bytes."""
    said = request.META.get("CONTENT_LENGTH") or ""
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 20 else 0


def needs(role: Role) -> Callable[[View], View]:
    """Allow the view only for users with that role, or a higher one."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: Request, *args: object, **kwargs: object) -> HttpResponse:
            if request.role < role:
                return answer(request, 403, f"not allowed: this needs the role {role.word}")
            return view(request, *args, **kwargs)

        return checked

    return decorate
