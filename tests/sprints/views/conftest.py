"""Provide a user of each role, with a token."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from gateway_project.accounts import roles, tokens
from sprints.store.layout import Store
from tests.people import Role

Call = Callable[..., Any]


@pytest.fixture
def tokens_by_role(store: Store) -> dict[str, str]:
    """A token of a user of each role, by the role's word."""
    made = {}
    for role in Role:
        user = User.objects.create_user(f"the_{role.word}")
        roles.give(user, role)
        made[role.word] = tokens.issue(user, "test", role)[1]
    return made


@pytest.fixture
def call(tokens_by_role: dict[str, str]) -> Call:
    """``call("POST", "/api/sprints", {...}, by="viewer")``: the answer; by None brings no token.
    What a view raises is an answer. A body that is a text or bytes is sent as it is.
    """
    client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")

    def ask(
        method: str, path: str, body: Any = None, by: str | None = "admin", **headers: str
    ) -> HttpResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if by is not None:
            named.setdefault("X-Studio-Gateway-Token", tokens_by_role.get(by, by))
        sent = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        kind = named.pop("Content-Type", "application/json")
        return client.generic(method, path, sent, kind, headers=named)  # type: ignore[return-value]

    return ask
