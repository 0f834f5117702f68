"""Test every endpoint of the API with every role."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sprints.prompts.roster import AGENTS
from tests import studio

STDOUT = "/api/artifacts/done/gates/qa_smoke_quick/stdout.txt"

# method, path, body, who may, what they get
TABLE = [
    ("GET", "/api/status", None, "viewer", 200),
    ("GET", "/api/config", None, "viewer", 200),
    ("POST", "/api/config", {"max_concurrent_global": 2}, "admin", 200),
    ("GET", "/api/events", None, "viewer", 200),
    ("GET", "/api/events?tail=2&sprint_id=fresh", None, "viewer", 200),
    ("GET", "/api/sprints", None, "viewer", 200),
    ("POST", "/api/sprints", {"sprint_id": "made", "title": "T"}, "operator", 201),
    ("GET", "/api/sprints/fresh", None, "viewer", 200),
    ("POST", "/api/sprints/fresh", {"title": "T", "meta": {"brief": "B"}}, "operator", 200),
    ("POST", "/api/sprints/fresh/run", None, "operator", 202),
    ("POST", "/api/sprints/fresh/step", None, "operator", 202),
    ("POST", "/api/sprints/fresh/pause", {"why": "lunch"}, "operator", 202),
    ("POST", "/api/sprints/fresh/cancel", None, "operator", 202),
    ("POST", "/api/sprints/held/resume", None, "operator", 202),
    ("POST", "/api/sprints/queued/first", None, "operator", 202),
    ("POST", "/api/sprints/failed/retry", None, "operator", 202),
    ("POST", "/api/sprints/asks/answer", {"text": "Blue."}, "operator", 202),
    ("POST", "/api/sprints/done/archive", None, "operator", 200),
    ("GET", "/api/agents", None, "viewer", 200),
    ("GET", "/api/hosts", None, "viewer", 200),
    ("GET", "/api/gates", None, "viewer", 200),
    ("GET", STDOUT, None, "viewer", 200),
    ("GET", "/api/openapi.json", None, "viewer", 200),
    ("GET", "/api/docs", None, "viewer", 200),
]
RANK = ["viewer", "operator", "admin"]


@pytest.fixture
def sprints(store):
    """One that is fresh, one that is held, one that has failed, one that is done, and one whose
    agent asks.
    """
    studio.create("fresh")
    studio.create("held")
    studio.start("held")
    studio.create("queued")
    studio.start("queued")
    studio.pause("held", "test")
    for name, gate in (("failed", "false"), ("done", "true")):
        studio.gate(gate)
        studio.create(name)
        studio.run(name)
    studio.gate("true")
    studio.ask("asks")
    studio.silence()


@pytest.mark.parametrize("by", RANK)
def test_each_row_is_answered_to_each_role_that_may(call, sprints, by):
    expected, found = {}, {}
    for method, path, body, role, status in TABLE:
        before = studio.seq()
        answer = call(method, path, body, by=by)
        answer.close()

        may = RANK.index(by) >= RANK.index(role)
        expected[method, path] = status if may else 403
        found[method, path] = answer.status_code
        if not may:
            assert answer.json() == {"error": f"not allowed: this needs the role {role}"}
            assert studio.seq() == before

    assert found == expected


@pytest.mark.parametrize("by", [None, "wrong", ""])
def test_no_row_is_answered_to_a_stranger(call, store, by):
    studio.create("fresh")
    before = studio.seq()

    answers = [call(method, path, body, by=by) for method, path, body, _, _ in TABLE]

    assert {one.status_code for one in answers} == {401}
    assert {one.content for one in answers} == {b'{"error": "unauthorized"}'}
    assert studio.seq() == before


def test_the_switches_are_shown_and_turned_and_never_the_token(call, store):
    switches = (
        "bind_host port enable_auto_merge automation_paused max_concurrent_global gate_profile "
        "agent_launches agent_minutes agent_tokens agent_usd agent_logs ship_remote "
        "confinement confine_paths gate_home clones_folder approvals protected_paths"
    )
    shown = call("GET", "/api/config").json()
    turned = call("POST", "/api/config", {"automation_paused": True, "gate_profile": "full"})

    assert set(shown) == set(switches.split())
    assert turned.json() == shown | {"automation_paused": True, "gate_profile": "full"}
    assert call("GET", "/api/config").json() == turned.json()
    assert studio.last_event()["data"]["by"] == "the_admin"


def test_one_bad_switch_turns_none(call, store):
    before = store.config.read_bytes()

    answer = call("POST", "/api/config", {"automation_paused": True, "port": 0})

    assert answer.status_code == 422
    text = "port must be a whole number from 1 to 65535"
    problem = {"field": "port", "code": "out_of_range", "text": text}
    assert answer.json() == {"error": text, "code": "invalid", "problems": [problem]}
    assert store.config.read_bytes() == before


def test_events_are_the_lines_of_the_file_filtered_then_cut(call, sprints, store):
    studio.settle_files()
    lines = [json.loads(line) for line in store.events.read_text().splitlines()]
    of_done = [event for event in lines if event["sprint_id"] == "done"]

    assert call("GET", "/api/events?tail=10000").json() == lines
    assert call("GET", "/api/events").json() == lines[-200:]
    assert call("GET", "/api/events?tail=3&sprint_id=done").json() == of_done[-3:]
    assert call("GET", "/api/events?sprint_id=none").json() == []


def test_who_reads_on_from_a_seq_misses_nothing_and_sees_nothing_twice(call, sprints):
    seen, seq = [], 0
    while more := call("GET", f"/api/events?tail=7&after_seq={seq}").json():
        seen += more
        seq = seen[-1]["seq"]

    assert [event["seq"] for event in seen] == list(range(1, studio.seq() + 1))


@pytest.mark.parametrize(
    "path", ["/api/events", "/api/events?sprint_id=fresh", "/api/sprints/fresh"]
)
def test_what_a_client_has_already_is_not_sent_again(call, store, path):
    studio.create("fresh")
    first = call("GET", path)
    tag = first["ETag"]

    same = [call("GET", path, If_None_Match=one) for one in (tag, f'"x", W/{tag}', "*")]
    studio.edit("fresh", "sam", "Else")
    after = call("GET", path, If_None_Match=tag)

    assert [(one.status_code, one.content, one["ETag"]) for one in same] == [(304, b"", tag)] * 3
    assert (after.status_code, after["ETag"] == tag) == (200, False)
    assert after.json() != first.json()


def test_another_sprints_event_leaves_a_client_with_what_it_has(call, sprints):
    tag = call("GET", "/api/events?sprint_id=done")["ETag"]

    studio.edit("fresh", "sam", "Else")

    assert call("GET", "/api/events?sprint_id=done", If_None_Match=tag).status_code == 304


def test_sprints_are_listed_by_their_titles(call, sprints):
    studio.edit("fresh", "sam", "A title")

    titles = {
        "done": "done",
        "failed": "failed",
        "queued": "queued",
        "held": "held",
        "fresh": "A title",
        "asks": "asks",
    }
    assert call("GET", "/api/sprints").json() == {"sprints": titles}


def test_a_sprint_is_made_by_who_asks(call, store):
    answer = call("POST", "/api/sprints", {"sprint_id": "wk1"}, by="operator")

    assert (answer.status_code, answer.json()) == (201, {"ok": True, "sprint_id": "wk1"})
    made = studio.sprint("wk1")
    assert (made.title, made.meta) == ("wk1", {"created_by": "the_operator"})


def test_a_sprint_is_created_with_its_brief_and_meta_in_one_call(store, call):
    body = {"sprint_id": "wk1", "brief": "Make it faster", "meta": {"fix_attempts": 5, "mine": 1}}
    assert call("POST", "/api/sprints", body, by="operator").status_code == 201

    meta = studio.sprint().meta
    assert (meta["brief"], meta["fix_attempts"], meta["mine"]) == ("Make it faster", 5, 1)

    wrong = {"sprint_id": "wk2", "meta": {"fix_attempts": -1, "created_by": "me"}}
    refused = call("POST", "/api/sprints", wrong, by="operator")
    assert refused.status_code == 422
    assert {one["field"] for one in refused.json()["problems"]} >= {"created_by"}


def test_a_sprint_is_shown_exactly_as_in_state_json(call, sprints, store):
    studio.settle_files()

    for name, there in json.loads(store.state.read_text())["sprints"].items():
        answer = call("GET", f"/api/sprints/{name}")
        assert answer.content.decode() == json.dumps(there, sort_keys=True)


def test_a_change_is_merged_into_meta_and_answered_with_the_sprint(call, store):
    studio.create("fresh")
    change = {"title": "T", "meta": {"brief": "B", "mine": [1], "created_by": "test"}}
    first = call("POST", "/api/sprints/fresh", change)
    after = call("POST", "/api/sprints/fresh", {"meta": {"mine": None}})

    assert first.json()["meta"] == {"brief": "B", "mine": [1], "created_by": "test"}
    assert after.json()["meta"] == {"brief": "B", "created_by": "test"}
    assert after.content == call("GET", "/api/sprints/fresh").content
    assert studio.differences() == []


def test_what_its_state_refuses_is_409_with_the_refusals_words(call, sprints):
    refused = {
        "done/run": "sprint done has succeeded",
        "done/step": "sprint done has succeeded",
        "done/cancel": "sprint done has succeeded; there is nothing to cancel",
        "done/pause": "sprint done has succeeded; there is nothing to pause",
        "fresh/resume": "sprint fresh is not paused",
        "fresh/first": "sprint fresh is not queued; it is created; to queue it:",
        "held/step": "sprint held is paused by test since ",
        "fresh/retry": "sprint fresh is created; only a failed, blocked or cancelled",
        "done/answer": "sprint done has succeeded; no agent asks a question",
        "failed/cancel": "sprint failed has failed; there is nothing to cancel",
        "done/unship": "sprint done has shipped nothing that could be reverted",
        "held/archive": "sprint held is running; only ended sprints can be archived",
        "done/restore": "sprint done is not archived",
    }
    before = studio.seq()

    for path, why in refused.items():
        answer = call("POST", f"/api/sprints/{path}", {"text": "x"} if "answer" in path else None)
        assert answer.status_code == 409
        assert answer.json()["error"].startswith(why)

    assert studio.seq() == before


def test_a_sprint_that_has_ended_is_archived_and_restored(call, sprints):
    for verb, archived in (("archive", ["done"]), ("restore", [])):
        assert call("POST", f"/api/sprints/done/{verb}").json() == {"ok": True}
        found = call("GET", "/api/sprints?archived=1").json()["sprints"]
        assert list(found) == archived


def test_a_running_sprint_keeps_its_contract(call, sprints):
    answer = call("POST", "/api/sprints/held", {"meta": {"gate_profile": "full"}})

    said = "gate_profile: frozen with the contract while the sprint runs"
    refusal = {"error": said, "code": "frozen"}
    assert (answer.status_code, answer.json()) == (409, refusal)


def test_run_step_and_cancel_are_carried_out_by_the_workers(call, store):
    for name in ("ran", "stepped", "cancelled"):
        studio.create(name)

    call("POST", "/api/sprints/ran/run")
    assert studio.last_event()["data"]["by"] == "the_admin"
    call("POST", "/api/sprints/stepped/step")
    call("POST", "/api/sprints/cancelled/run")
    call("POST", "/api/sprints/cancelled/cancel", by="operator")
    assert studio.sprint("cancelled").status == "running"
    for name in ("ran", "stepped", "cancelled"):
        studio.work(name)

    rows = {row.pk: row for row in studio.sprints()}
    assert (rows["ran"].status, rows["cancelled"].status) == ("succeeded", "cancelled")
    assert (rows["stepped"].status, rows["stepped"].current_round) == ("running", "R1_CONTRACTS")
    assert rows["cancelled"].cancel_by == "the_operator"
    assert studio.differences() == []


def test_a_cancel_needs_no_turn(call, store):
    """It runs nothing, so another sprint in the repository is no reason to wait."""
    for name in ("before", "ended"):
        studio.create(name)
        studio.start(name)
    lease = studio.take("before")
    call("POST", "/api/sprints/ended/cancel")

    studio.work("ended")
    studio.release(lease)

    assert studio.sprint("ended").status == "cancelled"


def test_there_are_fifteen_agents(call):
    agents = call("GET", "/api/agents").json()["agents"]

    assert {agent["agent_id"]: agent["label"] for agent in agents} == AGENTS
    assert list(AGENTS) == [f"agent_{n:02d}" for n in range(1, 16)]
    assert all(agent["title"] and agent["mission"].endswith(".") for agent in agents)
    assert {agent["runner"] for agent in agents} == {"scripted"}
    assert not any(agent["last_tasks"] for agent in agents)


def test_agents_are_shown_as_they_are_now_with_what_they_were_asked_last(call, sprints, invoke):
    invoke("agent", "set", "agent_15", "--title", "Ours", "--authority", "All", "--command", "hush")
    call("GET", "/api/agents")  # notes that the token was used

    with CaptureQueriesContext(connection) as few:
        lead, *_, last = call("GET", "/api/agents").json()["agents"]
    for name in ("more1", "more2"):
        studio.create(name)
        studio.run(name)
    with CaptureQueriesContext(connection) as many:
        answer = call("GET", "/api/agents")

    assert (last["title"], last["authority"], last["runner"]) == ("Ours", ["All"], "command")
    assert [task["sprint_id"] for task in lead["last_tasks"]] == ["asks", "done", "done", "done"]
    assert lead["last_tasks"][1]["round_id"] == "R5_RELEASE_CANDIDATE"
    assert len(few) == len(many)
    assert "hush" not in answer.content.decode()


def test_a_gates_environment_is_shown_by_its_names_alone(call):
    studio.gate("true", env={"API_KEY": "hush"})

    answer = call("GET", "/api/gates")

    assert answer.json()["gates"][0]["env"] == ["API_KEY"]
    assert b"hush" not in answer.content


def test_to_head_all_is_said_but_the_body(call, sprints):
    for path in [row[1] for row in TABLE if row[0] == "GET"]:
        got, head = call("GET", path), call("HEAD", path)

        whole = got.getvalue() if got.streaming else got.content
        assert (head.status_code, head.content) == (200, b"")
        assert head["Content-Length"] == got["Content-Length"] == str(len(whole))
        assert head["Content-Type"] == got["Content-Type"]
