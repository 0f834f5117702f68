"""Clients of the web that are somebody."""

import io
import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from gateway_project.accounts import token_acts, user_acts
from sprints.roles import Role
from sprints.store import Store

PASSWORD = "correct horse battery staple"


@pytest.fixture
def own_token(store: Store) -> str:
    """The one in config.json."""
    return str(json.loads(store.config.read_text())["auth_token"])


@pytest.fixture
def knock() -> Callable[[str], int]:
    """What the gateway answers to that token: 200 or 401."""

    def ask(token: str) -> int:
        client = Client(SERVER_NAME="127.0.0.1")
        return client.get("/api/status", headers={"X-Studio-Gateway-Token": token}).status_code

    return ask


@pytest.fixture
def token_of(store: Store) -> Callable[..., str]:
    """A new token of a new user of that role."""

    def make(role: Role, name: str = "") -> str:
        user = user_acts.add(name or role.word, role, by="test")
        return token_acts.create(user, "test", by="test")[1]

    return make


@pytest.fixture
def signed_in(token_of: Callable[..., str]) -> Callable[..., Client]:
    """A browser in which a new user of that role has signed in by a token."""

    def make(role: Role, name: str = "") -> Client:
        browser = Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})
        assert browser.post("/login/", {"token": token_of(role, name)}).status_code == 302
        return browser

    return make


def dump() -> str:
    """Every row of every table, as text."""
    found = io.StringIO()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found.writelines(f"{table} {row!r}\n" for row in cursor.fetchall())
    return found.getvalue()
