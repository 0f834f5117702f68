"""Test ``user``: who may sign in, and that a change takes effect at once."""

import io
import json
import sys

import pytest
from django.contrib.auth.models import User
from django.test import Client

from gateway_project.accounts import user_operations
from gateway_project.accounts.roles import role_of
from tests import studio
from tests.accounts.conftest import HASHERS
from tests.people import PASSWORD, Role, signed_in_by_token, token_of


def test_a_new_user_may_look_on_and_has_no_way_in_yet(invoke):
    said = invoke("user", "add", "alice")

    alice = User.objects.get(username="alice")
    assert said.out.startswith("added user alice, viewer\n")
    assert role_of(alice) is Role.VIEWER
    assert not alice.has_usable_password()
    (row,) = (
        one for one in json.loads(invoke("user", "list", "--json").out) if one["user"] == "alice"
    )
    assert (row["role"], row["tokens"], row["password"]) == ("viewer", 0, False)


def test_a_role_counts_from_the_next_request_on(invoke):
    token = token_of(Role.OPERATOR, "alice")
    client = Client(SERVER_NAME="127.0.0.1", headers={"X-Studio-Gateway-Token": token})
    assert client.get("/api/status").wsgi_request.role == Role.OPERATOR

    said = invoke("user", "role", "alice", "viewer")

    assert said.code == 0
    assert client.get("/api/status").wsgi_request.role == Role.VIEWER


@pytest.mark.parametrize(
    "argv", [["role", "alice", "viewer"], ["disable", "alice"], ["password", "alice"]]
)
def test_a_session_ends_with_a_change_of_its_user(invoke, monkeypatch, argv):
    browser, other = signed_in_by_token(Role.ADMIN, "alice"), signed_in_by_token(Role.ADMIN, "bob")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))

    said = invoke("user", *argv)

    assert said.code == 0, said.err
    assert browser.get("/").status_code == 302
    assert other.get("/").status_code == 200


def test_a_session_of_before_does_not_come_back_with_its_user(invoke):
    browser = signed_in_by_token(Role.ADMIN, "alice")
    signed_in_by_token(Role.ADMIN, "bob")

    invoke("user", "disable", "alice")
    invoke("user", "enable", "alice")

    assert browser.get("/").status_code == 302


def test_a_disabled_user_has_no_way_in(invoke, knock):
    token = token_of(Role.OPERATOR, "alice")
    user_operations.set_password("alice", PASSWORD, "test")
    browser = Client(SERVER_NAME="127.0.0.1")

    invoke("user", "disable", "alice")

    assert knock(token) == 401
    for form in ({"token": token}, {"username": "alice", "password": PASSWORD}):
        assert browser.post("/login/", form).status_code == 401
    invoke("user", "enable", "alice")
    assert knock(token) == 200


def test_a_password_from_a_pipe_signs_in_and_is_told_to_nobody(invoke, monkeypatch, store):
    user_operations.add("alice", Role.VIEWER, by="test")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))

    said = invoke("user", "password", "alice")

    browser = Client(SERVER_NAME="127.0.0.1")
    answer = browser.post("/login/", {"username": "alice", "password": PASSWORD})
    assert answer.status_code == 302
    assert PASSWORD not in said.out + said.err + store.events.read_text()


def test_a_password_is_kept_under_a_slow_hash(store, settings):
    settings.PASSWORD_HASHERS = HASHERS

    user = user_operations.add("alice", Role.VIEWER, by="test", password=PASSWORD)

    kind, iterations, *_ = user.password.split("$")
    assert kind == "pbkdf2_sha256"
    assert int(iterations) >= 600_000


@pytest.mark.parametrize("weak", ["", "short", "password1234", "alice-alice-"])
def test_a_weak_password_is_refused(invoke, monkeypatch, store, weak):
    user_operations.add("alice-alice", Role.VIEWER, by="test")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{weak}\n"))

    said = invoke("user", "password", "alice-alice")

    assert said.code == 2
    assert said.err.count("\n") == 1
    assert not User.objects.get(username="alice-alice").has_usable_password()


@pytest.mark.parametrize("argv", [["disable", "alice"], ["role", "alice", "operator"]])
def test_the_last_admin_stays_one(invoke, argv):
    alice = user_operations.add("alice", Role.ADMIN, by="test")

    alone = invoke("user", *argv)
    user_operations.add("bob", Role.ADMIN, by="test")
    with_bob = invoke("user", *argv)

    assert alone.code == 2
    assert "make another first: studio-gateway user role NAME admin" in alone.err
    assert with_bob.code == 0
    assert role_of(User.objects.get(pk=alice.pk)) is not Role.ADMIN


def test_an_admin_who_is_disabled_is_no_other_admin(store):
    for name in ("alice", "bob"):
        user_operations.add(name, Role.ADMIN, by="test")
    user_operations.turn("bob", "test", on=False)

    with pytest.raises(studio.Refused, match="alice is the last admin"):
        user_operations.turn("alice", "test", on=False)


def test_a_superuser_of_djangos_own_is_an_admin_until_told_otherwise(store):
    User.objects.create_superuser("root", password=None)
    user_operations.add("alice", Role.ADMIN, by="test")

    after = user_operations.set_role("root", Role.VIEWER, "test")

    assert role_of(after) is Role.VIEWER


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["add", ""], "a user's name has"),
        (["add", "a b"], "a user's name has"),
        (["add", "x" * 151], "a user's name has"),
        (["add", "a\x1bb"], "a user's name has"),
        (["add", "ALICE"], "user alice already exists"),
        (["add", "bob", "--role", "king"], "argument --role: invalid choice"),
        (["role", "nobody", "viewer"], "no user 'nobody'"),
        (["role", "alice", "king"], "argument ROLE: invalid choice"),
        (["disable", "nobody"], "no user 'nobody'"),
        (["password", "nobody"], "no user 'nobody'"),
        ([], "the following arguments are required"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(invoke, argv, why):
    user_operations.add("alice", Role.VIEWER, by="test")
    before = (User.objects.count(), studio.seq())

    said = invoke("user", *argv)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {why}")
    assert said.err.count("\n") == 1
    assert "\x1b" not in said.err
    assert (User.objects.count(), studio.seq()) == before


def test_each_act_is_one_event_that_names_who_did_it(store):
    user_operations.add("bob", Role.ADMIN, by="carol")
    user_operations.add("alice", Role.ADMIN, by="carol")
    user_operations.set_role("alice", Role.VIEWER, "carol")
    user_operations.set_password("alice", PASSWORD, "carol")
    user_operations.turn("alice", "carol", on=False)
    user_operations.turn("alice", "carol", on=True)

    bodies = studio.events(kind__startswith="user_")

    assert [body["message"] for body in bodies[1:]] == [
        "user alice added by carol: admin",
        "user alice is viewer now (by carol)",
        "user alice has a new password (by carol)",
        "user alice is disabled (by carol)",
        "user alice is enabled (by carol)",
    ]
    assert {body["data"]["by"] for body in bodies} == {"carol"}
