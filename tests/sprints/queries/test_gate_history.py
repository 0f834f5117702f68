"""Test flaky gates, which pass and fail on one tree, and their statistics: real runs."""

import json
from dataclasses import replace

import pytest

from gates.models import GateRun
from sprints import operations
from sprints.definitions import agents
from sprints.health.invariants import check_rows
from sprints.queries import gate_history
from sprints.roles import Role
from sprints.runner.runner import StopRequest
from sprints.store.config import turn
from tests.speakers import set_speaker
from tests.sprints.views.people import signed_in, text_of
from tests.world import set_gate


@pytest.fixture
def flaky(store):
    """A sprint that a gate has stopped which said no first, and then yes of the same."""
    set_speaker("replies")
    idle = agents.get("agent_01").definition
    agents.put([replace(idle, command=("echo", "Status: DONE"))])
    turn(store.config, "confinement", "none")  # what makes it flaky lies outside its clone
    flag = store.root / "flag"
    set_gate("sh", "-c", f"test -e {flag} || {{ touch {flag}; exit 1; }}")
    operations.create("wk1", by="test")
    operations.edit("wk1", "test", meta={"rerun_red": True})
    return operations.run("wk1", StopRequest())


def test_it_is_blocked_and_nobody_is_asked_to_mend_it(flaky):
    assert flaky.sprint.status == "blocked"
    assert flaky.sprint.last_error == "gate_flaky:qa_smoke_quick runs 1 and 2 of one tree"
    assert not [task for task in flaky.tasks if task.details["kind"] == "fix"]
    assert list(check_rows()) == []


def test_the_gates_own_runs_are_the_ledger(flaky, invoke):
    listed, told = invoke("gate", "list"), invoke("gate", "list", "--json")
    page = text_of(signed_in(Role.VIEWER).get("/gates/qa_smoke_quick/"))

    assert gate_history.flaky(["qa_smoke_quick", "lint"]) == {"qa_smoke_quick": 1, "lint": 0}
    assert "flaky 1" in listed.out
    assert json.loads(told.out)[0]["flaky"] == 1
    assert "Flaky: it both passed and failed on 1 tree." in page


def test_other_definitions_and_other_trees_are_not_held_against_it(flaky):
    run = GateRun.objects.get(number=2)
    GateRun.objects.filter(pk=run.pk).update(digest="another")
    other = gate_history.flaky(["qa_smoke_quick"])
    GateRun.objects.filter(pk=run.pk).update(digest=run.digest, tree="another")

    assert other == gate_history.flaky(["qa_smoke_quick"]) == {"qa_smoke_quick": 0}


def test_a_retry_is_the_humans_answer(flaky, invoke):
    said = operations.retry("wk1", StopRequest())

    assert said.sprint.status == "succeeded"
    assert list(check_rows()) == []
    assert invoke("rebuild", "--check").code == 0
