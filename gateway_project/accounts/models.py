"""Store tokens, with which programs or users sign in."""

import hashlib
from typing import ClassVar

from django.conf import settings
from django.db import models

from sprints.roles import ROLES, Role


class Token(models.Model):
    """A token ``sgw_<key>_<secret>``: the key finds the row, and only a digest of it is stored.

    ``place`` names the store whose config.json holds the token. Such a token is valid only while it
    is in that file.
    """

    key = models.CharField(max_length=16, primary_key=True)
    digest = models.CharField(max_length=64, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(max_length=100, help_text="what it is for, or on which machine it lies")
    role = models.CharField(
        max_length=8,
        choices=[(word, word) for word in ROLES],
        default=Role.ADMIN.word,
        help_text="the most that it may do; never more than its user may",
    )
    place = models.CharField(max_length=300, default="", blank=True, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.key})"


def digest_of(token: str) -> str:
    """Return the stored digest of a token; with 256 random bits, it needs no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def key_of(token: str) -> str:
    """Return the key that finds the row; for a foreign token, the head of its digest."""
    parts = token.split("_", 2)
    if len(parts) == 3 and parts[0] == "sgw" and 0 < len(parts[1]) <= 16:
        return parts[1]
    return digest_of(token)[:16]
