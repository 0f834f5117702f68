"""Map the paths of all apps to views, and set the error handlers."""

from django.urls import include, path

from gateway_project.accounts.admin import site

urlpatterns = [
    path("", include("sprints.urls")),
    path("", include("gateway_project.accounts.urls")),
    path("admin/", site.urls),
]

handler400 = "sprints.views.responses.bad_request"
handler403 = "sprints.views.responses.not_allowed"
handler404 = "sprints.views.responses.not_found"
handler500 = "sprints.views.database_away.server_error"
