"""Whether this process answers; the one question that nobody needs a token for."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from sprints.views.responses import only


@only("GET")
def health(request: HttpRequest) -> JsonResponse:
    """That this process answers, whatever else is wrong."""
    return JsonResponse({"ok": True, "version": settings.VERSION})
