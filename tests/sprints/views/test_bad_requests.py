"""Test bad requests: the right status, one line of JSON, no traceback, and no change."""

import json

import pytest
from django.db import connection

from tests import studio

BIG = 1 << 20
DEEP = '{"meta":{"x":' + '{"x":' * 100 + "1" + "}" * 102
DEEPER = "[" * 100_000
TOO_DEEP_FOR_META = '{"meta":{"x":' + "[" * 34 + "]" * 34 + "}}"
MAKE, CHANGE, CONFIG = "/api/sprints", "/api/sprints/wk1", "/api/config"
PAUSE, ANSWER = "/api/sprints/wk1/pause", "/api/sprints/wk1/answer"

# method, path, body, status, headers
BAD = [
    # no JSON
    ("POST", MAKE, "{", 400, {}),
    ("POST", MAKE, "sprint_id=x", 400, {}),
    ("POST", MAKE, "{'sprint_id': 'x'}", 400, {}),
    ("POST", MAKE, '{"sprint_id": "x"} {}', 400, {}),
    ("POST", MAKE, '{"sprint_id": "a", "sprint_id": "b"}', 400, {}),
    ("POST", MAKE, b'{"sprint_id": "\xff"}', 400, {}),
    ("POST", MAKE, '{"sprint_id": "x"}'.encode("utf-16"), 400, {}),
    ("POST", MAKE, b"\xef\xbb\xbf{}", 400, {}),
    ("POST", MAKE, b"\0", 400, {}),
    ("POST", MAKE, DEEPER, 400, {}),
    ("POST", CHANGE, DEEP, 400, {}),
    ("POST", CHANGE, '{"meta": {"x": NaN}}', 400, {}),
    ("POST", CHANGE, '{"meta": {"x": -Infinity}}', 400, {}),
    ("POST", CHANGE, '{"meta": {"x": 1, "x": 2}}', 400, {}),
    ("POST", CHANGE, '{"meta": {"x": ' + "9" * 5000 + "}}", 400, {}),
    ("POST", CONFIG, "true false", 400, {}),
    ("POST", PAUSE, "lunch", 400, {}),
    # nothing, or too much
    ("POST", MAKE, "", 400, {}),
    ("POST", MAKE, "{}", 400, {}),
    ("POST", MAKE, "null", 400, {}),
    ("POST", MAKE, {"title": "x"}, 400, {}),
    ("POST", MAKE, {"sprint_id": ""}, 400, {}),
    ("POST", MAKE, {"sprint_id": None}, 400, {}),
    ("POST", CHANGE, "", 422, {}),
    ("POST", CONFIG, "", 422, {}),
    ("POST", MAKE, "x" * (BIG + 1), 413, {}),
    ("POST", CHANGE, json.dumps({"meta": {"brief": "x" * BIG}}), 413, {}),
    ("POST", "/api/sprints/wk1/run", "x" * (BIG + 1), 413, {}),
    ("PUT", "/nope", "x" * (BIG + 1), 413, {}),
    # other shapes
    ("POST", MAKE, "[]", 422, {}),
    ("POST", MAKE, '"wk2"', 422, {}),
    ("POST", MAKE, "7", 422, {}),
    ("POST", MAKE, {"sprint_id": 7}, 422, {}),
    ("POST", MAKE, {"sprint_id": ["wk2"]}, 422, {}),
    ("POST", MAKE, {"sprint_id": {"$ne": 1}}, 422, {}),
    ("POST", MAKE, {"sprint_id": "wk2", "title": 7}, 422, {}),
    ("POST", MAKE, {"sprint_id": "wk2", "title": "a\nb"}, 422, {}),
    ("POST", MAKE, {"sprint_id": "wk2", "title": "x" * 201}, 422, {}),
    ("POST", MAKE, {"sprint_id": "wk2", "title": "x" * 20_000}, 422, {}),
    ("POST", MAKE, '{"sprint_id": "wk2", "title": "\\ud800"}', 422, {}),
    ("POST", MAKE, {"sprint_id": "wk2", "status": "succeeded"}, 422, {}),
    ("POST", CHANGE, "[]", 422, {}),
    ("POST", CHANGE, "null", 422, {}),
    ("POST", CHANGE, {"title": 1}, 422, {}),
    ("POST", CHANGE, {"title": "a\0b"}, 422, {}),
    ("POST", CHANGE, {"meta": []}, 422, {}),
    ("POST", CHANGE, {"meta": "x"}, 422, {}),
    ("POST", CHANGE, {"status": "succeeded"}, 422, {}),
    ("POST", CHANGE, {"meta": {"brief": 5}}, 422, {}),
    ("POST", CHANGE, {"meta": {"brief": "a\0b"}}, 422, {}),
    ("POST", CHANGE, '{"meta": {"x": "\\udfff"}}', 422, {}),
    ("POST", CHANGE, {"meta": {"created_by": "me"}}, 422, {}),
    ("POST", CHANGE, {"meta": {"waiting_for": {}}}, 422, {}),
    ("POST", CHANGE, {"meta": {"paused_by": "me"}}, 422, {}),
    ("POST", CHANGE, {"meta": {"pause_after": {"round_id": "x"}}}, 422, {}),
    ("POST", CHANGE, {"meta": {"gate_profile": "fast"}}, 422, {}),
    ("POST", CHANGE, {"meta": {"enable_auto_merge": 1}}, 422, {}),
    ("POST", CHANGE, {"meta": {"active_agents": ["agent_99"]}}, 422, {}),
    ("POST", CHANGE, {"meta": {"required_acks_by_round": {"R9": []}}}, 422, {}),
    ("POST", CHANGE, {"meta": {"x": "y" * (1 << 17)}}, 422, {}),
    ("POST", CHANGE, {"meta": {"": 1}}, 422, {}),
    ("POST", CHANGE, {"title": "good", "meta": {"good": 1, "brief": 5}}, 422, {}),
    ("POST", CHANGE, TOO_DEEP_FOR_META, 422, {}),
    ("POST", CHANGE, '{"meta": {"x": 1e999}}', 422, {}),
    ("POST", CONFIG, {"port": "80"}, 422, {}),
    ("POST", CONFIG, {"port": 80.5}, 422, {}),
    ("POST", CONFIG, {"port": 0}, 422, {}),
    ("POST", CONFIG, {"port": None}, 422, {}),
    ("POST", CONFIG, {"automation_paused": 1}, 422, {}),
    ("POST", CONFIG, {"gate_profile": "fast"}, 422, {}),
    ("POST", CONFIG, {"confinement": "off"}, 422, {}),
    ("POST", CONFIG, {"confine_paths": ["cache"]}, 422, {}),
    ("POST", CONFIG, {"confine_paths": "~/.cache"}, 422, {}),
    ("POST", CONFIG, {"gate_home": "none"}, 422, {}),
    ("POST", CONFIG, {"clones_folder": "../clones"}, 422, {}),
    ("POST", CONFIG, {"clones_folder": ["/srv"]}, 422, {}),
    ("POST", CONFIG, {"bind_host": "x" * 256}, 422, {}),
    ("POST", CONFIG, {"bind_host": ""}, 422, {}),
    ("POST", CONFIG, {"max_concurrent_global": 10**30}, 422, {}),
    ("POST", CONFIG, {"agent_launches": 0}, 422, {}),
    ("POST", CONFIG, {"agent_tokens": 0}, 422, {}),
    ("POST", CONFIG, {"agent_tokens": "7"}, 422, {}),
    ("POST", CONFIG, {"agent_usd": 0}, 422, {}),
    ("POST", CONFIG, {"agent_launches": 1.5}, 422, {}),
    ("POST", CONFIG, {"agent_minutes": "9"}, 422, {}),
    ("POST", CONFIG, '{"agent_minutes": 1e999}', 422, {}),
    ("POST", CONFIG, {"auth_token": "my own, sixteen letters"}, 422, {}),
    ("POST", CONFIG, {"secret_key": "x" * 50}, 422, {}),
    ("POST", CONFIG, {"automation_paused": True, "nope": 1}, 422, {}),
    ("POST", PAUSE, {"why": "x" * 201}, 422, {}),
    ("POST", PAUSE, {"why": "a\nb"}, 422, {}),
    ("POST", PAUSE, {"why": 7}, 422, {}),
    # ids
    *(
        ("POST", MAKE, {"sprint_id": name}, 422, {})
        for name in (
            *("..", "a/b", "a b", "-x", "x\0", "\u0141\u00f3d\u017a", "\u202e", "wk\u0661"),
            *("x" * 65, "run", "NUL", "a..b", "a.lock", "wk1\n", "<script>", "\u2603"),
        )
    ),
    *(
        ("GET", f"/api/sprints/{name}", None, 404, {})
        for name in (
            *("none", "%00", "wk1%00", "wk1%0a", "..", "%2e%2e", "WK1", "%E2%98%83", "%ff"),
            *("wk1/", "wk1/gates", "x" * 300, "wk1;x", "wk1.json", "%27%20OR%201=1--"),
        )
    ),
    ("POST", "/api/sprints/none", {"title": "x"}, 404, {}),
    ("POST", "/api/sprints/%00", {"title": "x"}, 404, {}),
    *(
        ("POST", f"/api/sprints/none/{act}", None, 404, {})
        for act in ("run", "step", "cancel", "pause", "resume", "retry")
    ),
    ("POST", "/api/sprints/none/answer", {"text": "Blue."}, 404, {}),
    ("POST", ANSWER, "", 400, {}),
    ("POST", ANSWER, "{}", 400, {}),
    ("POST", ANSWER, {"text": ""}, 400, {}),
    ("POST", ANSWER, {"question": "R0_SETUP/lead_agent_01/1"}, 400, {}),
    ("POST", ANSWER, "Blue.", 400, {}),
    ("POST", ANSWER, {"text": " \n"}, 422, {}),
    ("POST", ANSWER, {"text": "x" * 8001}, 422, {}),
    ("POST", ANSWER, {"text": "x" * 20_000}, 422, {}),
    ("POST", ANSWER, {"text": "a\0b"}, 422, {}),
    ("POST", ANSWER, '{"text": "\\ud800"}', 422, {}),
    ("POST", ANSWER, {"text": 7}, 422, {}),
    ("POST", ANSWER, {"text": ["Blue."]}, 422, {}),
    ("POST", ANSWER, {"text": "Blue.", "by": "me"}, 422, {}),
    ("POST", ANSWER, {"text": "Blue."}, 409, {}),
    ("POST", ANSWER, {"text": "Blue.", "question": "x\n"}, 409, {}),
    ("POST", "/api/sprints/%00/run", None, 404, {}),
    ("POST", "/api/sprints/wk1/ship", None, 404, {}),
    ("GET", "/api", None, 404, {}),
    ("GET", "/api/", None, 404, {}),
    ("GET", "/api/nope", None, 404, {}),
    ("GET", "//api/status", None, 404, {}),
    ("GET", "/api/status/", None, 404, {}),
    ("GET", "/api/%00", None, 404, {}),
    ("GET", "/api/artifacts/wk1/none", None, 404, {}),
    ("GET", "/api/artifacts/wk1/..%2f..%2fconfig.json", None, 404, {}),
    ("GET", "/api/artifacts/wk1/x?download=maybe", None, 422, {}),
    ("POST", MAKE, {"sprint_id": "wk1"}, 409, {}),
    ("POST", MAKE, {"sprint_id": "WK1"}, 409, {}),
    # events
    *(
        ("GET", f"/api/events?tail={tail}", None, 422, {})
        for tail in (
            *("-1", "0", "1e9", "abc", "", "10001", "1000000000", "9" * 400, "1.5", "%00"),
            *("0x10", "null", "true", "1;2", "\u0661"),
        )
    ),
    *(
        ("GET", f"/api/events?after_seq={seq}", None, 422, {})
        for seq in ("-1", "x", "9223372036854775808", "")
    ),
    *(
        ("GET", f"/api/events?sprint_id={name}", None, 422, {})
        for name in ("%00", "..", "", "a%0ab", "x" * 65, "%E2%98%83")
    ),
    # methods
    ("POST", "/api/status", None, 405, {}),
    ("PUT", MAKE, {"sprint_id": "wk2"}, 405, {}),
    ("DELETE", CHANGE, None, 405, {}),
    ("PATCH", CHANGE, {"title": "x"}, 405, {}),
    ("GET", "/api/sprints/wk1/run", None, 405, {}),
    ("HEAD", "/api/sprints/wk1/run", None, 405, {}),
    ("GET", "/api/sprints/wk1%2Frun", None, 405, {}),
    ("OPTIONS", CHANGE, None, 405, {}),
    ("TRACE", "/api/status", None, 405, {}),
    ("POST", "/api/events", None, 405, {}),
    ("DELETE", "/api/artifacts/wk1/x", None, 405, {}),
    ("POST", "/api/openapi.json", None, 405, {}),
    ("POST", "/health", None, 405, {}),
    # by which name, and from where
    ("GET", "/api/status", None, 400, {"Host": "evil.example"}),
    ("POST", MAKE, {"sprint_id": "wk2"}, 400, {"Host": "127.0.0.1.evil.example"}),
    *(
        ("POST", MAKE, {"sprint_id": "wk2"}, 403, {"Origin": origin})
        for origin in (
            *("http://evil.example", "null", "http://127.0.0.1:1", "http://[", "x"),
            *("http://127.0.0.1.evil.example", "https://localhost", "file://"),
        )
    ),
    ("POST", MAKE, {"sprint_id": "wk2"}, 403, {"Sec_Fetch_Site": "cross-site"}),
    ("POST", "/api/sprints/wk1/run", None, 403, {"Origin": "http://evil.example"}),
    ("DELETE", "/nope", None, 403, {"Origin": "http://evil.example"}),
    ("POST", MAKE, {"sprint_id": "wk2"}, 401, {"X_Studio_Gateway_Token": "\xff"}),
    ("POST", MAKE, "sprint_id=wk2", 400, {"Content_Type": "application/x-www-form-urlencoded"}),
    ("POST", MAKE, "--x--", 400, {"Content_Type": "multipart/form-data; boundary=x"}),
    ("POST", MAKE, "--x--", 400, {"Content_Type": "multipart/form-data"}),
    ("POST", MAKE, "{", 400, {"Content_Type": "application/json; charset=klingon"}),
]


