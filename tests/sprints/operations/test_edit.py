"""Test edits of a sprint's title and meta: checked, recorded once, in full."""

import pytest

from sprints.contract.meta import BRIEF_BYTES, DEEP, OTHER_BYTES
from sprints.models import Sprint
from sprints.state.event_format import canonical
from tests import studio


@pytest.fixture
def sprint(store) -> Sprint:
    """A sprint that has not been started."""
    return studio.create("wk1", brief="before")


def nested(levels: int) -> list:
    """A list in a list in a list."""
    deep: list = []
    for _ in range(levels):
        deep = [deep]
    return deep


def test_a_change_is_one_event_that_carries_it(store, sprint):
    before = studio.seq()

    after = studio.edit("wk1", "sam", "A title ", {"brief": "after", "mine": {"a": [1, None]}})

    event = studio.last_event()
    meta = {"created_by": "test", "brief": "after", "mine": {"a": [1, None]}}
    assert (after.title, after.meta) == ("A title", meta)
    assert (event["seq"], event["kind"]) == (before + 1, "sprint_changed")
    assert event["message"] == "sprint changed by sam: title, brief, mine"
    assert event["change"] == [
        {"op": "replace", "path": "/sprints/wk1/title", "value": "A title"},
        {"op": "replace", "path": "/sprints/wk1/meta", "value": meta},
    ]
    assert studio.differences() == []


def test_null_removes_a_key_and_what_is_not_named_stays(sprint):
    studio.edit("wk1", "sam", meta={"a": 1, "b": 2})

    after = studio.edit("wk1", "sam", meta={"a": None, "never": None})

    assert after.meta == {"created_by": "test", "brief": "before", "b": 2}


def test_what_is_as_it_was_is_no_event(sprint):
    before = studio.seq()

    studio.edit("wk1", "sam", "wk1", {**sprint.meta, "waiting_for": None, "gone": None})
    studio.edit("wk1", "sam")

    assert studio.seq() == before


def test_true_is_not_one(sprint):
    studio.edit("wk1", "sam", meta={"x": 1})

    after = studio.edit("wk1", "sam", meta={"x": True})

    assert after.meta["x"] is True


def test_a_number_is_kept_as_every_database_gives_it_back(store, sprint):
    after = studio.edit("wk1", "sam", meta={"n": [1e16, -0.0, 2.5, 1e-7, 10**30]})

    assert canonical({"n": after.meta["n"]}) == f'{{"n": [{10**16}, 0, 2.5, 1e-07, {10**30}]}}'
    assert studio.differences() == []


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ({"created_by": "me"}, "created_by is written by the gateway alone"),
        ({"created_by": None}, "created_by is written"),
        ({"waiting_for": {"what": "tea"}}, "waiting_for is written"),
        ({"paused_by": "me", "paused_why": "x"}, "paused_by is written .* paused_why is written"),
        ({"brief": 7}, "brief must be a text"),
        ({"brief": "a\0b"}, "NUL"),
        ({"brief": "\ud800"}, "surrogate"),
        ({"x\0": 1}, "NUL"),
        ({"": 1}, "a key of meta is one line of 1 to 100 characters"),
        ({"a\nb": 1}, "a key of meta"),
        ({"k" * 101: 1}, "a key of meta"),
        ({"brief": "x" * (BRIEF_BYTES + 1)}, f"at most {BRIEF_BYTES} bytes"),
        ({"other": "x" * OTHER_BYTES}, f"at most {OTHER_BYTES} bytes"),
        ({"x": float("nan")}, "not JSON"),
        ({"x": [float("-inf")]}, "not JSON"),
        ({"x": {1, 2}}, "not JSON"),
        ({"x": nested(DEEP + 1)}, "nested too deeply"),
        ({"x": nested(900)}, "nested too deeply"),
        ({"active_agents": "agent_01"}, "active_agents must list agents"),
        ({"active_agents": ["agent_16"]}, "active_agents must list agents"),
        ({"active_agents": [["agent_01"]]}, "active_agents must list agents"),
        ({"required_acks_by_round": []}, "must be an object"),
        ({"required_acks_by_round": {"R9": []}}, "R9 is not a round"),
        ({"required_acks_by_round": {"R0_SETUP": ["x"]}}, "must list agents"),
        ({"round_minutes": {"R0_SETUP": [5, 2]}}, "minutes must run from low to high"),
        ({"gate_profile": "fast"}, "one of quick, full"),
        ({"gate_profile": []}, "one of quick, full"),
        ({"round_deadline": True}, "one of warn, stop"),
        ({"gates_at_once": 0}, "whole number"),
        ({"enable_auto_merge": "yes"}, "enable_auto_merge must be true or false"),
        ({"automation_paused": 1}, "automation_paused must be true or false"),
    ],
)
def test_what_cannot_stand_in_a_meta_changes_nothing(sprint, patch, why):
    before = studio.seq()

    with pytest.raises(studio.Refused, match=why):
        studio.edit("wk1", "sam", "New", patch | {"fine": 1})

    after = studio.sprint("wk1")
    assert (after.title, after.meta) == (sprint.title, sprint.meta)
    assert studio.seq() == before


