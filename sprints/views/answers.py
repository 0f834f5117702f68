"""What the web says when it says no: JSON, never a page and never a traceback."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse

View = Callable[..., HttpResponse]


def refuse(status: int, text: str, **headers: str) -> JsonResponse:
    """``{"error": text}``."""
    return JsonResponse({"error": text}, status=status, headers=headers)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's own 400."""
    return refuse(400, "bad request")


def not_allowed(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's own 403."""
    return refuse(403, "not allowed")


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's own 404."""
    return refuse(404, "not found")


def server_error(request: HttpRequest) -> JsonResponse:
    """Whatever a view raised; what it was stands in the log."""
    return refuse(500, "this should not have happened; the gateway's log says more")


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
