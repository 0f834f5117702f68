"""Add users, set roles and passwords, disable and enable users; recorded as events."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from gates.problem import Problem, ProblemCode
from gateway_project.accounts.roles import give, role_of
from sprints.models.transitions import note
from sprints.roles import Role
from sprints.state.event_codes import EventKind
from sprints.state.messages import Message, message
from sprints.state.refusals import RefusalCode, Refused, Unknown


def get(username: str) -> User:
    """Return the user of that name. Raises ``Refused``."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise Unknown(f"no user {username!r}; see: studio-gateway user list")
    return user


def add(username: str, role: Role, by: str, password: str | None = None) -> User:
    """Add a user, who may sign in by token, and by the password if one is given.

    Raises ``Refused``.
    """
    user = User(username=username, is_staff=True)
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError:
        text = "a user's name has 1 to 150 letters, digits and the signs @ . + - _ and nothing else"
        raise Refused(problems=[Problem("username", ProblemCode.WRONG_FORMAT, text)]) from None
    if there := User.objects.filter(username__iexact=username).first():
        text = f"user {there} already exists; see: studio-gateway user list"
        taken = Problem("username", ProblemCode.TAKEN, text)
        raise Refused(code=RefusalCode.ALREADY_EXISTS, problems=[taken])
    _set_password(user, password)
    with transaction.atomic():
        user.save()
        give(user, role)
        _tell(
            EventKind.USER_ADDED,
            message("event.user_added", user=username, by=by, role=role.word),
            user,
            by,
            role=role.word,
        )
    return user


def set_role(username: str, role: Role, by: str, *, keep: str | None = None) -> User:
    """Give the user that role and no other; end all sessions but that of the key ``keep``.

    Raises ``Refused`` for the last admin.
    """

    def turn(user: User) -> None:
        _check_others(user, role is Role.ADMIN)
        if user.is_superuser:  # Django's flag for a role above all others
            user.is_superuser = False
            user.save(update_fields=["is_superuser"])
        give(user, role)

    return _change(username, turn, "role", by, keep, role=role.word)


def set_password(username: str, password: str, by: str, *, keep: str | None = None) -> User:
    """Set the user's password; end all sessions but that of the key ``keep``.

    Raises ``Refused``.
    """

    def turn(user: User) -> None:
        _set_password(user, password)
        user.save(update_fields=["password"])

    return _change(username, turn, "password", by, keep)


def turn(username: str, by: str, *, on: bool) -> User:
    """Enable or disable the user; disabling ends all sessions and invalidates all tokens.

    Raises ``Refused`` for the last admin.
    """

    def turned(user: User) -> None:
        _check_others(user, on)
        user.is_active = on
        user.save(update_fields=["is_active"])

    how = "enabled" if on else "disabled"
    return _change(username, turned, how, by, None, enabled=on)


def _change(
    username: str,
    turn: Callable[[User], None],
    how: str,
    by: str,
    keep: str | None,
    **data: Any,
) -> User:
    with transaction.atomic():
        # Locked, so that two requests cannot remove the last two admins.
        Group.objects.select_for_update().filter(name=Role.ADMIN.word).first()
        user = get(username)
        turn(user)
        _end_sessions(user, keep)
        words = message(f"event.user_{how}", user=username, by=by, **data)
        _tell(EventKind.USER_CHANGED, words, user, by, **data)
    return user


def _check_others(user: User, stays: bool) -> None:
    """Raise ``Refused`` if no other admin would be left."""
    if stays or role_of(user) is not Role.ADMIN:
        return
    admins = User.objects.filter(Q(is_superuser=True) | Q(groups__name=Role.ADMIN.word))
    if not admins.filter(is_active=True).exclude(pk=user.pk).exists():
        hint = "make another first: studio-gateway user role NAME admin"
        text = f"user {user} is the last admin; {hint}"
        raise Refused(problems=[Problem("role", ProblemCode.CONFLICT, text)])


def _end_sessions(user: User, keep: str | None) -> None:
    """End the user's sessions. All must be read, because a session stores its user as content."""
    now = timezone.now()
    for session in Session.objects.filter(expire_date__gt=now).exclude(pk=keep or "").iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def _set_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as exc:
        found = [Problem("password", ProblemCode.WRONG_FORMAT, text) for text in exc.messages]
        raise Refused(" ".join(exc.messages), problems=found) from None
    user.set_password(password)


def _tell(kind: EventKind, words: Message, user: User, by: str, **more: Any) -> None:
    note(kind, words, timezone.now(), {"user": user.get_username(), "by": by, **more})
