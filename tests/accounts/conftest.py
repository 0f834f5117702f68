"""Provide a store with users, and the requests of each role."""

import io
import json
from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.test import Client

from sprints.store.layout import Store

HASHERS = settings.PASSWORD_HASHERS  # those of the gateway


class CheapHasher(PBKDF2PasswordHasher):
    """Django's own hasher with one iteration."""

    iterations = 1


@pytest.fixture(autouse=True)
def cheap_passwords(settings) -> None:
    """Hash passwords in no time: a million iterations a guess would be most of these tests."""
    settings.PASSWORD_HASHERS = ["tests.accounts.conftest.CheapHasher"]


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


def dump() -> str:
    """Every row of every table, as text."""
    found = io.StringIO()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found.writelines(f"{table} {row!r}\n" for row in cursor.fetchall())
    return found.getvalue()
