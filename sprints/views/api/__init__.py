"""Serve the JSON interface (FORMATS: "HTTP"). ``urls`` are its paths, below ``/api/``."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from ninja import NinjaAPI

from sprints.views.api import artifacts, events, refusals, sprint_acts, store
from sprints.views.api.bodies import Strict
from sprints.views.responses import refuse

interface = NinjaAPI(
    title="Studio Gateway",
    version=settings.VERSION,
    description='Sprints, their events and their evidence. Errors are `{"error": "..."}`.',
    openapi_url=None,
    docs_url=None,
    parser=Strict(),
    auth=refusals.VIEWER,
    urls_namespace="api",
)
refusals.teach(interface)
for part in (store, events, sprint_acts, artifacts):
    interface.add_router("", part.router)


def asked_plainly(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return ninja's view with HEAD, a JSON 405, and Django's CSRF check, which ninja removes."""

    def asked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        response = view(request, *args, **kwargs)
        if response.status_code == 405:
            allowed = sorted(response["Allow"].split(", "))
            allowed += ["HEAD"] if "GET" in allowed else []
            return refuse(405, "method not allowed", Allow=", ".join(allowed))
        if is_head:
            request.method = "HEAD"
            return _bare(response)
        return response

    return asked


def _bare(response: HttpResponseBase) -> HttpResponseBase:
    """Return the response to HEAD, without a body."""
    if not response.streaming:
        return response
    bare = HttpResponse(status=response.status_code, headers=dict(response.items()))
    response.close()
    return bare


# Ninja has one pattern for each method of a path, all with the same view, and one without method.
_views = {str(one.pattern): one for one in interface.urls[0] if isinstance(one, URLPattern)}
urls = [
    path(f"api/{at}", asked_plainly(one.callback), name=f"api-{one.name}")
    for at, one in _views.items()
    if at
]
