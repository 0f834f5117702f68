"""What the web says when it says no: a page to a browser, JSON to all else, never a traceback."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

View = Callable[..., HttpResponse]


def refuse(status: int, text: str, **headers: str) -> JsonResponse:
    """``{"error": text}``."""
    return JsonResponse({"error": text}, status=status, headers=headers)


def wants_page(request: HttpRequest) -> bool:
    """Whether a person looks: a browser asks for a page, outside the JSON interface."""
    path = request.path_info
    is_page = path == "/api/docs" or not path.startswith("/api/")
    return is_page and "text/html" in request.headers.get("Accept", "")


def answer(request: HttpRequest, status: int, text: str) -> HttpResponse:
    """The refusal in the language of who asked."""
    if wants_page(request):
        what = {"status": status, "text": text}
        return render(request, "sprints/refused.html", what, status=status)
    return refuse(status, text)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 400."""
    return answer(request, 400, "bad request")


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 403."""
    return answer(request, 403, "not allowed")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was not ours, or is too old."""
    return answer(request, 403, "this form is out of date; load the page again")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 404."""
    return answer(request, 404, "not found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Whatever a view raised; what it was stands in the log."""
    return answer(request, 500, "this should not have happened; the gateway's log says more")


def only(*methods: str) -> Callable[[View], View]:
    """Answer another method with 405 and with what is allowed; HEAD goes with GET."""
    allowed = [*methods, "HEAD"] if "GET" in methods else [*methods]

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if request.method not in allowed:
                return refuse(405, "method not allowed", Allow=", ".join(allowed))
            return view(request, *args, **kwargs)

        return checked

    return decorate