@pytest.fixture
def rows(call):
    """All rows of all our tables, but when a token was used."""
    studio.create("wk1")

    def dump():
        found = {}
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {table}")
                found[table] = sorted(map(repr, cursor.fetchall()))
        found.pop("accounts_token")
        return found

    return dump


def name_of(row):
    """As pytest shows it."""
    method, path, body, status, headers = row
    shown = f"{method} {path[:40]} {ascii(body)[:40]} {headers or ''} {status}"
    return ascii(shown)[1:-1]


def test_the_table_is_long_enough():
    assert len(BAD) > 80


@pytest.mark.parametrize("part", range(0, len(BAD), 20))
def test_a_bad_request_is_told_so_and_changes_nothing(call, rows, store, part, caplog):
    before, config = rows(), store.config.read_bytes()

    wrong = []
    for row in BAD[part : part + 20]:
        method, path, body, status, headers = row
        answer = call(method, path, body, **headers)
        if answer.status_code != status:
            wrong.append((name_of(row), answer.status_code, answer.content[:200]))
        elif method != "HEAD":
            said = answer.json()
            assert {"error"} <= set(said) <= {"error", "code", "problems"}, name_of(row)
            assert 0 < len(said["error"]) <= 500, name_of(row)
            assert status != 400 or headers or said["code"], name_of(row)
            assert "\n" not in said["error"], name_of(row)
            assert "Traceback" not in said["error"], name_of(row)
        assert answer["Content-Type"] == "application/json"

    assert wrong == []
    assert rows() == before
    assert store.config.read_bytes() == config
    assert "Traceback" not in caplog.text


def test_the_interface_answers_with_the_field_and_a_code(store, call):
    made = call("POST", MAKE, {"sprint_id": "a b"})
    odd = call("POST", MAKE, {"sprint_id": 1})
    unknown = call("GET", "/api/sprints/wk9")

    body = json.loads(made.content)
    assert made.status_code == 422
    assert body["code"] == "invalid"
    assert [(one["field"], one["code"]) for one in body["problems"]] == [
        ("sprint_id", "wrong_format")
    ]
    assert body["error"] == body["problems"][0]["text"]
    assert [(one["field"], one["code"]) for one in json.loads(odd.content)["problems"]] == [
        ("sprint_id", "wrong_type")
    ]
    assert json.loads(unknown.content)["code"] == "unknown_sprint"
