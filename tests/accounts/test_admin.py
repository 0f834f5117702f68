"""Test users and tokens in the back office."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from gateway_project.accounts import tokens, user_operations
from gateway_project.accounts.models import Token
from gateway_project.accounts.roles import role_of
from tests import studio
from tests.accounts.conftest import dump
from tests.people import PASSWORD, Role, signed_in_by_token, token_of

ADD_USER = "/admin/auth/user/add/"
ADD_TOKEN = "/admin/accounts/token/add/"
FORM = {"username": "alice", "role": "operator", "is_active": "on", "password": ""}


def shown(answer) -> str:
    """The token on the page."""
    (found,) = re.findall(r'value="(sgw_[^"]+)"', answer.content.decode())
    return str(found)


def act(browser: Client, action: str, *keys: str):
    """Choose tokens, choose the action, press Go."""
    form = {"action": action, "_selected_action": keys, "index": "0"}
    return browser.post("/admin/accounts/token/", form, follow=True)


def change(user: User) -> str:
    """The page of that user."""
    return f"/admin/auth/user/{user.pk}/change/"


def told(kind: str) -> list[dict]:
    """The data of the events of that kind, oldest first."""
    return [row["data"] for row in studio.events(kind)]


def test_an_admin_adds_a_user(store):
    answer = signed_in_by_token(Role.ADMIN, "ada").post(ADD_USER, FORM)

    alice = User.objects.get(username="alice")
    assert answer.status_code == 302
    assert role_of(alice) is Role.OPERATOR
    assert not alice.has_usable_password()
    assert told("user_added")[-1] == {"user": "alice", "by": "ada", "role": "operator"}
    assert LogEntry.objects.get().user.get_username() == "ada"


def test_a_user_with_a_password_signs_in(store):
    signed_in_by_token(Role.ADMIN).post(ADD_USER, FORM | {"password": PASSWORD})

    browser = Client(SERVER_NAME="127.0.0.1")
    assert browser.post("/login/", {"username": "alice", "password": PASSWORD}).status_code == 302
    assert PASSWORD not in dump()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "ADMIN"}, "username"),
        ({"role": "king"}, "role"),
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
    ],
)
def test_what_the_user_command_refuses_is_told_at_its_field(store, changes, field):
    answer = signed_in_by_token(Role.ADMIN).post(ADD_USER, FORM | changes)

    assert answer.status_code == 200
    assert set(answer.context["adminform"].form.errors) == {field}
    assert User.objects.count() == 1


def test_only_what_was_changed_is_changed(store):
    browser = signed_in_by_token(Role.ADMIN, "ada")
    alice = user_operations.add("alice", Role.OPERATOR, by="test")
    before = studio.seq()

    browser.post(change(alice), FORM)
    untouched = studio.seq()
    browser.post(change(alice), FORM | {"role": "viewer"})
    browser.post(change(alice), FORM | {"role": "viewer", "is_active": ""})

    assert untouched == before
    assert told("user_changed") == [
        {"user": "alice", "by": "ada", "role": "viewer"},
        {"user": "alice", "by": "ada", "enabled": False},
    ]


def test_the_last_admin_cannot_lock_themselves_out(store):
    browser = signed_in_by_token(Role.ADMIN, "ada")
    ada = User.objects.get(username="ada")

    for changes in ({"role": "viewer"}, {"role": "admin", "is_active": ""}):
        answer = browser.post(change(ada), FORM | {"username": "ada"} | changes)
        assert answer.status_code == 200
        assert "last admin" in answer.content.decode()
    assert role_of(User.objects.get(pk=ada.pk)) is Role.ADMIN


def test_who_changes_their_own_password_stays_signed_in_here_alone(store):
    here = signed_in_by_token(Role.ADMIN, "ada")
    ada = User.objects.get(username="ada")
    there = Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})
    user_operations.set_password("ada", PASSWORD, "test")
    for browser in (here, there):
        browser.post("/login/", {"username": "ada", "password": PASSWORD})

    new = "another horse battery staple"
    form = {"username": "ada", "role": "admin", "is_active": "on", "password": new}
    assert here.post(change(ada), form).status_code == 302

    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


def test_a_user_is_never_deleted(store):
    browser = signed_in_by_token(Role.ADMIN)
    alice = user_operations.add("alice", Role.VIEWER, by="test")

    assert browser.post(f"/admin/auth/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_new_token_is_shown_once_and_opens(store, knock):
    browser = signed_in_by_token(Role.ADMIN, "ada")
    alice = user_operations.add("alice", Role.OPERATOR, by="test")

    answer = browser.post(ADD_TOKEN, {"user": alice.pk, "name": "ci", "role": "", "lasts": "90d"})

    token = shown(answer)
    row = Token.objects.get(name="ci")
    assert (answer.status_code, knock(token), row.role) == (200, 200, "operator")
    assert told("token_created")[-1]["by"] == "ada"
    assert token not in str(answer.cookies)
    secret = token.split("_", 2)[2]
    for path in ("/admin/", "/admin/accounts/token/", f"/admin/accounts/token/{row.pk}/change/"):
        page = browser.get(path).content.decode()
        assert secret not in page
        assert row.digest not in page
    assert secret not in dump()
    assert LogEntry.objects.get().object_id == row.pk


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"user": "999"}, "user"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"role": "admin"}, "role"),
        ({"lasts": "soon"}, "lasts"),
        ({"lasts": ""}, "lasts"),
    ],
)
def test_what_the_token_command_refuses_is_told_at_its_field(store, changes, field):
    browser = signed_in_by_token(Role.ADMIN)
    alice = user_operations.add("alice", Role.OPERATOR, by="test")
    form = {"user": alice.pk, "name": "ci", "role": "", "lasts": "90d"}

    answer = browser.post(ADD_TOKEN, form | changes)

    assert answer.status_code == 200
    assert set(answer.context["adminform"].form.errors) == {field}
    assert not Token.objects.filter(user=alice).exists()


def test_a_token_is_revoked_and_rotated(store, knock):
    browser = signed_in_by_token(Role.ADMIN, "ada")
    one, two = token_of(Role.VIEWER, "a"), token_of(Role.VIEWER, "b")

    act(browser, "revoke", one.split("_")[1])
    new = shown(act(browser, "rotate", two.split("_")[1]))

    assert (knock(one), knock(two), knock(new)) == (401, 401, 200)
    assert [data["by"] for data in told("token_revoked") + told("token_rotated")] == ["ada", "ada"]
    assert LogEntry.objects.count() == 2


def test_the_token_of_config_json_is_not_revoked_here(store, own_token, knock):
    tokens.adopt()

    for action in ("revoke", "rotate"):
        answer = act(signed_in_by_token(Role.ADMIN, action), action, own_token.split("_")[1])
        (said,) = (str(message) for message in answer.context["messages"])
        assert "studio-gateway token rotate" in said
    assert knock(own_token) == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_an_admin_makes_users_and_tokens(store, role):
    browser = signed_in_by_token(role)
    me = User.objects.get(username=role.word)
    key = Token.objects.get(user=me).pk
    before = dump()

    answers = [
        browser.post(ADD_USER, FORM),
        browser.post(change(me), FORM | {"role": "admin"}),
        browser.post(ADD_TOKEN, {"user": me.pk, "name": "x", "lasts": "never"}),
        act(browser, "revoke", key),
        act(browser, "rotate", key),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert dump() == before


def test_the_back_office_has_no_sign_in_of_its_own(store):
    stranger = Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})
    inside = signed_in_by_token(Role.VIEWER)

    assert stranger.get("/admin/")["Location"] == "/login/?next=/admin/"
    assert stranger.get("/admin/login/")["Location"].startswith("/login/")
    assert inside.get("/admin/login/")["Location"] == "/admin/"
    for gone in ("password_change/", "logout/", "autocomplete/", "jsi18n", "r/1/1/"):
        assert inside.get(f"/admin/{gone}").status_code in (301, 404)


def test_a_role_and_not_djangos_flag_opens_the_back_office(store):
    user_operations.add("alice", Role.VIEWER, by="test")
    User.objects.filter(username="alice").update(is_staff=False)
    browser = signed_in_by_token(Role.VIEWER, "bob")
    User.objects.update(is_staff=False)

    assert browser.get("/admin/").status_code == 200


def test_a_flag_of_djangos_without_a_role_opens_nothing(store):
    user = User.objects.create_user("eve", password=PASSWORD, is_staff=True)
    browser = Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})

    browser.post("/login/", {"username": "eve", "password": PASSWORD})

    assert user.is_staff
    assert browser.get("/admin/").status_code == 302
