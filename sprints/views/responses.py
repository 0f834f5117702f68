"""Return error responses: a page to a browser, JSON to all else, never a traceback."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

View = Callable[..., HttpResponse]


def refuse(status: int, text: str, **headers: str) -> JsonResponse:
    """Return ``{"error": text}``."""
    return JsonResponse({"error": text}, status=status, headers=headers)


def wants_page(request: HttpRequest) -> bool:
    """Return whether a browser asks for a page, outside the JSON interface."""
    path = request.path_info
    is_page = path == "/api/docs" or not path.startswith("/api/")
    return is_page and "text/html" in request.headers.get("Accept", "")


def answer(request: HttpRequest, status: int, text: str) -> HttpResponse:
    """Return the error as a page or as JSON, as the client wants it."""
    if wants_page(request):
        what = {"status": status, "text": text}
        return render(request, "sprints/refused.html", what, status=status)
    return refuse(status, text)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the response for Django's 400."""
    return answer(request, 400, "bad request")


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the response for Django's 403."""
    return answer(request, 403, "not allowed")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the response for a foreign or outdated form."""
    return answer(request, 403, "this form is out of date; load the page again")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the response for Django's 404."""
    return answer(request, 404, "not found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the response for an exception in a view; the log has the details."""
    return answer(request, 500, "this should not have happened; the gateway's log says more")


def only(*methods: str) -> Callable[[View], View]:
    """Answer other methods with 405 and the allowed ones; HEAD goes with GET."""
    allowed = [*methods, "HEAD"] if "GET" in methods else [*methods]

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if request.method not in allowed:
                return refuse(405, "method not allowed", Allow=", ".join(allowed))
            return view(request, *args, **kwargs)

        return checked

    return decorate
