"""Sign users in, and read the pages as they see them."""

import gzip
import re
from html import unescape
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from gateway_project.accounts.roles import give
from sprints.roles import Role

LIVE = {"HX-Request": "true"}


def signed_in(role: Role, name: str = "") -> Client:
    """A browser in which somebody of that role has signed in."""
    user, _ = User.objects.get_or_create(username=name or role.word)
    give(user, role)
    client = Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


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
