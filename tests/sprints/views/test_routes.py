"""Test every path with every method and every role."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from gateway_project.accounts import tokens
from gateway_project.accounts.roles import give
from sprints.roles import NOBODY, Role
from sprints.views.middleware import HEADERS
from tests import studio
from tests.sprints.views.routes import ROUTES, Route, every_route

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ASKERS = (NOBODY, *Role)

# Tables that a question may change: when a token was used, and the session of who asks.
NOTES = {"accounts_token", "django_session"}

SECRETIVE = "SELECT key FROM accounts_token WHERE path = {}"

Ask = Callable[..., Any]


@pytest.fixture
def ask(store) -> Ask:
    """Ask as somebody of that role, with a token: ``ask(role, method, path)``."""
    studio.create("wk1")
    client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
    headers: dict[int, dict[str, str]] = {NOBODY: {}}
    for role in Role:
        user = User.objects.create_user(role.word, is_staff=True, is_superuser=role == Role.ADMIN)
        give(user, role)
        headers[role] = {"X-Studio-Gateway-Token": tokens.issue(user, "test", role)[1]}

    def call(role: int, method: str, path: str, **more: str) -> Any:
        return client.generic(
            method, path, data=b"{}", content_type="application/json", headers=headers[role] | more
        )

    return call


def routes() -> list[Route]:
    found = list(every_route())
    assert len(found) > 5
    return found


def name_of(route: Route) -> str:
    return route.name


def test_every_path_has_a_row_and_every_row_a_path():
    found = routes()

    assert [one for one in found if one.roles is None] == []
    named = {one.name for one in found}
    assert [key for key in ROUTES if key not in named and not key.endswith("*")] == []
    grouped = [key for key in ROUTES if key.endswith("*")]
    assert all(any(name.startswith(key[:-1]) for name in named) for key in grouped)


@pytest.mark.parametrize("route", [one for one in routes() if not one.is_djangos], ids=name_of)
def test_a_path_answers_those_of_its_row_and_no_others(ask, route):
    roles = dict(route.roles or {})
    if "GET" in roles:
        roles["HEAD"] = roles["GET"]
    faults = []

    for method in METHODS:
        for asker in ASKERS:
            status = ask(asker, method, route.path()).status_code
            if method not in roles:
                fine = status in (401, 405) if asker == NOBODY else status == 405
            elif asker < roles[method]:
                fine = status == (401 if asker == NOBODY else 403)
            else:
                allowed = {401} if route.name == "login" else {501}  # no such token; no such extra
                fine = (status < 500 and status not in (401, 403, 405)) or status in allowed
            if not fine:
                faults.append(f"{method} by {asker!r}: {status}")

    assert faults == []


@pytest.mark.parametrize("route", [one for one in routes() if one.is_djangos], ids=name_of)
def test_the_back_office_is_closed_to_strangers_and_changed_by_admins_alone(ask, route):
    before = tables()

    for method in METHODS:
        assert ask(NOBODY, method, route.path()).status_code == 401
        for asker in (Role.VIEWER, Role.OPERATOR):
            assert ask(asker, method, route.path(there=True)).status_code < 500

    assert tables() == before


@pytest.mark.parametrize(
    "route",
    [one for one in routes() if set(one.roles or {}) - {"GET"} and one.name != "login"],
    ids=name_of,
)
def test_a_session_alone_changes_nothing(store, route):
    """A foreign page makes a browser send its cookies along, but knows no CSRF token."""
    client = Client(
        raise_request_exception=False, SERVER_NAME="127.0.0.1", enforce_csrf_checks=True
    )
    user = User.objects.create_user("admin", is_staff=True, is_superuser=True)
    give(user, Role.ADMIN)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    studio.create("wk1")
    before = tables()

    answers = {
        method: client.generic(method, route.path(there=True), headers={"Origin": origin})
        for origin in ("http://evil.example", "null", "http://127.0.0.1.evil.example")
        for method in set(route.roles or {}) - {"GET"}
    }

    assert {one.status_code for one in answers.values()} <= {403, 404, 405}
    assert tables() == before


def tables() -> dict[str, list[Any]]:
    """All rows of all tables."""
    with connection.cursor() as cursor:
        found = {}
        for name in set(connection.introspection.table_names(cursor)) - NOTES:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            found[name] = sorted(cursor.fetchall(), key=repr)
        return found


def test_to_look_changes_nothing(ask):
    ask(Role.ADMIN, "GET", "/")
    before = tables()

    for route in routes():
        for there in (False, True):
            ask(Role.ADMIN, "GET", route.path(there))
            ask(Role.ADMIN, "HEAD", route.path(there))
            assert tables() == before, route


def is_cautious(answer: Any) -> bool:
    """Whether an answer has the headers that all have; Django's own says more than no-store."""
    kept = {name: value for name, value in HEADERS.items() if name != "Cache-Control"}
    return kept.items() <= dict(answer.items()).items() and "no-store" in answer["Cache-Control"]


def test_every_answer_has_the_headers_of_a_cautious_server(ask):
    paths = [one.path(there) for one in routes() for there in (False, True)]

    for path in [*paths, "/nope", "/static/nope", "/admin/nope", "/api/nope"]:
        for asker in (NOBODY, Role.VIEWER, Role.ADMIN):
            answer = ask(asker, "GET", path, Accept="text/html")
            assert is_cautious(answer), (path, asker)


class Raises:
    """A middleware in which every view falls over."""

    text = ""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        return self.get_response(request)

    def process_view(self, *_: Any) -> None:
        raise RuntimeError(self.text)


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_what_a_view_raises_is_told_to_nobody(ask, store, settings, accept, caplog):
    key = json.loads(store.config.read_text())["secret_key"]
    Raises.text = SECRETIVE.format(store.root) + key
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, f"{__name__}.Raises"]):
        answers = [
            (path, ask(Role.ADMIN, "GET", path, Accept=accept))
            for path in (one.path() for one in routes())
        ]

    for path, answer in answers:
        said = answer.content.decode()
        assert answer.status_code == 500, path
        assert is_cautious(answer), path
        assert not [word for word in (str(store.root), "SELECT", key, "Traceback") if word in said]
    assert "Traceback" in caplog.text


def test_an_installation_without_users_lets_nobody_in(store):
    call_command("flush", interactive=False, verbosity=0)
    client = Client(SERVER_NAME="127.0.0.1")

    for name in ("admin", "root", "owner", "studio", "gateway", ""):
        for password in (name, "admin", "password", ""):
            given = {"username": name, "password": password}
            assert client.post("/login/", given).status_code in (401, 429)
    assert client.get("/api/status").status_code == 401
