"""Define the behaviour of every table of the back office.

Viewers see the rows, operators act on them, and admins edit them, if the table allows it, through
the operations that the commands use.
"""

import json
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms import Media
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from sprints.contract.json_types import JsonValue
from sprints.queries.disclosure import shown
from sprints.roles import NOBODY, Role
from sprints.state.refusals import Refused
from sprints.state.transitions import MoveRefused
from sprints.views.request import role_of

SEEN = 1000  # rows that can be paged through; filters find older ones
READER = "reader"  # the attribute of a row with the role of the user who opens its page
ACTED_ON = 100  # maximum rows of one action

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:
    Table = admin.ModelAdmin
    Pages = Paginator[Model]
else:
    Pages = Paginator

    class Table(admin.ModelAdmin, Generic[Row]):
        """Django's class, which names its model in brackets only for the type checker."""


class Window(Pages):
    """A paginator that counts only up to ``SEEN`` rows."""

    @cached_property
    def count(self) -> int:
        """Return how many rows can be paged through."""
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        return rows.order_by().values("pk")[:SEEN].count()


class Rows(Table[Row]):
    """A table that is not edited here."""

    list_per_page = 50
    list_max_show_all = 0
    paginator = Window
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    most_seen = SEEN
    sortable_by = ()
    exact: ClassVar[str] = ""  # the searched column: equality, so that an index is used

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Return whether the user is a viewer or more."""
        return bool(role_of(request) >= Role.VIEWER)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the user is a viewer or more."""
        return bool(role_of(request) >= Role.VIEWER)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user is an operator or more."""
        return bool(role_of(request) >= Role.OPERATOR)

    def has_edit_permission(self, request: HttpRequest) -> bool:
        """Return whether the user is an admin."""
        return bool(role_of(request) >= Role.ADMIN)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: rows are not added here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Return False: rows are not edited here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Return False: rows are not deleted here."""
        return False

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return the list. Raises ``BadRequest`` for anything but the search and its filters.

        Django accepts a lookup on any column, so it would tell a hidden value letter by letter.
        """
        shown = {PAGE_VAR, ERROR_FLAG, *map(_parameter, self.get_list_filter(request))}
        if self.get_search_fields(request):
            shown.add(SEARCH_VAR)
        if unknown := sorted(request.GET.keys() - shown):
            raise BadRequest(f"the list has no filter {unknown[0]!r}")
        return super().get_changelist_instance(request)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Return False: a row is named by its key alone."""
        return False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Row | None:
        """Return the row, with the role of its reader."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            vars(row)[READER] = role_of(request)
        return row

    @property
    def media(self) -> Media:
        """Return Django's scripts for the list's check boxes: small, and without jQuery."""
        return Media(js=["admin/js/core.js", "admin/js/actions.js"])

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Show the list, or carry out an action on its rows."""
        if request.method == "POST" and not self.get_actions(request):
            raise PermissionDenied
        titled = {"title": capfirst(str(self.opts.verbose_name_plural)), **(extra_context or {})}
        return super().changelist_view(request, titled)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        """Return the rows with exactly the searched value, for tables that grow."""
        if self.exact and search_term.strip():
            return queryset.filter(**{self.exact: search_term.strip()}), False
        return super().get_search_results(request, queryset, search_term)

    def act(
        self,
        request: HttpRequest,
        rows: Iterable[Row],
        operation: Callable[[Row], object],
        done: str,
    ) -> None:
        """Carry out the operation on each row, and report successes and refusals.

        ``done`` is the word for a success: "started".
        """
        recorded: dict[str, list[str]] = {}
        rows = list(rows[: ACTED_ON + 1] if isinstance(rows, QuerySet) else rows)
        if len(rows) > ACTED_ON:
            self.message_user(request, f"at most {ACTED_ON} at once", messages.ERROR)
            return
        for row in rows:
            try:
                operation(row)
            except (Refused, MoveRefused, ValueError) as exc:
                self.message_user(request, str(exc), messages.ERROR)
            else:
                recorded.setdefault(done, []).append(str(row))
                self.log_change(request, row, done)
        for what, names in recorded.items():
            self.message_user(request, f"{what}: {', '.join(names)}", messages.SUCCESS)


def _parameter(one: object) -> str:
    """Return the parameter of a filter: of a class of ours, or of a column with choices."""
    return str(getattr(one, "parameter_name", f"{one}__exact"))


def pill(word: str) -> SafeString:
    """Return a status as on all pages."""
    return format_html('<span class="pill {}">{}</span>', word, word)


def when(field: str, title: str = "") -> Callable[[Model], SafeString | str]:
    """Return a column with that field's time in UTC; the page converts it to the reader's zone."""

    @admin.display(description=title or field.removesuffix("_at").replace("_", " "), ordering=field)
    def column(row: Model) -> SafeString | str:
        at = getattr(row, field)
        if at is None:
            return "-"
        return format_html(
            '<time datetime="{}">{}</time>', at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S}"
        )

    return column


def as_json(row: Model, value: JsonValue) -> SafeString:
    """Return a value as a block of JSON, without what the reader of the row's page may not see."""
    value = shown(value, vars(row).get(READER, NOBODY))
    return format_html('<pre tabindex="0">{}</pre>', json.dumps(value, indent=2, sort_keys=True))
