"""Test the sign-in page: who may sign in, how long a session lasts, and the limit on attempts."""

import json
import logging
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from gateway_project.accounts import token_operations, user_operations
from gateway_project.accounts.models import Token
from sprints.management.web import Web
from tests.accounts.conftest import dump
from tests.people import PASSWORD, Role, signed_in_by_token, token_of

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/\n/evil.example",
    " https://evil.example",
    "http://127.0.0.1@evil.example/",
    "evil.example",
    "\x00/",
]


@pytest.fixture
def visitor(store) -> Client:
    """One that nobody has signed in with."""
    return Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})


def guess(visitor: Client, password: str, username: str = "alice", **more: Any) -> int:
    """What a try with that password is answered with."""
    form = {"username": username, "password": password}
    return visitor.post("/login/", form, **more).status_code


def test_of_a_thousand_guesses_ten_are_tried(visitor, monkeypatch):
    user_operations.add("alice", Role.ADMIN, by="test", password=PASSWORD)
    tried = []
    monkeypatch.setattr(User, "check_password", lambda user, word: tried.append(word))

    answers = [guess(visitor, f"guess {n}") for n in range(1000)]

    assert len(tried) <= 10
    assert answers.count(429) >= 990
    assert guess(visitor, PASSWORD) == 429


def test_a_locked_name_opens_to_its_token_and_elsewhere(visitor, own_token, knock):
    user = user_operations.add("alice", Role.OPERATOR, by="test", password=PASSWORD)
    _, token = token_operations.create(user, "ci", by="test")
    for n in range(12):
        guess(visitor, f"guess {n}")
    assert guess(visitor, PASSWORD) == 429

    assert guess(visitor, PASSWORD, REMOTE_ADDR="10.0.0.9") == 302
    for good in (token, own_token):
        fresh = Client(SERVER_NAME="127.0.0.1")
        assert knock(good) == 200
        assert fresh.post("/login/", {"token": good}).status_code == 302


def test_others_wrong_tokens_lock_no_good_one_out(visitor, own_token, knock):
    for n in range(30):
        assert visitor.post("/login/", {"token": f"sgw_{n:08x}_wrong"}).status_code in (401, 429)
        assert knock(f"sgw_{n:08x}_wrong") == 401

    assert knock(own_token) == 200
    assert visitor.post("/login/", {"token": own_token}).status_code == 302


def test_what_was_tried_is_written_down_nowhere(visitor, own_token, caplog, capfd, store):
    caplog.set_level(logging.DEBUG)
    user_operations.add("alice", Role.ADMIN, by="test", password=PASSWORD)
    wrong = "sgw_0badc0de_" + "wr0ng" * 8

    for _ in range(12):
        visitor.post("/login/", {"token": wrong})
        guess(visitor, "a wrong guess of mine")
    guess(visitor, PASSWORD)
    visitor.post("/login/", {"token": own_token})
    visitor.get("/", headers={"X-Studio-Gateway-Token": wrong})
    visitor.get("/", headers={"Authorization": f"Bearer {own_token}"})

    assert AccessAttempt.objects.exists()
    said = capfd.readouterr()
    kept = dump() + caplog.text + said.out + said.err + store.events.read_text()
    for secret in (
        own_token,
        own_token.split("_", 2)[2],
        wrong,
        "wr0ng",
        PASSWORD,
        "guess of mine",
    ):
        assert secret not in kept


def test_a_fresh_store_has_no_account_but_the_one_of_config_json(visitor, own_token, shell):
    for name in ("admin", "root", "owner", "test", "", "alice"):
        for word in ("", "admin", "root", "password", name):
            assert guess(visitor, word, name) in (401, 429)
    for token in ("", "admin", "token", "sgw__", "sgw_x_", own_token[:-1], own_token + " x"):
        assert visitor.post("/login/", {"token": token}).status_code in (401, 429)

    assert not User.objects.exists()
    assert visitor.post("/login/", {"token": own_token}).status_code == 302
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize("where", ELSEWHERE)
def test_one_lands_nowhere_but_here(visitor, own_token, where):
    form = visitor.post("/login/", {"token": own_token, "next": where})
    inside = visitor.get("/login/", {"next": where})

    assert (form.status_code, form["Location"]) == (302, "/")
    assert (inside.status_code, inside["Location"]) == (302, "/")


def test_one_lands_where_one_wanted_to_be(visitor, own_token):
    asked = visitor.get("/admin/sprints/sprint/?q=wk1")
    page = visitor.get(asked["Location"])
    answer = visitor.post("/login/", {"token": own_token, "next": page.context["next"]})

    assert answer["Location"] == "/admin/sprints/sprint/?q=wk1"


def test_a_session_is_new_at_each_sign_in(visitor, own_token):
    visitor.post("/login/", {"token": own_token})
    first = visitor.cookies[settings.SESSION_COOKIE_NAME].value
    visitor.post("/login/", {"token": token_of(Role.VIEWER)})
    second = visitor.cookies[settings.SESSION_COOKIE_NAME].value

    assert first != second
    old = Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})
    old.cookies[settings.SESSION_COOKIE_NAME] = first
    assert old.get("/").status_code == 302


def test_a_session_that_was_planted_is_not_the_one_that_is_signed_in(visitor, own_token):
    visitor.cookies[settings.SESSION_COOKIE_NAME] = "planted0planted0planted0planted0"

    visitor.post("/login/", {"token": own_token})

    assert visitor.cookies[settings.SESSION_COOKIE_NAME].value != "planted0planted0planted0planted0"


def test_the_cookies_are_for_this_gateway_alone(store, own_token, settings):
    with Web("127.0.0.1", 0):
        pass
    visitor = Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})

    visitor.get("/login/")
    visitor.post("/login/", {"token": own_token})

    names = {"studio_gateway_session_0", "studio_gateway_csrf_0"}
    assert set(visitor.cookies) == names
    for name in names:
        cookie = visitor.cookies[name]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
        assert not cookie["domain"]


def test_a_session_ends_with_its_token(store):
    visitor = signed_in_by_token(Role.VIEWER)
    assert visitor.get("/").status_code == 200

    token_operations.revoke(Token.objects.get().pk, "test")

    assert visitor.get("/").status_code == 302
    assert visitor.get("/admin/").status_code == 302


def test_a_session_of_the_token_in_config_json_ends_when_it_is_changed(visitor, store, own_token):
    visitor.post("/login/", {"token": own_token})
    config = json.loads(store.config.read_text())

    store.config.write_text(json.dumps(config | {"auth_token": "another-token-0123456789"}))

    assert visitor.get("/").status_code == 302


def test_signing_out_ends_the_session_for_good(visitor, own_token):
    visitor.post("/login/", {"token": own_token})
    kept = visitor.cookies[settings.SESSION_COOKIE_NAME].value

    visitor.post("/logout/")

    visitor.cookies[settings.SESSION_COOKIE_NAME] = kept
    assert visitor.get("/").status_code == 302


def test_nobody_is_signed_in_or_out_by_a_foreign_page(store, own_token):
    foreign = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)

    assert foreign.post("/login/", {"token": own_token}).status_code == 403
    assert foreign.get("/logout/").status_code in (401, 405)
