"""Make users of each role and browsers in which they have signed in, and read their pages."""

import gzip
import re
from html import unescape
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from gateway_project.accounts import token_operations, user_operations
from gateway_project.accounts.roles import give
from sprints.roles import Role

__all__ = [
    "LIVE", "PASSWORD", "Role", "links_of", "signed_in", "signed_in_by_token", "text_of",
    "token_of", "weight_of",
]  # fmt: skip

LIVE = {"HX-Request": "true"}
PASSWORD = "correct horse battery staple"


def token_of(role: Role, name: str = "") -> str:
    """A new token of a new user of that role."""
    user = user_operations.add(name or role.word, role, by="test")
    return token_operations.create(user, "test", by="test")[1]


def signed_in_by_token(role: Role, name: str = "") -> Client:
    """A browser in which a new user of that role has signed in by a token."""
    browser = Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})
    assert browser.post("/login/", {"token": token_of(role, name)}).status_code == 302
    return browser


def signed_in(role: Role, name: str = "") -> Client:
    """A browser in which somebody of that role has signed in; nothing of it is recorded."""
    user, _ = User.objects.get_or_create(username=name or role.word)
    give(user, role)
    browser = Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def text_of(answer: Any) -> str:
    """What is read on the page: no tags, blanks run together."""
    main = answer.content.decode().partition("<main")[2] or answer.content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def links_of(answer: Any) -> list[str]:
    """Where the page leads, in its order."""
    return [unescape(href) for href in re.findall(r'href="([^"]+)"', answer.content.decode())]


def weight_of(answer: Any) -> int:
    """Bytes on the wire."""
    return len(gzip.compress(answer.content))
