"""Create, revoke and rotate tokens. Each act is recorded as an event, without a secret."""

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from gates.problem import Problem, ProblemCode
from gateway_project.accounts import tokens
from gateway_project.accounts.models import Token
from gateway_project.accounts.roles import role_of
from sprints.models.transitions import note
from sprints.roles import Role
from sprints.state.event_codes import EventKind
from sprints.state.event_format import stamp
from sprints.state.messages import Message, message
from sprints.state.refusals import RefusalCode, Refused, Unknown
from sprints.store.config import fresh_token, turn
from sprints.store.file_lock import locked

UNITS = {"h": "hours", "d": "days", "w": "weeks"}
LONGEST = timedelta(days=3660)


def create(
    user: User, name: str, by: str, *, role: Role | None = None, lasts: str = "never"
) -> tuple[Token, str]:
    """Create a token of that user; return its row and its text, which is not stored.

    Without ``role``, it gets the user's present role. ``lasts`` is as in ``until``. Raises
    ``Refused``.
    """
    expires_at = until(lasts)
    may = role_of(user)
    if may is None:
        why = "has no role" if user.is_active else "is disabled"
        text = f"user {user} {why}; see: studio-gateway user list"
        raise Refused(problems=[Problem("user", ProblemCode.CONFLICT, text)])
    if role is not None and role > may:
        text = f"{user} is {may.word}, and a token may do no more than its user"
        raise Refused(problems=[Problem("role", ProblemCode.CONFLICT, text)])
    if not name.strip() or len(name) > 100 or not name.isprintable():
        text = "a token's name is one line of 1 to 100 characters"
        raise Refused(problems=[Problem("name", ProblemCode.WRONG_FORMAT, text)])
    with transaction.atomic():
        row, text = tokens.issue(user, name.strip(), role or may, expires_at)
        words = message("event.token_created", token=row, user=user, by=by)
        _tell(EventKind.TOKEN_CREATED, words, row, by)
    return row, text


def revoke(key: str, by: str) -> Token:
    """Revoke the token from the next request on, and end the sessions begun with it.

    Raises ``Refused``.
    """
    with transaction.atomic():
        row = _locked(key)
        if row.place == settings.STORE.place:
            raise Refused(
                f"token {key} is the one in config.json; replace it: studio-gateway token rotate"
            )
        if row.revoked_at:
            raise Refused(f"token {key} is revoked already", RefusalCode.WRONG_STATUS)
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        words = message("event.token_revoked", token=row, user=row.user, by=by)
        _tell(EventKind.TOKEN_REVOKED, words, row, by)
    return row


def rotate(key: str, by: str, *, lasts: str | None = None) -> tuple[Token, str]:
    """Replace that token by a new one of the same user, name and role; return its row and text.

    It lasts as long as the old one was given, unless ``lasts`` says otherwise. Raises ``Refused``.
    """
    with transaction.atomic():
        old = _locked(key)
        if old.place == settings.STORE.place:
            raise Refused(
                f"token {key} is the one in config.json; type: studio-gateway token rotate"
            )
        if old.place:
            raise Refused(f"token {key} is the one in config.json of {old.place}; rotate it there")
        if old.revoked_at:
            text = f"token {key} is revoked; make one: studio-gateway token create"
            raise Refused(text, RefusalCode.WRONG_STATUS)
        now = timezone.now()
        if lasts is not None:
            expires_at = until(lasts)
        else:
            expires_at = old.expires_at and now + (old.expires_at - old.created_at)
        row, text = tokens.issue(old.user, old.name, Role.named(old.role), expires_at)
        _retire(old, now)
        about = {"token": old, "user": old.user, "by": by, "key": row.key}
        words = message("event.token_rotated", **about)
        _tell(EventKind.TOKEN_ROTATED, words, row, by, instead_of=old.key)
    return row, text


def rotate_own(by: str) -> Token:
    """Replace the token in config.json; the old one becomes invalid. Raises ``StoreError``."""
    store = settings.STORE
    with locked(store.root / "init.lock"), transaction.atomic():
        old = tokens.adopt()
        turn(store.config, "auth_token", fresh_token())
        _retire(old, timezone.now())
        row = tokens.adopt(old.user)
        words = message("event.token_rotated.own", by=by, key=row.key)
        _tell(EventKind.TOKEN_ROTATED, words, row, by, instead_of=old.key)
    return row


def until(text: str) -> datetime | None:
    """Return the expiry for ``90d``, ``12h``, ``2w``; None for ``never``. Raises ``Refused``."""
    if text == "never":
        return None
    found = re.fullmatch(r"([0-9]{1,5})([hdw])", text)
    span = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < span <= LONGEST:
        words = f"{text!r} is not a lifetime; write 12h, 90d, 8w or never"
        raise Refused(problems=[Problem("lasts", ProblemCode.WRONG_FORMAT, words)])
    return timezone.now() + span


def _retire(row: Token, at: datetime) -> None:
    """Revoke the row, which config.json does not hold any more."""
    row.revoked_at, row.place = at, ""
    row.save(update_fields=["revoked_at", "place"])


def _locked(key: str) -> Token:
    """Return the row, locked until the transaction ends. Raises ``Refused``."""
    rows = Token.objects.select_for_update(of=("self",)).select_related("user")
    row = rows.filter(pk=key).first()
    if row is None:
        raise Unknown(f"no token {key!r}; see: studio-gateway token list")
    return row


def _tell(kind: EventKind, words: Message, row: Token, by: str, **more: str) -> None:
    data = {
        "key": row.key,
        "name": row.name,
        "user": row.user.get_username(),
        "role": row.role,
        "expires_ts": row.expires_at and stamp(row.expires_at),
        "by": by,
    }
    note(kind, words, timezone.now(), data | more)
