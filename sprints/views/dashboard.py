"""The first page: what waits for you, what runs, what came of the rest."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sprints import queries
from sprints.views.answers import only


@only("GET")
def dashboard(request: HttpRequest) -> HttpResponse:
    """Everything at one look."""
    return render(request, "sprints/dashboard.html", {"sprints": queries.newest(24)})
