"""The paths of all our apps, and who answers for a path that goes wrong."""

from django.urls import include, path

urlpatterns = [path("", include("sprints.urls"))]

handler400 = "sprints.views.answers.bad_request"
handler403 = "sprints.views.answers.not_allowed"
handler404 = "sprints.views.answers.not_found"
handler500 = "sprints.views.answers.server_error"
