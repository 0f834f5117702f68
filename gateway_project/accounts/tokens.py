"""Issue and find tokens. A change takes effect with the next request."""

import getpass
import re
from datetime import datetime, timedelta
from secrets import compare_digest

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from gateway_project.accounts.models import Token, digest_of, key_of
from gateway_project.accounts.roles import give
from sprints.roles import Role
from sprints.store.config import fresh_token, read_config

NOTED_EVERY = timedelta(minutes=1)  # not one write for each request


def issue(
    user: User, name: str, role: Role, expires_at: datetime | None = None
) -> tuple[Token, str]:
    """Create a token of that user; return its row and its text, which is not stored."""
    text = fresh_token()
    return _keep(text, user, name, role, expires_at=expires_at), text


def find(text: str) -> Token | None:
    """Return the token if it is valid now; None otherwise. Raises ``StoreError``."""
    if not text:
        return None
    ours = compare_digest(text.encode("utf-8", "surrogatepass"), _own().encode())
    row = Token.objects.select_related("user").filter(pk=key_of(text)).first()
    if row is None and ours:
        row = adopt()
    if row is None or not compare_digest(row.digest, digest_of(text)):
        return None
    return row if is_good(row) and (ours or row.place != settings.STORE.place) else None


def is_good(row: Token) -> bool:
    """Return whether it is neither revoked nor expired, and its user is enabled."""
    now = timezone.now()
    in_time = row.expires_at is None or now < row.expires_at
    return row.revoked_at is None and in_time and row.user.is_active


def is_current(row: Token) -> bool:
    """Return whether a session begun with this token may go on. Raises ``StoreError``."""
    here = row.place == settings.STORE.place
    return is_good(row) and (not here or compare_digest(row.digest, digest_of(_own())))


def used(row: Token) -> None:
    """Note the use of the token, now and then."""
    now = timezone.now()
    if row.last_used_at is None or now - row.last_used_at > NOTED_EVERY:
        Token.objects.filter(pk=row.pk).update(last_used_at=now)


def adopt(owner: User | None = None) -> Token:
    """Return the row of the token in config.json, made if missing.

    Its ``owner`` is by default the user who started the gateway. A new owner becomes an admin.
    Raises ``StoreError``.
    """
    text = _own()
    found = Token.objects.select_related("user").filter(pk=key_of(text)).first()
    if found:
        return found
    place = settings.STORE.place
    try:
        with transaction.atomic():
            owner = owner or _owner()
            Token.objects.filter(place=place).delete()  # earlier tokens of this store
            return _keep(text, owner, "config.json", Role.ADMIN, place=place)
    except IntegrityError:  # another process was faster
        return Token.objects.select_related("user").get(pk=key_of(text))


def _owner() -> User:
    """Return the user who started the gateway, by the system's name, without a password."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "owner"
    name = re.sub(r"[^\w.@+-]", "_", name)[:150]
    user, made = User.objects.get_or_create(username=name, defaults={"is_staff": True})
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        give(user, Role.ADMIN)
    return user


def _own() -> str:
    token: str = read_config(settings.STORE.config)["auth_token"]
    return token


def _keep(
    text: str,
    user: User,
    name: str,
    role: Role,
    *,
    place: str = "",
    expires_at: datetime | None = None,
) -> Token:
    return Token.objects.create(
        key=key_of(text),
        digest=digest_of(text),
        user=user,
        name=name,
        role=role.word,
        place=place,
        created_at=timezone.now(),
        expires_at=expires_at,
    )
