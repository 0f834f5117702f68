"""Map paths to views."""

from django.urls import path

from sprints.views import (
    agent_pages,
    api,
    dashboard,
    event_pages,
    gate_log,
    gate_pages,
    health,
    metrics,
    new_sprint,
    sprint_acts,
    sprint_list,
    sprint_page,
)
from sprints.views.api import document

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("sprints/", sprint_list.sprint_list, name="sprints"),
    path("sprints/new", new_sprint.new_sprint, name="sprint-new"),
    path("sprints/<str:sprint_id>/", sprint_page.page, name="sprint"),
    path("sprints/<str:sprint_id>/log", gate_log.log, name="sprint-log"),
    path("sprints/<str:sprint_id>/raw", gate_log.raw, name="sprint-raw"),
    *(
        path(f"sprints/<str:sprint_id>/{verb}", sprint_acts.act, {"verb": verb}, f"sprint-{verb}")
        for verb in sprint_acts.ACTS
    ),
    path("gates/", gate_pages.gates, name="gates"),
    path("gates/<str:gate_id>/", gate_pages.gate, name="gate"),
    path("agents/", agent_pages.agents, name="agents"),
    path("events/", event_pages.events, name="events"),
    path("health", health.health, name="health"),
    path("metrics", metrics.metrics, name="metrics"),
    *api.urls,
    path("api/openapi.json", document.openapi, name="api-openapi"),
    path("api/docs", document.page, name="api-docs"),
]
