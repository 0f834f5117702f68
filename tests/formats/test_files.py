"""Test the store's files and state.json as users' scripts rely on them."""

import json
import stat
from pathlib import Path

import pytest

from tests.formats.histories import GATE, ROUNDS, SPRINT
from tests.formats.shapes import (
    GATE_KEYS,
    ROUND_KEYS,
    SPRINT_KEYS,
    TASK_KEYS,
    TIME,
    assert_shape,
    times,
)


def test_init_makes_the_documented_files(repo, shell):
    said = shell("init")

    root = repo / ".studio_gateway"
    documented = {"state.json", "events.jsonl", "config.json", ".gitignore", "gateway.sqlite3"}
    assert said.code == 0
    assert said.out.splitlines() == [
        f"store: {root}",
        "default sprint loop budget: 30-71 minutes (R0..R5)",
    ]
    assert documented | {"artifacts"} <= {path.name for path in root.iterdir()}
    assert {path.name for path in repo.iterdir()} == {".git", ".studio_gateway"}
    assert json.loads((root / "state.json").read_text()) == {"sprints": {}, "version": 1}


def test_the_config_is_private_and_has_a_token(green):
    path = green.root / "config.json"

    config = json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(green.root.stat().st_mode) == 0o700
    assert set(config) == {"auth_token", "bind_host", "port", "secret_key"}
    assert (config["bind_host"], config["port"]) == ("127.0.0.1", 18790)
    assert len(config["auth_token"]) >= 32


def test_the_store_hides_itself_from_git(green):
    assert (green.root / ".gitignore").read_text() == "*\n"


def test_init_is_repeatable_and_keeps_what_is_there(invoke, store):
    invoke("init")
    own = json.loads(store.config.read_text()) | {"port": 20000, "mine": [1]}
    store.config.write_text(json.dumps(own))
    before = store.events.read_bytes(), store.state.read_bytes()

    said = invoke("init")

    assert said.code == 0
    assert "default sprint loop budget: 30-71 minutes (R0..R5)" in said.out
    assert json.loads(store.config.read_text()) == own
    assert (store.events.read_bytes(), store.state.read_bytes()) == before


def test_init_adds_to_an_older_config_what_it_lacks(invoke, store):
    store.config.write_text(json.dumps({"auth_token": "t" * 43, "port": 20000}))

    assert invoke("init").code == 0

    config = json.loads(store.config.read_text())
    assert (config["auth_token"], config["port"]) == ("t" * 43, 20000)
    assert set(config) == {"auth_token", "bind_host", "port", "secret_key"}
    assert stat.S_IMODE(store.config.stat().st_mode) == 0o600


def test_the_output_of_the_latest_run_and_of_every_run_is_kept(green):
    folder = green.gate_folder

    runs = sorted(path.name for path in (folder / "runs").iterdir())
    assert runs == ["1", "2"]
    for name in ("stdout.txt", "stderr.txt"):
        assert (folder / name).read_text() == (folder / "runs" / "2" / name).read_text()
        assert (folder / "runs" / "1" / name).stat().st_size > 0


def test_state_json_is_sorted_indented_and_ascii(either):
    state = json.loads(either.state_text)

    assert set(state) == {"sprints", "version"}
    assert state["version"] == 1
    assert either.state_text.isascii()
    assert either.state_text == json.dumps(state, indent=2, sort_keys=True)


def test_every_time_is_utc_with_a_z(either):
    found = [*times(json.loads(either.state_text)), *times(either.events)]

    assert len(found) > 50
    assert [time for time in found if not TIME.fullmatch(time)] == []


def test_a_sprint_has_the_documented_keys(either):
    sprint = either.sprint

    assert_shape(sprint, SPRINT_KEYS)
    for value in sprint["rounds"].values():
        assert_shape(value, ROUND_KEYS)
        for task in value["tasks"].values():
            assert_shape(task, TASK_KEYS)
    for gate in sprint["gates"].values():
        assert_shape(gate, GATE_KEYS)


def test_a_sprint_that_did_not_start_has_no_rounds_yet(store, invoke):
    invoke("sprint", "create", "s1", "--title", "Größe")

    text = store.state.read_text()
    sprint = json.loads(text)["sprints"]["s1"]
    assert_shape(sprint, SPRINT_KEYS)
    assert (sprint["status"], sprint["current_round"], sprint["last_error"]) == (
        "created",
        None,
        None,
    )
    assert (sprint["rounds"], sprint["gates"]) == ({}, {})
    assert r'"title": "Gr\u00f6\u00dfe"' in text


def test_what_a_user_gave_stands_in_meta(store, invoke, tmp_path):
    brief = tmp_path / "brief.md"
    brief.write_text("Ship it.\n")

    invoke("sprint", "create", "s1", "--brief-file", str(brief), "--profile", "full")

    meta = json.loads(store.state.read_text())["sprints"]["s1"]["meta"]
    assert meta == {"created_by": "cli", "brief": "Ship it.\n", "gate_profile": "full"}


def test_a_green_sprint_ends_with_every_round_done(green):
    sprint = green.sprint

    assert (sprint["status"], sprint["current_round"]) == ("succeeded", None)
    assert (sprint["last_error"], sprint["title"]) == (None, "Week 8 Demo")
    assert {key: value["title"] for key, value in sprint["rounds"].items()} == ROUNDS
    assert [key for key, value in sprint["rounds"].items() if value["round_id"] != key] == []
    assert {value["status"] for value in sprint["rounds"].values()} == {"done"}


def test_a_red_gate_in_r3_blocks_its_round_and_what_follows_never_starts(red):
    sprint = red.sprint

    rounds = sprint["rounds"]
    assert (sprint["status"], sprint["current_round"]) == ("failed", "R3_BUILD_A_INTEGRATE")
    assert sprint["last_error"] == "gate_failed:qa_smoke_quick exit_code=3"
    assert [rounds[code]["status"] for code in ROUNDS] == [
        *("done", "done", "done"),
        *("blocked", "pending", "pending"),
    ]
    assert rounds["R4_BUILD_B_POLISH"]["started_ts"] is None


@pytest.mark.parametrize(("name", "code"), [("green", 0), ("red", 3)])
def test_a_gate_shows_its_latest_run(request, name, code):
    one = request.getfixturevalue(name)

    gate = one.sprint["gates"][GATE]
    assert (gate["gate_id"], gate["title"]) == (GATE, "QA smoke (quick)")
    assert (gate["required"], gate["exit_code"]) == (True, code)
    assert gate["command"] == ["python", "tools/qa_smoke.py", "--quick"]
    assert Path(one.sprint["artifacts_dir"]) == one.root / "artifacts" / SPRINT
    assert Path(gate["stdout_path"]) == one.gate_folder / "stdout.txt"
    assert Path(gate["stderr_path"]).read_text() == "a word on stderr\n"


def test_the_default_gate_runs_in_the_repository_without_screen_and_sound(green):
    seen = json.loads((green.gate_folder / "stdout.txt").read_text())

    assert seen == {
        "argv": ["tools/qa_smoke.py", "--quick"],
        "cwd": str(green.repo),
        "SDL_VIDEODRIVER": "dummy",
        "SDL_AUDIODRIVER": "dummy",
    }


def test_r1_collects_the_acks_of_four_agents(green):
    notes = {code: value["notes"] for code, value in green.sprint["rounds"].items()}

    assert notes.pop("R1_CONTRACTS") == [
        "acks_collected=['agent_02', 'agent_03', 'agent_11', 'agent_12']"
    ]
    assert set(map(tuple, notes.values())) == {("acks_collected=[]",)}
