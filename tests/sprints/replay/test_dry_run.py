"""Test ``sprint plan``: it starts nothing, and changes no row and no file."""

import json
import sys

import pytest

from sprints.models import Task
from sprints.replay import dry_run
from tests import studio
from tests.checkout import commit
from tests.world import clones_of


@pytest.fixture
def planned(store, invoke):
    """A lead and an implementer that are programs (which must never be run), and a sprint."""
    commit(store.repo, {"a": "a\n"})
    mark = store.root / "launched"
    program = f"{sys.executable} -c \"open('{mark}', 'w')\""
    for agent in ("agent_01", "agent_05"):
        invoke("agent", "set", agent, "--command", program, "--timeout", "60")
    studio.gate("false")
    studio.create("wk1", brief="An importer.")
    return mark


def test_the_plan_has_rounds_agents_prompts_gates_and_what_it_may_use(store, invoke, planned):
    said = invoke("sprint", "plan", "wk1", "--json")

    found = json.loads(said.out)
    assert said.code == 0
    assert [one["code"][:2] for one in found["rounds"]] == ["R0", "R1", "R2", "R3", "R4", "R5"]
    r1, r3 = found["rounds"][1], found["rounds"][3]
    assert [one["by"] for one in r1["asks"]][:4] == ["scripted"] * 4
    assert r1["asks"][4]["task_id"] == "lead_agent_01"
    assert "\nAn importer.\n" in r1["asks"][4]["prompt"]
    assert "(what agent_01 says here is not known before it is asked)" in r3["asks"][0]["prompt"]
    assert (r3["may_plan"], r3["gates"][0]["gate_id"]) == (True, "qa_smoke_quick")
    assert (found["refused"], found["ends"]) == ("", "")
    # 6 leads, 3 that come back, 1 that confirms, 12 + 12 tasks, 2 x 2 that gates send back
    assert found["worst"] == {"launches": 50, "minutes": 50.0}
    assert found["budget"] == {"launches": 40, "minutes": 240.0}


def test_the_plan_begins_nothing(store, invoke, planned):
    before = studio.seq(), (store.repo / ".git" / "HEAD").stat()

    assert invoke("sprint", "plan", "wk1").code == 0

    assert (studio.seq(), (store.repo / ".git" / "HEAD").stat()) == before
    assert (studio.sprint("wk1").status, Task.objects.count()) == ("created", 0)
    assert not planned.exists()
    assert not (store.root / "git").exists()
    assert not (clones_of(store.repo) / "wk1").exists()


def test_the_plan_is_for_people_and_shows_prompts_where_asked(store, invoke, planned):
    said, more = invoke("sprint", "plan", "wk1"), invoke("sprint", "plan", "wk1", "--prompts")

    assert "R3_BUILD_A_INTEGRATE  8 to 18 minutes\n  lead_agent_01: " in said.out
    assert "gate qa_smoke_quick: false, up to" in said.out
    assert "agents need up to 50 launches (budget 40) and 50 minutes (budget 240); " in said.out
    assert "    | You are agent_01 ExecutiveProducer_PM.\n" in more.out
    assert "You are agent_01" not in said.out


def test_what_would_be_shipped_where_is_said(store, invoke, planned):
    invoke("config", "set", "enable_auto_merge", "true")

    found = json.loads(invoke("sprint", "plan", "wk1", "--json").out)

    assert found["ships"] == {"into": found["base"]["branch"], "tag": "shipped/wk1"}


def test_what_it_would_ask_of_humans_is_said(store, invoke, planned):
    studio.edit("wk1", "sam", meta={"approvals": ["before_build"], "protected_paths": ["x/**"]})

    said = invoke("sprint", "plan", "wk1")

    assert "\nwaits for approval to begin building, for up to 72 hours\n" in said.out
    assert "\nwaits for approval if one of these files changes: **/tests/**, " in said.out
    assert ", x/**\n" in said.out
    assert "then it waits" not in said.out


def test_a_sprint_that_cannot_be_started_is_planned_and_the_reason_told(store, invoke):
    invoke("agent", "set", "agent_01", "--command", "true")
    studio.create("wk1")

    said = invoke("sprint", "plan", "wk1")

    assert said.code == 0
    assert "cannot start: agent_01 is a program and needs a commit: " in said.out


def test_a_scripted_sprint_has_a_plan_too(store, invoke):
    studio.create("wk1")

    said = invoke("sprint", "plan", "wk1")

    assert "  ack_agent_02: scripted\n" in said.out
    assert "no agent command runs" in said.out
    assert "ships: nothing" in said.out


def test_before_a_start_the_worst_is_said_in_a_line(store, invoke, planned):
    queued, again = invoke("sprint", "run", "wk1", "--queue"), invoke("sprint", "run", "wk1")

    assert queued.out.startswith("wk1: agents need up to 50 launches (budget 40)")
    assert "agents need" not in again.out


def test_what_is_over_the_budget_waits_for_a_human():
    words = dry_run.Worst(50, 10.0).of(dry_run.AgentBudget(40, 240.0))

    assert words.endswith("(budget 240); above the budget, the sprint waits for you")


def test_there_must_be_such_a_sprint(store, invoke):
    said = invoke("sprint", "plan", "nope")

    assert (said.code, said.err.count("\n")) == (2, 1)