@pytest.mark.parametrize("title", ["x" * 201, "a\nb", "\0", "\ud800"])
def test_a_title_is_one_line(sprint, title):
    with pytest.raises(studio.Refused, match="a title is one line"):
        studio.edit("wk1", "sam", title)

    assert studio.sprint("wk1").title == "wk1"


@pytest.mark.parametrize("name", ["no", "..", "run", "a/b", "\0"])
def test_there_must_be_such_a_sprint(store, name):
    with pytest.raises(studio.Refused):
        studio.edit(name, "sam", "New")


def test_a_sprint_that_runs_keeps_what_its_contract_froze(store, sprint):
    studio.start("wk1")

    with pytest.raises(studio.NotNow, match="gate_profile: frozen with the"):
        studio.edit("wk1", "sam", meta={"gate_profile": "full"})
    studio.edit("wk1", "sam", meta={"brief": "else", "active_agents": ["agent_02"]})
    studio.run("wk1")

    assert studio.sprint("wk1").status == "succeeded"
    assert studio.differences() == []


def test_a_failed_sprint_may_be_given_other_settings(store, sprint):
    studio.gate("false")
    studio.run("wk1")

    studio.edit("wk1", "sam", meta={"gate_profile": "full"})

    assert studio.sprint("wk1").meta["gate_profile"] == "full"
    assert studio.differences() == []


def test_a_pause_by_a_switch_says_who_did_it_and_what_is_waited_for(store, sprint):
    studio.start("wk1")

    held = studio.edit("wk1", "sam", meta={"automation_paused": True})
    after = studio.run("wk1")

    assert held.meta["paused_by"] == "sam"
    assert held.waiting["what"] == "a resume; paused by sam"
    assert after.sprint.status == "running"
    assert studio.differences() == []


@pytest.mark.parametrize("off", [False, None])
def test_a_pause_is_lifted_by_the_switch_whole(store, sprint, off):
    studio.start("wk1")
    studio.pause("wk1", "kim", "lunch")

    studio.edit("wk1", "sam", meta={"automation_paused": off})

    after = studio.run("wk1")
    assert after.sprint.status == "succeeded"
    assert {"paused_by", "paused_ts", "paused_why"}.isdisjoint(after.sprint.meta.stored)
    assert studio.differences() == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("fix_attempt=3", "fix_attempts"),
        ("protected_path=x", "protected_paths"),
        ("breif=x", "brief"),
    ],
)
def test_a_misspelled_setting_is_refused_with_the_right_one(invoke, store, typed, meant):
    studio.create("wk1")
    for argv in (("create", "wk2"), ("edit", "wk1")):
        said = invoke("sprint", *argv, "--set", typed)

        assert (said.code, said.out) == (2, "")
        assert f"did you mean {meant}?" in said.err
    assert len(studio.sprints()) == 1


def test_a_key_of_the_users_own_is_kept_and_told(invoke, store):
    said = invoke("sprint", "create", "wk1", "--set", "ticket=77", "--set", "fix_attempts=3")
    assert said.out.endswith("kept, but not a setting of the gateway: ticket\n")
    assert studio.sprint().meta["ticket"] == 77

    said = invoke("sprint", "edit", "wk1", "--set", "ticket=null")
    assert said.out == "changed wk1\n"


def test_a_sprint_that_is_paused_before_its_start_is_shown_as_paused(invoke, store):
    studio.create("wk1")
    studio.pause("wk1", "sam", "lunch")
    said = invoke("sprint", "show", "wk1").out
    assert "paused by sam" in said
    assert "lunch" in said
    assert "studio-gateway sprint resume wk1" in said

    studio.resume("wk1", "sam")
    assert "paused" not in invoke("sprint", "show", "wk1").out


def test_settings_are_typed_at_the_beginning_and_changed_later(invoke, store):
    argv = ["--set", "fix_attempts=5", "--set", "rerun_red=true", "--set", "mine=a text"]
    assert invoke("sprint", "create", "wk1", *argv).code == 0

    said = invoke("sprint", "edit", "wk1", "--title", "Week", "--set", "rerun_red=null")
    again = invoke("sprint", "edit", "wk1", "--set", "fix_attempts=5")

    meta = studio.sprint("wk1").meta
    assert (meta["fix_attempts"], meta["mine"], "rerun_red" in meta) == (5, "a text", False)
    assert (said.out, again.out) == ("changed wk1\n", "wk1 is unchanged\n")
    assert studio.differences() == []
