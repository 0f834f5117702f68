"""Test authentication and refusals on every path."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from gateway_project import __version__
from gateway_project.accounts.authentication import OPEN
from sprints.models import Host
from sprints.views.middleware import HEADERS
from tests import studio

EVIL_HOSTS = [
    "evil.example",
    "evil.example:18790",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io",
    "localhost.evil.example",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0.0.0.0",
    "[::ffff:127.0.0.1]",
    "127.0.0.1, evil.example",
    "127.0.0.1@evil.example",
    "evil.example/127.0.0.1",
    "",
    " ",
    "127.0.0.1:port",
    "☃",
]


@pytest.fixture
def token(store) -> str:
    """The one that config.json holds."""
    return str(json.loads(store.config.read_text())["auth_token"])


@pytest.fixture
def ask():
    """Ask as a client that brings the given headers; what a view raises is an answer."""
    return Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")


def every_path() -> list[str]:
    """All paths of the urlconf, arguments filled in."""

    def walk(patterns, prefix):
        for one in patterns:
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns, prefix + str(one.pattern))
            elif isinstance(one, URLPattern):
                yield "/" + prefix + str(one.pattern)

    return sorted(walk(get_resolver().url_patterns, ""))


def test_every_path_but_health_asks_for_the_token(ask, token):
    closed = [path for path in every_path() if path not in OPEN]
    paths = ["/", "/no/such/page", "/health/", "/api", "//api/status", *closed]

    answers = {path: ask.get(path) for path in paths}

    assert "/api/status" in closed
    assert {path: one.status_code for path, one in answers.items()} == dict.fromkeys(paths, 401)
    assert {one.content for one in answers.values()} == {b'{"error": "unauthorized"}'}
    assert ask.get("/health").json()["ok"] is True


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "head"])
def test_no_method_goes_round_the_token(ask, store, method):
    assert getattr(ask, method)("/api/status").status_code == 401


@pytest.mark.parametrize(
    "name", ["X-Studio-Gateway-Token: {}", "Authorization: Bearer {}", "Authorization: bearer  {} "]
)
def test_the_token_opens_in_either_header(ask, token, name):
    key, _, value = name.format(token).partition(": ")

    assert ask.get("/api/status", headers={key: value}).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"X-Studio-Gateway-Token": ""},
        {"X-Studio-Gateway-Token": "wrong"},
        {"X-Studio-Gateway-Token": "\xff\xfe"},
        {"X-Studio-Gateway-Token": "wrong", "Authorization": "Bearer {}"},
        {"Authorization": "{}"},
        {"Authorization": "Basic {}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer {}x"},
        {"Cookie": "auth_token={}"},
        {"X-Forwarded-For": "127.0.0.1"},
    ],
)
def test_anything_else_does_not(ask, token, wrong):
    answer = ask.get("/api/status", headers={k: v.format(token) for k, v in wrong.items()})

    assert answer.status_code == 401


def test_a_token_in_the_address_does_not_open(ask, token):
    assert ask.get(f"/api/status?token={token}&auth_token={token}").status_code == 401


def test_a_changed_token_counts_at_once(ask, store, token):
    config = json.loads(store.config.read_text())
    new = "a-new-token-0123456789"
    store.config.write_text(json.dumps(config | {"auth_token": new}))

    old, fresh = (
        ask.get("/api/status", headers={"X-Studio-Gateway-Token": one}) for one in (token, new)
    )

    assert (old.status_code, fresh.status_code) == (401, 200)


@pytest.mark.parametrize("host", EVIL_HOSTS)
@pytest.mark.parametrize("path", ["/health", "/api/status", "/nope"])
def test_a_foreign_name_is_turned_away_before_all_else(ask, token, host, path):
    answer = ask.get(
        path,
        headers={"Host": host, "X-Studio-Gateway-Token": token, "X-Forwarded-Host": "localhost"},
    )

    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:18790", "LOCALHOST:18790"])
def test_this_machines_own_names_are_answered(ask, store, host):
    assert ask.get("/health", headers={"Host": host}).status_code == 200


def test_every_answer_has_the_headers_of_a_cautious_server(ask, token):
    own = {"X-Studio-Gateway-Token": token}
    answers = [
        ask.get("/health"),
        ask.get("/api/status"),
        ask.get("/api/status", headers=own),
        ask.post("/api/status", headers=own),
        ask.get("/nope", headers=own),
        ask.get("/health", headers={"Host": "evil.example"}),
    ]

    assert [one.status_code for one in answers] == [200, 401, 200, 405, 404, 400]
    for one in answers:
        assert one["Content-Type"] == "application/json"
        assert HEADERS.items() <= dict(one.items()).items()
        assert int(one["Content-Length"]) == len(one.content)


def test_another_method_is_told_what_is_allowed(ask, token):
    answer = ask.post("/api/status", headers={"X-Studio-Gateway-Token": token})

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer.json() == {"error": "method not allowed"}


def test_head_is_get_without_a_body(ask):
    got, head = ask.get("/health"), ask.head("/health")

    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Length"] == got["Content-Length"]


def test_what_a_view_raises_is_told_to_the_log_alone(ask, token, caplog):
    studio.create("wk1")
    studio.forge("sprint", lease_owner="no identity")

    answer = ask.get("/api/status", headers={"X-Studio-Gateway-Token": token})

    assert answer.status_code == 500
    assert answer.json() == {"error": "this should not have happened; the gateway's log says more"}
    assert "Traceback" in caplog.text
    assert token not in caplog.text


def test_a_database_that_does_not_answer_is_no_error_of_ours(ask, token, caplog):
    with connection.schema_editor() as editor:
        editor.delete_model(Host)
    try:
        answer = ask.get("/api/status", headers={"X-Studio-Gateway-Token": token})
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(Host)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json() == {"error": "the database does not answer"}
    assert "sprints_host" in caplog.text


def test_a_config_that_cannot_be_read_lets_nobody_in(ask, store, token, caplog):
    store.config.write_text("{")

    answer = ask.get("/api/status", headers={"X-Studio-Gateway-Token": token})

    assert answer.status_code == 503
    assert answer.json() == {"error": "the gateway cannot read its config.json"}
    assert str(store.config) in caplog.text
    assert ask.get("/health").status_code == 200


def test_health_answers_whatever_is_wrong(ask, store):
    store.config.unlink()

    assert ask.get("/health").json() == {"ok": True, "version": __version__}
