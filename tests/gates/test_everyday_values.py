"""Test which values are no secrets although their variables are named like secrets."""

import pytest

from gates.everyday_values import names, reason
from gates.secret_values import everyday, is_everyday, known, without_everyday

EVERYDAY = (
    "postgres postgresql development integration-tests test-token changeit CHANGEME minioadmin "
    "mysecretpassword secret-key rootroot password123 12345678 butterfly Postgres1 admin_admin_2024"
).split()
SECRET = (
    "correcthorse npmtoken-0123456789 swordfish-and-more qzkvxjwpbt 9-secret-0a1b postgres-x7Kq2 "
    "AKIAIOSFODNN7EXAMPLE 0a1b2c3d4e5f admin0123456789"
).split()


@pytest.mark.parametrize("value", EVERYDAY)
def test_a_common_word_is_no_secret(value, monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", value)

    assert reason(value, frozenset()) == "a common word"
    assert value not in known()
    assert everyday({"DB_PASSWORD": value}) == {"DB_PASSWORD": "a common word"}


@pytest.mark.parametrize("value", SECRET)
def test_anything_else_is_one(value, monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", value)

    assert reason(value, frozenset()) == ""
    assert value in known()
    assert everyday({"DB_PASSWORD": value}) == {}


NAMED = {
    "a user": {"PGUSER": "warehouse-east"},
    "a host": {"REDIS_HOST": "warehouse-east"},
    "a database": {"MYSQL_DATABASE": "warehouse-east"},
    "the user in a URL": {"BROKER": "amqp://warehouse-east@mq:5672"},
    "the host in a URL": {"UPLOAD_TO": "https://warehouse-east/x"},
    "the database in a URL": {"DSN": "postgres://me@db:5432/warehouse-east"},
    "a folder": {"OUT": "/srv/warehouse-east/out"},
    "a folder of a search path": {"LOOK_IN": "/usr/lib:/opt/warehouse-east"},
}


@pytest.mark.parametrize("where", NAMED)
def test_a_name_is_no_secret(where):
    env = NAMED[where] | {"THEIR_PASSWORD": "warehouse-east"}

    assert "warehouse-east" not in known(env)
    assert [*everyday(env)] == ["THEIR_PASSWORD"]


def test_a_secret_in_the_path_of_a_web_address_stays_one():
    env = {"CHAT_URL": "https://hooks.example.com/services/T00/xk3jf9ak2", "T": "xk3jf9ak2"}

    assert "xk3jf9ak2" not in names(frozenset(env.items()))
    assert "xk3jf9ak2" in known({**env, "CHAT_TOKEN": "xk3jf9ak2"})


def test_a_secret_makes_no_other_value_an_everyday_one():
    env = {"DB_PASSWORD": "xk3jf9ak2", "DB_PASSWORD_DB": "xk3jf9ak2"}

    assert "xk3jf9ak2" in known(env)


def test_an_everyday_password_in_a_url_is_left_out_alone():
    text = "a://me:postgres@h b://me:xk3jf9ak2@h"

    assert without_everyday(text) == "a://me:@h b://me:xk3jf9ak2@h"
    assert is_everyday("postgres")
    assert not is_everyday("xk3jf9ak2")


def test_a_long_value_of_words_is_judged_in_no_time():
    assert reason("test" * 5000 + "?", frozenset()) == ""
    assert reason("testtesttesttesttesttesttesttestte?", frozenset()) == ""
