"""Which view answers which path."""

from django.urls import path

from sprints.views import api, dashboard, health
from sprints.views.api import document

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("health", health.health, name="health"),
    *api.urls,
    path("api/openapi.json", document.openapi, name="api-openapi"),
    path("api/docs", document.page, name="api-docs"),
]
