"""Read users and tokens for lists, without writing and without secrets."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.utils import timezone

from gateway_project.accounts.models import Token
from sprints.roles import ROLES, Role
from sprints.state.event_format import stamp


def tokens(username: str | None = None) -> list[dict[str, Any]]:
    """Return the tokens as flat dicts, newest first, of that user if one is named."""
    rows = Token.objects.select_related("user")
    if username is not None:
        rows = rows.filter(user__username=username)
    return [
        {
            "key": row.key,
            "name": row.name,
            "user": row.user.get_username(),
            "role": row.role,
            "status": standing(row),
            "place": row.place or None,
            "created_ts": stamp(row.created_at),
            "expires_ts": row.expires_at and stamp(row.expires_at),
            "last_used_ts": row.last_used_at and stamp(row.last_used_at),
            "revoked_ts": row.revoked_at and stamp(row.revoked_at),
        }
        for row in rows
    ]


def standing(row: Token) -> str:
    """Return ``good``, ``revoked``, ``expired``, or ``disabled`` if its user is."""
    if row.revoked_at:
        return "revoked"
    if row.expires_at and row.expires_at <= timezone.now():
        return "expired"
    return "good" if row.user.is_active else "disabled"


def users() -> list[dict[str, Any]]:
    """Return all users by name as flat dicts; ``tokens`` counts the valid ones."""
    rows = User.objects.order_by("username").prefetch_related("groups")
    return [
        {
            "user": row.get_username(),
            "role": highest(row),
            "enabled": row.is_active,
            "password": row.has_usable_password(),
            "tokens": row.good,
            "last_sign_in_ts": row.last_login and stamp(row.last_login),
        }
        for row in rows.annotate(good=Count("tokens", filter=good()))
    ]


def good() -> Q:
    """Return the condition for a user's valid tokens: neither revoked nor expired."""
    in_time = Q(tokens__expires_at=None) | Q(tokens__expires_at__gt=timezone.now())
    return Q(tokens__revoked_at=None) & in_time


def highest(user: User) -> str | None:
    """Return the role of a user with loaded groups, disabled or not; None without a role."""
    if user.is_superuser:
        return Role.ADMIN.word
    names = [group.name for group in user.groups.all() if group.name in ROLES]
    return max(names, key=ROLES.index, default=None)
