"""Answer every error in the interface with ``{"error": one line}``."""

from collections.abc import Callable
from typing import TypeVar

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    RawPostDataException,
    UnreadablePostError,
)
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from gates.problem import Problem, ProblemCode
from sprints.contract.json_types import JsonObject
from sprints.roles import Role
from sprints.state.refusals import NotNow, RefusalCode, Refused, Unknown
from sprints.store.layout import StoreError
from sprints.views.request import Request
from sprints.views.responses import refuse

LONGEST = 500
NOT_JSON = "the body is not JSON"
MOST_PROBLEMS = 50

Fault = TypeVar("Fault", bound=Exception)

CODES = {  # by how the type of pydantic's error ends
    "missing": ProblemCode.REQUIRED,
    "extra_forbidden": ProblemCode.UNKNOWN_KEY,
    "too_long": ProblemCode.TOO_LONG,
    "_than": ProblemCode.OUT_OF_RANGE,
    "_than_equal": ProblemCode.OUT_OF_RANGE,
    "literal_error": ProblemCode.UNKNOWN_CHOICE,
    "_type": ProblemCode.WRONG_TYPE,
}


class Missing(Refused):
    """A value that must be given is missing."""

    usual = RefusalCode.MISSING


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
    _teach(interface, Http404, lambda exc: refuse(404, "not found"))
    _teach(interface, HttpError, _by_status)
    _teach(interface, ValidationError, _invalid)
    _teach(interface, Refused, _refused)
    _teach(interface, StoreError, lambda exc: refuse(503, one_line(str(exc))))
    # the body was already read for a form token
    _teach(interface, RawPostDataException, lambda exc: _bad_body(f"{NOT_JSON}: it is a form"))
    _teach(interface, UnreadablePostError, lambda exc: _bad_body("the body ends before its end"))


def _teach(
    interface: NinjaAPI, kind: type[Fault], respond: Callable[[Fault], HttpResponse]
) -> None:
    """Answer every error of ``kind`` by ``respond``."""

    def handler(request: HttpRequest, exc: Fault | type[Fault]) -> HttpResponse:
        assert isinstance(exc, kind), "an error is raised, not its class"
        return respond(exc)

    interface.add_exception_handler(kind, handler)


def _by_status(exc: HttpError) -> HttpResponse:
    """Return the response for an ``HttpError``, whose cause is the fault of a body."""
    if isinstance(exc.__cause__, UnicodeDecodeError):
        return _bad_body(f"{NOT_JSON}: it is not UTF-8")
    if isinstance(exc.__cause__, ValueError):
        return _bad_body(f"{NOT_JSON}: {exc.__cause__}")
    return refuse(exc.status_code, one_line(str(exc)))


def _bad_body(text: str) -> HttpResponse:
    return _with_problems(400, Refused(text))


def _invalid(exc: ValidationError) -> HttpResponse:
    found = [_problem(error) for error in exc.errors[:5]]
    return _with_problems(422, Refused(problems=found))


def _problem(error: JsonObject) -> Problem:
    """Return an error of pydantic as a problem; its types end in what they are about."""
    where = [str(part) for part in error["loc"] if part not in ("query", "path", "body")]
    kind = error["type"]
    code = next((code for end, code in CODES.items() if kind.endswith(end)), None)
    words = error["msg"][:1].lower() + error["msg"][1:]
    text = f"{'.'.join(where) or 'the body'}: {words}"
    return Problem(".".join(where), code or ProblemCode.WRONG_FORMAT, text)


def _refused(exc: Refused) -> HttpResponse:
    """Return the response for a refusal, with the status of its type; 422 by default."""
    status = {Missing: 400, Unknown: 404, NotNow: 409}.get(type(exc), 422)
    return _with_problems(status, exc)


def _with_problems(status: int, exc: Refused) -> HttpResponse:
    problems = [
        {name: one_line(text) for name, text in one.to_json().items()}
        for one in exc.problems[:MOST_PROBLEMS]
    ]
    body: JsonObject = {"error": one_line(str(exc)), "code": exc.code.value}
    return JsonResponse(body | ({"problems": problems} if problems else {}), status=status)


def one_line(text: str) -> str:
    """Return ``text`` as one printable line of limited length."""
    words = " ".join(text.split())
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in words)
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 3] + "..."
