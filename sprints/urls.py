"""Which view answers which path."""

from django.urls import path

from sprints.views import (
    agent_pages,
    api,
    dashboard,
    event_pages,
    gate_pages,
    new_sprint,
    sprint_list,
)

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("sprints/", sprint_list.sprint_list, name="sprints"),
    path("sprints/new", new_sprint.new_sprint, name="sprint-new"),
    path("gates/", gate_pages.gates, name="gates"),
    path("gates/<str:gate_id>/", gate_pages.gate, name="gate"),
    path("agents/", agent_pages.agents, name="agents"),
    path("events/", event_pages.events, name="events"),
    path("health", api.health, name="health"),
    path("api/status", api.status, name="api-status"),
]
