"""Which view answers which path."""

from django.urls import path

from sprints.views import api, dashboard, metrics

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("health", api.health, name="health"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/status", api.status, name="api-status"),
]
