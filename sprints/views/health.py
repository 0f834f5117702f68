"""Report that this process answers: the only path that needs no token."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from sprints.views.responses import only


@only("GET")
def health(request: HttpRequest) -> JsonResponse:
    """Return that this process answers, whatever else is wrong."""
    return JsonResponse({"ok": True, "version": settings.VERSION})
