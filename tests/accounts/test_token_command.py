"""Test ``token``: each subcommand, and that a token is displayed only once."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from gateway_project.accounts import token_operations, user_operations
from gateway_project.accounts.models import Token
from sprints.store.layout import is_private
from tests import studio
from tests.accounts.conftest import dump
from tests.people import Role


def test_a_new_token_stands_alone_on_stdout_and_opens(invoke, knock):
    said = invoke("token", "create", "--name", "laptop")

    assert said.code == 0
    assert knock(said.out.strip()) == 200
    assert "laptop" in said.err
    assert said.out.strip() not in said.err


def test_no_table_file_or_list_holds_its_secret(invoke, store):
    made = invoke("token", "create", "--name", "laptop").out.strip()
    turned = invoke("token", "rotate", Token.objects.get(name="laptop").pk).out.strip()
    said = invoke("token", "list").out + invoke("token", "list", "--json").out

    kept = dump() + said + store.events.read_text() + store.state.read_text()
    assert Token.objects.get(name="laptop", revoked_at=None).pk in kept
    for text in (made, turned):
        assert text not in kept
        assert text.split("_", 2)[2] not in kept


@pytest.mark.parametrize(
    ("act", "kind"),
    [("create", "token_created"), ("revoke", "token_revoked"), ("rotate", "token_rotated")],
)
def test_each_act_is_one_event_that_names_who_did_it(store, act, kind):
    alice = user_operations.add("alice", Role.OPERATOR, by="bob")
    row = None if act == "create" else token_operations.create(alice, "ci", by="bob")[0]
    before = studio.seq()

    if row is None:
        row, _ = token_operations.create(alice, "ci", by="carol")
    else:
        getattr(token_operations, act)(row.pk, "carol")

    assert studio.seq() == before + 1
    body = studio.last_event()
    assert (body["kind"], body["data"]["by"], body["data"]["user"]) == (kind, "carol", "alice")
    assert row.pk in (body["data"]["key"], body["data"].get("instead_of"))


def test_a_revoked_token_opens_nothing_more(invoke, knock):
    token = invoke("token", "create", "--name", "ci").out.strip()
    key = Token.objects.get(name="ci").pk

    first, second = invoke("token", "revoke", key), invoke("token", "revoke", key)

    assert knock(token) == 401
    assert (first.code, second.code) == (0, 2)
    assert second.err == f"error: token {key} is revoked already\n"


def test_a_rotated_token_lasts_as_long_as_the_old_one_did(invoke, knock):
    old = invoke("token", "create", "--name", "ci", "--expires", "90d", "--role", "viewer").out
    key = Token.objects.get(name="ci").pk

    new = invoke("token", "rotate", key).out.strip()

    row = Token.objects.get(name="ci", revoked_at=None)
    assert (knock(old.strip()), knock(new)) == (401, 200)
    assert row.role == "viewer"
    assert timedelta(days=89) < row.expires_at - timezone.now() < timedelta(days=91)


def test_the_token_in_config_json_is_replaced_there(invoke, store, own_token, knock):
    assert knock(own_token) == 200

    said = invoke("token", "rotate")

    new = json.loads(store.config.read_text())["auth_token"]
    assert said.code == 0
    assert new not in said.out + said.err
    assert (knock(own_token), knock(new)) == (401, 200)
    assert is_private(store.config)
    assert len(studio.events("token_rotated")) == 1


def test_the_token_in_config_json_keeps_its_owner(invoke, store, knock):
    owner = Token.objects.get(pk=_adopted(store)).user

    invoke("token", "rotate")

    assert Token.objects.get(pk=_adopted(store)).user == owner


def _adopted(store) -> str:
    from gateway_project.accounts import tokens

    return tokens.adopt().pk


def test_a_token_that_has_run_out_opens_nothing(invoke, knock):
    token = invoke("token", "create", "--name", "ci", "--expires", "1h").out.strip()
    assert knock(token) == 200

    Token.objects.filter(name="ci").update(expires_at=timezone.now())

    assert knock(token) == 401
    (row,) = (row for row in json.loads(invoke("token", "list", "--json").out) if row["expires_ts"])
    assert row["status"] == "expired"


@pytest.mark.parametrize("lasts", ["", "0d", "-1d", "90", "d", "1.5d", "99999w", "1y", "٣d", "1d "])
def test_a_time_that_is_none_is_refused(invoke, lasts):
    before = Token.objects.count()

    said = invoke("token", "create", "--name", "ci", f"--expires={lasts}")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {lasts!r} is not a lifetime; write ")
    assert said.err.count("\n") == 1
    assert Token.objects.filter(name="ci").count() == 0
    assert Token.objects.count() - before <= 1  # the one in config.json


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["create", "--name", ""], "a token's name is one line"),
        (["create", "--name", "a\nb"], "a token's name is one line"),
        (["create", "--name", "x" * 101], "a token's name is one line"),
        (["create", "--name", "x", "--user", "nobody"], "no user 'nobody'"),
        (["create", "--name", "x", "--role", "king"], "argument --role: invalid choice"),
        (["create"], "the following arguments are required"),
        (["list", "--user", "nobody"], "no user 'nobody'"),
        (["revoke", "nope"], "no token 'nope'"),
        (["revoke", "\x1b[2J"], "no token"),
        (["rotate", "nope"], "no token 'nope'"),
        (["rotate", "--expires", "1d"], "the token in config.json does not expire"),
        (["burn"], "argument SUBCOMMAND: invalid choice"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(invoke, argv, why):
    said = invoke("token", *argv)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {why}")
    assert said.err.count("\n") == 1
    assert "\x1b" not in said.err
    assert not studio.events(kind__startswith="token_")


def test_the_way_in_cannot_be_closed_behind_oneself(invoke, own_token, knock):
    knock(own_token)
    key = own_token.split("_")[1]

    said = invoke("token", "revoke", key)

    assert said.code == 2
    assert "type" in said.err or "studio-gateway token rotate" in said.err
    assert knock(own_token) == 200


def test_a_token_may_do_no_more_than_its_user(store):
    alice = user_operations.add("alice", Role.OPERATOR, by="test")

    with pytest.raises(studio.Refused, match="alice is operator"):
        token_operations.create(alice, "ci", by="test", role=Role.ADMIN)

    assert token_operations.create(alice, "ci", by="test")[0].role == "operator"


def test_a_disabled_user_gets_no_token(store):
    alice = user_operations.add("alice", Role.OPERATOR, by="test")
    alice = user_operations.turn("alice", "test", on=False)

    with pytest.raises(studio.Refused, match="user alice is disabled"):
        token_operations.create(alice, "ci", by="test")
