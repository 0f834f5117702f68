"""Which view answers which path."""

from django.urls import path

from sprints.views import api, dashboard, health, log, sprint_acts, sprint_page
from sprints.views.api import document

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("sprints/<str:sprint_id>/", sprint_page.page, name="sprint"),
    path("sprints/<str:sprint_id>/log", log.log, name="sprint-log"),
    path("sprints/<str:sprint_id>/raw", log.raw, name="sprint-raw"),
    *(
        path(f"sprints/<str:sprint_id>/{verb}", sprint_acts.act, {"verb": verb}, f"sprint-{verb}")
        for verb in sprint_acts.ACTS
    ),
    path("health", health.health, name="health"),
    *api.urls,
    path("api/openapi.json", document.openapi, name="api-openapi"),
    path("api/docs", document.page, name="api-docs"),
]
