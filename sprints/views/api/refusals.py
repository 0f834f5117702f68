"""Answer every error in the interface with ``{"error": one line}``."""

from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    RawPostDataException,
    UnreadablePostError,
)
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from sprints.roles import Role
from sprints.state.refusals import NotNow, Refused, Unknown
from sprints.store.layout import StoreError
from sprints.views.request import Request
from sprints.views.responses import refuse

LONGEST = 500


class Missing(Refused):
    """A required value is missing."""


class AtLeast:
    """A required role, which ninja checks before anything else of the request."""

    def __init__(self, role: Role) -> None:
        self.role = role

    def __call__(self, request: Request) -> bool:
        """Return True, or raise the refusal."""
        if request.role < self.role:
            raise HttpError(403, f"not allowed: this needs the role {self.role.word}")
        return True


VIEWER, OPERATOR, ADMIN = (AtLeast(role) for role in Role)


def teach(interface: NinjaAPI) -> None:
    """Register our error responses."""
    interface.add_exception_handler(Http404, lambda request, exc: refuse(404, "not found"))
    interface.add_exception_handler(HttpError, _by_status)
    interface.add_exception_handler(ValidationError, _invalid)
    interface.add_exception_handler(Refused, _refused)
    interface.add_exception_handler(StoreError, _no_store)
    interface.add_exception_handler(RawPostDataException, _a_form)
    interface.add_exception_handler(UnreadablePostError, _cut_off)


def _by_status(request: HttpRequest, exc: Any) -> HttpResponse:
    """Return the response for an ``HttpError``, whose cause is the fault of a body."""
    if isinstance(exc.__cause__, UnicodeDecodeError):
        return refuse(400, "the body is not JSON: it is not UTF-8")
    if isinstance(exc.__cause__, ValueError):
        return refuse(400, one_line(f"the body is not JSON: {exc.__cause__}"))
    return refuse(exc.status_code, one_line(str(exc)))


def _invalid(request: HttpRequest, exc: Any) -> HttpResponse:
    said = []
    for error in exc.errors[:5]:
        where = [str(part) for part in error["loc"] if part not in ("query", "path", "body")]
        words = error["msg"][:1].lower() + error["msg"][1:]
        said.append(f"{'.'.join(where) or 'the body'}: {words}")
    return refuse(422, one_line("; ".join(said)))


def _refused(request: HttpRequest, exc: Any) -> HttpResponse:
    """Return the response for a refusal, with the status of its type; 422 by default."""
    status = {Missing: 400, Unknown: 404, NotNow: 409}.get(type(exc), 422)
    return refuse(status, one_line(str(exc)))


def _no_store(request: HttpRequest, exc: Any) -> HttpResponse:
    return refuse(503, one_line(str(exc)))


def _a_form(request: HttpRequest, exc: Any) -> HttpResponse:
    """Return the response for a form, whose body was already read for a form token."""
    return refuse(400, "the body is not JSON: it is a form")


def _cut_off(request: HttpRequest, exc: Any) -> HttpResponse:
    return refuse(400, "the body ends before its end")


def one_line(text: str) -> str:
    """Return ``text`` as one printable line of limited length."""
    words = " ".join(text.split())
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in words)
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 3] + "..."
