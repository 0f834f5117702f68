"""The JSON interface (FORMATS: "HTTP")."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from sprints import queries
from sprints.views.answers import only


@only("GET")
def health(request: HttpRequest) -> JsonResponse:
    """That this process answers, whatever else is wrong."""
    return JsonResponse({"ok": True, "version": settings.VERSION})


@only("GET")
def status(request: HttpRequest) -> JsonResponse:
    """What this gateway is, what it holds, what it does, and who works for it."""
    return JsonResponse(
        {
            "version": settings.VERSION,
            "repo_root": str(settings.STORE.repo),
            "sprints": queries.ids(),
            "job": queries.job(),
            "hosts": queries.hosts(),
        }
    )
