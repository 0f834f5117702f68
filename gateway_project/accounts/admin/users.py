"""Edit users and their roles."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from gateway_project.accounts import queries, user_operations
from sprints.admin.back_office import site
from sprints.admin.base import Rows, when
from sprints.admin.forms import Asked, Edited, choices
from sprints.roles import ROLES, Role


class UserForm(Asked[User]):
    """The form of a user."""

    fixed = {"username"}
    session_key: str | None = None  # of the editing user, which is kept

    username = forms.CharField(max_length=150, label="Name")
    role = forms.ChoiceField(choices=choices(ROLES), initial=Role.VIEWER.word)
    is_active = forms.BooleanField(
        required=False, initial=True, label="Enabled", help_text="may sign in"
    )
    password = forms.CharField(
        required=False,
        strip=False,
        max_length=400,
        help_text="only to set another; a token signs in without one",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields: list[str] = []

    def shown(self, row: User) -> dict[str, object]:
        """Return the user's values, without the password."""
        role = queries.highest(row) or Role.VIEWER.word
        return {"username": row.get_username(), "is_active": row.is_active, "role": role}

    def keep(self, by: str) -> User:
        """Add the user, or apply the changes. Raises ``Refused``."""
        asked = self.cleaned_data
        role, password = Role.named(asked["role"]), asked["password"] or None
        with transaction.atomic():
            if self.instance._state.adding:
                name = asked["username"]
                user = user_operations.add(name, role, by, password)
            else:
                name = self.instance.get_username()
                user = user_operations.get(name)
                if queries.highest(user) != role.word:
                    user = user_operations.set_role(name, role, by, keep=self.session_key)
                if password:
                    user = user_operations.set_password(name, password, by, keep=self.session_key)
            if user.is_active != asked["is_active"]:
                user = user_operations.turn(name, by, on=asked["is_active"])
        return user


@admin.register(User, site=site)
class Users(Edited[User]):
    """The users. They are disabled, never deleted, because the log names them."""

    form = UserForm
    list_display = ["username", "role", "is_active", "good_tokens", "signed_in"]
    list_filter = ["is_active"]
    ordering = ["username"]
    search_fields = ["username"]
    signed_in = staticmethod(when("last_login", "last sign-in"))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return False: the log names the user."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the users with their groups and the number of their valid tokens."""
        rows: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        return rows.annotate(good=Count("tokens", filter=queries.good()))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> User | None:
        """Return the user; None for an id that is not a number."""
        return super().get_object(request, object_id, from_field) if object_id.isascii() else None

    def get_form(
        self,
        request: HttpRequest,
        obj: User | None = None,
        change: bool = False,
        **kwargs: object,
    ) -> type[Asked[User]]:
        """Return the form, with the key of the user's own session."""
        form = super().get_form(request, obj, change=change, **kwargs)
        assert issubclass(form, UserForm), "the table names its form"
        form.session_key = request.session.session_key
        return form

    def save_model(self, request: HttpRequest, obj: User, form: Asked[User], change: bool) -> None:
        """Save the user; a user who changes the own password stays signed in."""
        super().save_model(request, obj, form, change)
        if change and obj.pk == request.user.pk and form.cleaned_data["password"]:
            update_session_auth_hash(request, obj)

    @admin.display(description="role")
    def role(self, row: User) -> str:
        """Return the user's role."""
        return queries.highest(row) or "none"

    @admin.display(description="tokens")
    def good_tokens(self, row: Any) -> int:
        """Return the number of valid tokens."""
        return int(row.good)


@admin.register(Group, site=site)
class Roles(Rows[Group]):
    """The three roles and their members."""

    list_display = ["name", "members"]
    fields = ["name", "members"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Return the groups that are roles."""
        return super().get_queryset(request).filter(name__in=ROLES).prefetch_related("user_set")

    @admin.display(description="members")
    def members(self, row: Group) -> str:
        """Return the members' names."""
        return ", ".join(sorted(user.get_username() for user in row.user_set.all())) or "nobody"
