"""Tokens: issued, looked up, revoked. A change counts from the next request on."""

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

NOTED_EVERY = timedelta(minutes=1)  # a write for each request would be one too many


def issue(
    user: User, name: str, role: Role, expires_at: datetime | None = None
) -> tuple[Token, str]:
    """A new token of that user: its row, and itself, which nobody can read again."""
    text = fresh_token()
    return _keep(text, user, name, role, expires_at=expires_at), text


def find(text: str) -> Token | None:
    """The token if it may be used now. Raises ``StoreError``."""
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
    """Whether it is neither revoked nor run out, and its user may sign in."""
    now = timezone.now()
    in_time = row.expires_at is None or now < row.expires_at
    return row.revoked_at is None and in_time and row.user.is_active


def is_current(row: Token) -> bool:
    """Whether a session that began with this token may go on. Raises ``StoreError``."""
    here = row.place == settings.STORE.place
    return is_good(row) and (not here or compare_digest(row.digest, digest_of(_own())))


def used(row: Token) -> None:
    """Note that it was used, now and then."""
    now = timezone.now()
    if row.last_used_at is None or now - row.last_used_at > NOTED_EVERY:
        Token.objects.filter(pk=row.pk).update(last_used_at=now)


def adopt(owner: User | None = None) -> Token:
    """The row of the token in config.json. It is its ``owner``'s: who started the gateway, where
    none is named, and who is made an admin where the gateway has no such user yet. Raises
    ``StoreError``.
    """
    text = _own()
    found = Token.objects.select_related("user").filter(pk=key_of(text)).first()
    if found:
        return found
    place = settings.STORE.place
    try:
        with transaction.atomic():
            owner = owner or _owner()
            Token.objects.filter(place=place).delete()  # what stood there before
            return _keep(text, owner, "config.json", Role.ADMIN, place=place)
    except IntegrityError:  # another process was faster
        return Token.objects.select_related("user").get(pk=key_of(text))


def _owner() -> User:
    """Who started the gateway, as the machine knows them, with no password to sign in with."""
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
