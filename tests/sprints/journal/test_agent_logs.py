"""Test the studio's logs of its agents: off by default, and no other text is lost."""

import json

import pytest

from sprints.journal import agent_logs
from sprints.journal.agent_logs import FOLDER, MARK
from tests import studio

LEAD = "agent_01_ExecutiveProducer_PM.json"


@pytest.fixture
def logs(store, invoke):
    """The folder, with the switch turned on."""
    invoke("config", "set", "agent_logs", "true")
    return store.repo / FOLDER


def run(name="wk1"):
    studio.create(name)
    after = studio.run(name)
    studio.settle_files()
    return after


def read(path):
    return json.loads(path.read_text("utf-8"))


def test_nothing_is_written_unless_it_is_switched_on(store):
    run()

    assert not (store.repo / ".cursor").exists()
    assert not (store.root / MARK).exists()


def test_each_agent_has_a_file_with_an_entry_for_each_round(logs):
    run()

    names = sorted(path.name for path in logs.iterdir())
    assert [name[:8] for name in names] == [f"agent_{n}" for n in ("01", "02", "03", "11", "12")]
    log = read(logs / LEAD)
    assert (log["schema_version"], log["agent"]) == (
        "2.0",
        {"id": "01", "name": "ExecutiveProducer_PM"},
    )
    rounds = log["sprints"]["wk1"]["rounds"]
    assert [name[:2] for name in rounds] == ["R0", "R1", "R2", "R3", "R4", "R5"]
    entry = rounds["R3_BUILD_A_INTEGRATE"]
    assert (entry["sprint_id"], entry["round_id"]) == ("wk1", "R3_BUILD_A_INTEGRATE")
    assert (entry["status"], entry["response"]["status"]) == ("done", "DONE (scripted)")
    assert entry["what_i_changed"] == ["The round's decisions are locked"]
    assert entry["follow_ups"] == ["Let the gates judge"]
    assert entry["prompt_text"].startswith("You are agent_01 ExecutiveProducer_PM.")


def test_what_is_there_of_others_stays_and_a_second_look_changes_nothing(logs):
    logs.mkdir(parents=True)
    mine = {"sprint_meta": {"plan_ref": "p"}, "rounds": {"wk0_r1": {"status": "done"}}}
    by_hand = {"pm_decisions": ["comma"], "status": "blocked"}
    wk1 = {"rounds": {"R0_SETUP": by_hand, "wk1_r9": {"x": 1}}, "more": 2}
    whole = {"schema_version": "2.0", "agent": {"id": "01"}, "sprints": {"wk0": mine, "wk1": wk1}}
    (logs / LEAD).write_text(json.dumps(whole))

    run()
    before = (logs / LEAD).stat()
    studio.settle_files()

    log = read(logs / LEAD)
    assert log["sprints"]["wk0"] == mine
    rounds = log["sprints"]["wk1"]["rounds"]
    assert (rounds["R0_SETUP"]["pm_decisions"], rounds["R0_SETUP"]["status"]) == (["comma"], "done")
    assert (rounds["wk1_r9"], log["sprints"]["wk1"]["more"]) == ({"x": 1}, 2)
    assert (logs / LEAD).stat() == before


def test_another_attempt_has_entries_of_its_own(logs):
    studio.gate("false")
    run()
    first = read(logs / LEAD)["sprints"]["wk1"]["rounds"]
    studio.gate("true")
    studio.retry("wk1")
    studio.settle_files()

    rounds = read(logs / LEAD)["sprints"]["wk1"]["rounds"]
    assert {name: rounds[name] for name in first} == first
    assert {"R3_BUILD_A_INTEGRATE", "R3_BUILD_A_INTEGRATE_attempt2"} <= {*rounds}


def test_what_a_crash_left_behind_is_written_later(logs, monkeypatch):
    def dies(repo, since, last):
        raise OSError("no more")

    with monkeypatch.context() as patched:
        patched.setattr(agent_logs, "_write", dies)
        run()
    assert not logs.exists()

    studio.settle_files()

    assert "wk1" in read(logs / LEAD)["sprints"]


def test_sprints_of_before_it_was_switched_on_are_not_written(store, invoke):
    run("wk0")
    invoke("config", "set", "agent_logs", "true")
    run("wk1")

    assert [*read(store.repo / FOLDER / LEAD)["sprints"]] == ["wk1"]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"sprints": []}', '{"sprints": {"a": {"rounds": 1}}}']
)
def test_a_file_that_is_no_log_is_left_alone_and_named(logs, capfd, text):
    logs.mkdir(parents=True)
    (logs / LEAD).write_text(text)

    after = run()

    assert after.sprint.status == "succeeded"
    assert (logs / LEAD).read_text() == text
    said = capfd.readouterr().err
    assert said.startswith(f"the logs of the agents are behind: {logs / LEAD} is no")


def test_a_folder_that_leads_out_of_the_repository_is_not_written_to(logs, store, tmp_path, capfd):
    (tmp_path / "out").mkdir()
    (store.repo / ".cursor").symlink_to(tmp_path / "out")

    run()

    assert [*(tmp_path / "out").iterdir()] == []
    assert "leads out of the repository" in capfd.readouterr().err
