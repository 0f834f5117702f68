"""Show the log of acts in the back office."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry

from sprints.admin.back_office import site
from sprints.admin.base import Rows, when


@admin.register(LogEntry, site=site)
class Done(Rows[LogEntry]):
    """The acts in the back office, and their users."""

    list_display = ["at", "user", "content_type", "object_repr", "what"]
    list_select_related = ["user", "content_type"]
    ordering = ["-pk"]
    search_fields = ["user__username"]
    search_help_text = "the name of a user"
    exact = "user__username"
    fields = ["at", "user", "content_type", "object_repr", "what"]
    at = staticmethod(when("action_time"))

    @admin.display(description="what")
    def what(self, row: LogEntry) -> str:
        """Return the act in words."""
        return row.get_change_message()
