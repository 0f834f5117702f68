"""List the events and their head, which no one can edit."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sprints.admin.back_office import site
from sprints.admin.base import Rows, Table, as_json, when
from sprints.models import Event, Head
from sprints.state.event_codes import EventKind


class ByKind(admin.SimpleListFilter):
    """A filter by the known event kinds, without a query over all rows."""

    title = parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Table[Event]) -> list[tuple[str, str]]:
        """Return each kind."""
        return [(kind.value, kind.value) for kind in EventKind]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Return the events of the chosen kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Event, site=site)
class Events(Rows[Event]):
    """The events, newest first; a search finds a sprint, or an event by its number."""

    list_display = ["seq", "at", "kind", "sprint_id", "message"]
    list_filter = [ByKind]
    ordering = ["-seq"]
    search_fields = ["sprint_id"]
    search_help_text = "Id of a sprint, or #7 for event 7."
    exact = "sprint_id"
    fields = ["seq", "at", "kind", "sprint_id", "message", "whole"]

    at = staticmethod(when("ts"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """Return event ``#7``, or the events of a sprint."""
        number = search_term.strip().removeprefix("#")
        if number != search_term.strip() and number.isascii() and number.isdecimal():
            return queryset.filter(seq=min(int(number), (1 << 63) - 1)), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="message")
    def message(self, row: Event) -> str:
        """Return the event's message."""
        return str(row.body["message"])

    @admin.display(description="as in events.jsonl")
    def whole(self, row: Event) -> SafeString:
        """Return the whole event as JSON."""
        return as_json(row, row.body)


@admin.register(Head, site=site)
class Heads(Rows[Head]):
    """The last number and hash."""

    list_display = ["seq", "chained", "mirror_fault"]
    fields = ["seq", "hash", "mirror_fault"]

    @admin.display(description="hash")
    def chained(self, row: Head) -> SafeString:
        """Return the last event's hash."""
        return format_html("<code>{}</code>", row.hash)
