"""Show failed sign-ins to admins."""

from axes.models import AccessAttempt
from django.contrib import admin
from django.http import HttpRequest

from sprints.admin.back_office import site
from sprints.admin.base import Rows, when


@admin.register(AccessAttempt, site=site)
class Attempts(Rows[AccessAttempt]):
    """The names and addresses of failed sign-ins in the last minutes, newest first."""

    list_display = ["username", "ip_address", "failures_since_start", "at"]
    ordering = ["-attempt_time"]
    search_fields = ["ip_address"]
    search_help_text = "an address"
    exact = "ip_address"
    fields = ["username", "ip_address", "failures_since_start", "at"]
    at = staticmethod(when("attempt_time", "last"))

    def has_view_permission(self, request: HttpRequest, obj: AccessAttempt | None = None) -> bool:
        """Return whether the user is an admin."""
        return self.has_edit_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the user is an admin."""
        return self.has_edit_permission(request)
