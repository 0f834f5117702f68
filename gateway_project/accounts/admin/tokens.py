"""Create, rotate and revoke tokens, each displayed once."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render

from gateway_project.accounts import queries, token_operations
from gateway_project.accounts.models import Token
from sprints.admin.back_office import site
from sprints.admin.base import pill, when
from sprints.admin.forms import Asked, Edited, choices
from sprints.roles import ROLES, Role
from sprints.state.refusals import Refused


class TokenForm(Asked[Token]):
    """The form of a new token."""

    text = ""  # the token's text, once it is created

    user = forms.ModelChoiceField(User.objects.filter(is_active=True).order_by("username"))
    name = forms.CharField(max_length=100, help_text="what it is for, or where it is stored")
    role = forms.ChoiceField(
        choices=[("", "as its user"), *choices(ROLES)],
        required=False,
        help_text="the most that it may do",
    )
    lasts = forms.CharField(initial="90d", label="Lifetime", help_text="12h, 90d, 8w or never")

    class Meta:
        model = Token
        fields: list[str] = []

    def keep(self, by: str) -> Token:
        """Create the token. Raises ``Refused``."""
        asked = self.cleaned_data
        role = Role.named(asked["role"]) if asked["role"] else None
        row, self.text = token_operations.create(
            asked["user"], asked["name"], by, role=role, lasts=asked["lasts"]
        )
        return row


@admin.register(Token, site=site)
class Tokens(Edited[Token]):
    """All tokens. The text of a token is displayed once, on the page after its creation."""

    form = TokenForm
    list_display = ["key", "name", "user", "role", "state", "expires", "used"]
    list_filter = ["role"]
    list_select_related = ["user"]
    ordering = ["-created_at"]
    search_fields = ["user__username"]
    search_help_text = "the name of a user"
    exact = "user__username"
    actions = ["revoke", "rotate"]
    seen = [
        "key",
        "name",
        "user",
        "role",
        "state",
        "place",
        "created",
        "expires",
        "used",
        "revoked",
    ]

    created = staticmethod(when("created_at"))
    expires = staticmethod(when("expires_at"))
    used = staticmethod(when("last_used_at", "last used"))
    revoked = staticmethod(when("revoked_at"))

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Return False: a token is revoked or rotated, not changed."""
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Return False: the log names the token."""
        return False

    @admin.display(description="status")
    def state(self, row: Token) -> Any:
        """Return whether the token is valid, as a pill."""
        return pill(queries.standing(row))

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Create the token, and keep its text for the response."""
        super().save_model(request, obj, form, change)
        obj.text = form.text

    def response_add(self, request: Any, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """Show the token on this page; a message would be stored for the next page."""
        return self._show(request, obj, obj.text)

    @admin.action(description="Revoke", permissions=["edit"])
    def revoke(self, request: Any, queryset: QuerySet[Token]) -> None:
        """Revoke the tokens."""
        by = request.user.get_username()
        self.act(request, queryset, lambda row: token_operations.revoke(row.pk, by), "revoked")

    @admin.action(description="Rotate: another in its place", permissions=["edit"])
    def rotate(self, request: Any, queryset: QuerySet[Token]) -> HttpResponse | None:
        """Rotate one token, and show the new one."""
        rows = list(queryset[:2])
        if len(rows) != 1:
            self.message_user(request, "rotate one token at a time", messages.ERROR)
            return None
        try:
            row, text = token_operations.rotate(rows[0].pk, request.user.get_username())
        except Refused as exc:
            self.message_user(request, str(exc), messages.ERROR)
            return None
        self.log_change(request, rows[0], f"rotated: now {row.key}")
        return self._show(request, row, text)

    def _show(self, request: Any, row: Token, text: str) -> HttpResponse:
        what = site.each_context(request) | {
            "title": f"Token {row}",
            "text": text,
            "opts": self.opts,
        }
        return render(request, "admin/new_token.html", what)
