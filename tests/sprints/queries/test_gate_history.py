"""Test flaky gates, which pass and fail on one tree, and their statistics: real runs."""

import json

import pytest

from sprints.health.invariants import check_rows
from sprints.queries import gate_history
from sprints.store.config import turn
from tests import studio
from tests.people import Role, signed_in, text_of


@pytest.fixture
def flaky(store):
    """A sprint that a gate has stopped which said no first, and then yes of the same."""
    studio.speaker("replies")
    studio.set_agent(command=("echo", "Status: DONE"))
    turn(store.config, "confinement", "none")  # what makes it flaky lies outside its clone
    flag = store.root / "flag"
    studio.gate("sh", "-c", f"test -e {flag} || {{ touch {flag}; exit 1; }}")
    studio.create("wk1")
    studio.edit("wk1", "test", meta={"rerun_red": True})
    return studio.run("wk1")


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
    run = studio.gate_run(number=2)
    studio.forge("gaterun", run.pk, digest="another")
    other = gate_history.flaky(["qa_smoke_quick"])
    studio.forge("gaterun", run.pk, digest=run.digest, tree="another")

    assert other == gate_history.flaky(["qa_smoke_quick"]) == {"qa_smoke_quick": 0}


def test_a_retry_is_the_humans_answer(flaky, invoke):
    said = studio.retry("wk1")

    assert said.sprint.status == "succeeded"
    assert list(check_rows()) == []
    assert invoke("rebuild", "--check").code == 0
