"""Test that an invalid config.json stops every command before it acts, ``init`` included."""

import json
import os

import pytest

SOUND = {"auth_token": "t" * 32, "bind_host": "127.0.0.1", "port": 18790, "secret_key": "s" * 50}


def having(**changes):
    return json.dumps(SOUND | changes)


TEXTS = [
    ("", "Expecting value: line 1 column 1"),
    ("   \n", "Expecting value: line 2 column 1"),
    ("{", "line 1 column 2"),
    ('{"auth_token": "t"', "line 1 column 19"),
    ("auth_token: t", "line 1 column 1"),
    (having() + "}", "Extra data"),
    ("[]", "must hold a JSON object"),
    ("[1, 2]", "must hold a JSON object"),
    ("null", "must hold a JSON object"),
    ("18790", "must hold a JSON object"),
    ('"text"', "must hold a JSON object"),
    ('{"port": NaN}', "NaN is not JSON"),
    ('{"port": Infinity}', "Infinity is not JSON"),
    ('{"x": -Infinity}', "-Infinity is not JSON"),
    ('{"port": 1, "port": 2}', "the key 'port' stands twice"),
    ('{"x": {"y": 1, "y": 1}}', "the key 'y' stands twice"),
    ("[" * 100_000, "nested too deeply"),
    ('{"x":' * 100_000, "nested too deeply"),
    ('{"port": ' + "9" * 5000 + "}", "cannot be read"),
    ("\ufeff" + having(), "BOM"),
    ('{"auth_token": "\0"}', "Invalid control character"),
    (having() + "\0", "Extra data"),
]

VALUES = [
    *(
        ("port", value)
        for value in (0, -1, 65536, 70000, 10**30, "80", True, None, 80.5, 80.0, [80])
    ),
    *(("auth_token", value) for value in ("", " " * 32, "short", "t" * 15, 16, None, ["t" * 32])),
    *(("auth_token", value) for value in (" " + "t" * 32, "t" * 32 + "\n", "t" * 16 + "\u202e")),
    *(("secret_key", value) for value in ("", "short", "s" * 31, " " * 50, 1, None)),
    *(("bind_host", value) for value in ("", " ", "a\nb", 127, None, ["127.0.0.1"])),
    *(("enable_auto_merge", value) for value in ("true", 1, None)),
    *(("ship_remote", value) for value in ("-x", "a b", "ext::sh", "x\n", 1, None, ["origin"])),
    *(("automation_paused", value) for value in ("false", 0, None)),
    *(("max_concurrent_global", value) for value in (0, -1, 65, "4", True, 1.5, None)),
    *(("agent_launches", value) for value in (0, -1, 10_001, "4", True, 1.5, None)),
    *(("agent_minutes", value) for value in (0, -1, 100_001, "4", True, None, [1])),
    *(("agent_tokens", value) for value in (0, -1, 10**12 + 1, "4", True, 1.5, None)),
    *(("agent_usd", value) for value in (0, -1, 1_000_001, "4", True, None, [1])),
    *(("approvals", value) for value in ("", "before_lunch", 1, None, ["before_ship"])),
    *(("gate_profile", value) for value in ("", "Quick", "all", 1, None, ["quick"])),
]


@pytest.mark.parametrize(("text", "words"), TEXTS, ids=lambda text: ascii(text[:22]))
def test_a_config_that_is_no_json_object_is_named_with_the_place(store, refused, text, words):
    store.config.write_text(text, encoding="utf-8")

    for command in ("status", "init"):
        said = refused(command)

        assert str(store.config) in said
        assert words in said


@pytest.mark.parametrize("raw", [b"\xff\xfe{}", b'{"auth_token": "\xff"}'], ids=ascii)
def test_a_config_that_is_not_utf8_is_refused(store, refused, raw):
    store.config.write_bytes(raw)

    assert "can't decode byte 0xff" in refused("status")


@pytest.mark.parametrize(("key", "value"), VALUES, ids=ascii)
def test_a_key_of_a_wrong_type_or_out_of_range_is_named(store, refused, key, value):
    store.config.write_text(having(**{key: value}))

    for command in ("status", "init"):
        assert refused(command).startswith(f"{store.config}: {key} must be ")


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("sprint", "create", "s1"),
        ("sprint", "list"),
        ("gate", "remove", "qa_smoke_quick"),
        ("events",),
    ],
    ids=" ".join,
)
def test_without_a_config_every_command_points_to_init(store, refused, command):
    store.config.unlink()

    said = refused(*command)

    assert said == f"no config.json in {store.root}; run: studio-gateway init"


def test_a_config_without_a_token_points_to_init(store, refused):
    store.config.write_text('{"port": 18790}')

    said = refused("status")

    assert said == f"{store.config}: auth_token is missing; run: studio-gateway init"


def a_link(path):
    path.rename(path.with_name("elsewhere.json"))
    path.symlink_to("elsewhere.json")


def a_link_to_nothing(path):
    path.unlink()
    path.symlink_to("nowhere.json")


def a_folder(path):
    path.unlink()
    path.mkdir(mode=0o000)


def a_pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.skipif(os.name == "nt", reason="no such files")
@pytest.mark.parametrize(
    ("put", "words"),
    [
        (a_link, "is a symbolic link"),
        (a_link_to_nothing, "is a symbolic link"),
        (a_folder, "is not a file"),
        (a_pipe, "is not a file"),
    ],
)
def test_something_else_in_the_place_of_the_config_is_not_read(store, refused, put, words):
    put(store.config)

    for command in ("status", "init"):
        assert f"{store.config} {words}" in refused(command)


def test_the_token_of_a_config_that_is_refused_is_not_shown(store, refused):
    store.config.write_text(having(auth_token="hunter2hunter2hunter2 "))

    assert "hunter2" not in refused("status")


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("nonsense", "1", "no setting 'nonsense'; there are: agent_launches"),
        ("auth_token", "x" * 40, "no setting 'auth_token'"),
        ("secret_key", "x" * 40, "no setting 'secret_key'"),
        ("port", "0", "port must be a whole number from 1 to 65535"),
        ("port", "80.5", "port must be a whole number"),
        ("port", "eighty", "port must be a whole number"),
        ("automation_paused", "yes", "automation_paused must be true or false"),
        ("automation_paused", "1", "automation_paused must be true or false"),
        ("max_concurrent_global", "0", "max_concurrent_global must be a whole number from 1 to 64"),
        ("agent_launches", "many", "agent_launches must be a whole number from 1 to 10000"),
        ("agent_minutes", "1e999", "agent_minutes must be a number above 0 and at most 100000"),
        ("agent_minutes", "NaN", "agent_minutes must be a number above 0 and at most 100000"),
        ("agent_tokens", "none", "agent_tokens must be a whole number from 1 to 1000000000000"),
        ("agent_usd", "NaN", "agent_usd must be a number above 0 and at most 1000000"),
        ("gate_profile", "slow", "gate_profile must be quick or full"),
        ("bind_host", "", "bind_host must be a host name or address"),
    ],
)
def test_a_switch_that_cannot_be_turned_that_way_stays(refused, key, value, why):
    assert why in refused("config", "set", key, value)
