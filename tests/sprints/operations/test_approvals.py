"""Test that a named human decides before a sprint goes on, and that the decision is recorded."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from sprints import operations, queries
from sprints.contract.approval_policy import Approvals
from sprints.contract.contract import DEFAULT_GATE, Contract, ContractError, draft
from sprints.contract.meta import BadMeta, merged
from sprints.contract.protected_paths import MOST_TOGETHER
from sprints.core import commands
from sprints.core.approval_requests import plan_of
from sprints.queue import approval_timeouts
from sprints.replay.replay import replay
from sprints.state.snapshot import evolve
from tests import studio
from tests.sprints.core.test_agent_tasks import LEAD

R3 = "R3_BUILD_A_INTEGRATE"


@pytest.fixture
def asked(store):
    """A sprint that asks before it builds."""
    studio.create("wk1", brief="A plan", approvals=["before_build"])
    studio.run("wk1")
    return store


def sprint():
    return studio.sprint("wk1")


def kinds():
    return [e["kind"] for e in studio.events(sprint_id="wk1")]


def sound(store):
    """Rows, files and folded events agree, and the engine would do all of it again."""
    studio.settle_files()
    bodies = studio.events(sprint_id="wk1")
    assert replay(bodies) is None
    assert studio.check_rebuild().difference == ""
    return studio.differences() == []


def pass_time(monkeypatch, hours):
    """The clock of whoever looks is that much later."""
    later = timezone.now() + timedelta(hours=hours)
    monkeypatch.setattr(timezone, "now", lambda: later)


def test_it_stops_before_it_builds_and_says_what_for(asked):
    waits = sprint().waiting

    assert (sprint().status, sprint().current_round) == ("blocked", R3)
    assert sprint().last_error == "approval_needed:before_build"
    assert waits["what"] == "the approval to begin building (sprint approve wk1)"
    assert waits["who"] == "an operator"
    assert waits["until_ts"] > waits["since_ts"]
    assert kinds()[-2:] == ["round_done", "approval_asked"]
    assert sound(asked)


def test_a_yes_leads_on_and_names_who_and_why(asked):
    studio.approve("wk1", "ada", "Go.")
    studio.run("wk1")

    event = studio.event("approved")
    assert event["message"] == "ada gave the approval to begin building: Go."
    given = sprint().meta["approval"]["given"]
    assert given == [event["data"]]
    assert (given[0]["by"], given[0]["why"], given[0]["what"]) == ("ada", "Go.", "before_build")
    assert sprint().status == "succeeded"
    assert kinds().count("approval_asked") == 1
    assert sound(asked)


def test_a_no_ends_it_and_a_retry_asks_again(asked):
    studio.reject("wk1", "ada", "Not this week")
    error = sprint().last_error

    after = studio.retry("wk1")

    assert error == "approval_rejected:before_build by ada: Not this week"
    assert (after.sprint.status, after.sprint.current_round) == ("blocked", R3)
    assert kinds().count("approval_asked") == 2
    assert sound(asked)


def test_a_yes_is_void_once_the_brief_is_another(asked):
    studio.edit("wk1", "bob", meta={"brief": "Another plan"})
    studio.approve("wk1", "ada")

    studio.run("wk1")

    assert sprint().last_error == "approval_needed:before_build"
    studio.approve("wk1", "ada")
    studio.run("wk1")
    assert sprint().status == "succeeded"
    assert sound(asked)


def test_who_comes_second_is_told_who_was_first(asked):
    studio.approve("wk1", "ada", ask="before_build/1")

    with pytest.raises(studio.NotNow, match="ada approved this approval already, at 20"):
        studio.reject("wk1", "bob", "too late", "before_build/1")
    last = "is running; it waits for no approval; ada approved the last one, before_build/1, at 20"
    with pytest.raises(studio.NotNow, match=last):
        studio.approve("wk1", "bob")

    assert len(sprint().meta["approval"]["given"]) == 1


def test_a_name_of_something_else_approves_nothing(asked):
    with pytest.raises(studio.NotNow, match="does not wait for that approval"):
        studio.approve("wk1", "ada", ask="before_ship/1")

    assert sprint().status == "blocked"


@pytest.mark.parametrize("why", ["two\nlines", "x" * 301, "nul\0"])
def test_a_reason_is_one_line(asked, why):
    for act in (studio.approve, studio.reject):
        with pytest.raises(studio.Refused, match="a reason is one line of at most 300"):
            act("wk1", "ada", why)
    with pytest.raises(studio.Refused, match="a rejection says why"):
        studio.reject("wk1", "ada", " ")

    assert sprint().status == "blocked"


def test_once_its_time_is_over_it_has_failed_and_no_yes_is_heard(asked, monkeypatch):
    pass_time(monkeypatch, 71)
    approval_timeouts.carry_out()
    before = sprint().status
    monkeypatch.undo()
    pass_time(monkeypatch, 73)

    with pytest.raises(studio.NotNow, match="this approval expired at 20"):
        studio.approve("wk1", "ada", ask="before_build/1")

    assert (before, sprint().status) == ("blocked", "failed")
    assert sprint().last_error.startswith("approval_expired:before_build until 20")
    assert kinds()[-1] == "approval_expired"
    approval_timeouts.carry_out()
    assert kinds().count("approval_expired") == 1
    assert sound(asked)


def test_one_that_may_wait_is_told_of_once_and_approved_still(store, monkeypatch):
    studio.create("wk1", approvals=["before_build"])
    studio.edit("wk1", "ada", meta={"approval_default": "wait", "approval_hours": 0.5})
    studio.run("wk1")
    pass_time(monkeypatch, 1)

    studio.heartbeat("here")  # as a worker does every few seconds
    studio.heartbeat("here")

    assert sprint().status == "blocked"
    assert [kind for kind in kinds() if kind == "error"] == ["error"]
    assert sprint().waiting["overdue"] is True
    studio.approve("wk1", "ada")
    assert sprint().status == "running"
    assert sound(store)


def test_a_cancel_and_an_archive_leave_nothing_to_approve(asked):
    studio.cancel("wk1", "ada")

    with pytest.raises(studio.NotNow, match="is cancelled; it waits for no approval"):
        studio.approve("wk1", "ada")

    assert sprint().status == "cancelled"
    assert sound(asked)


def test_the_command_says_what_is_asked_and_what_to_type(store, invoke):
    assert invoke("sprint", "create", "wk1", "--approve", "before_build,before_ship").code == 0

    said = invoke("sprint", "run", "wk1")
    waits = sprint().waiting
    again = invoke("sprint", "run", "wk1")
    waiting = json.loads(invoke("status", "--json").out)["waiting"]
    listed = " ".join(invoke("sprint", "list").out.split())
    yes = invoke("sprint", "approve", "wk1", "--why", "Go.")
    late = invoke("sprint", "reject", "wk1", "--why", "No.")

    assert said.code == 3
    assert "wk1 is blocked: approval_needed:before_build\n" in said.out
    assert said.out.endswith("next: studio-gateway sprint approve wk1\n")
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "for an approval, before_build; next: studio-gateway sprint approve wk1" in again.err
    assert waiting["wk1"] == waits
    assert "title and reason" in listed
    assert "wk1 approval_needed:before_build waits for the approval" in listed
    assert yes.code == 0
    assert "approved; to continue wk1: studio-gateway sprint run wk1\n" in yes.out
    assert (late.code, late.err.count("\n")) == (2, 1)
    assert invoke("sprint", "run", "wk1").code == 0


def test_a_rejection_by_command_fails_it(store, invoke):
    invoke("sprint", "create", "wk1", "--approve", "before_build")
    invoke("sprint", "run", "wk1")

    said = invoke("sprint", "reject", "wk1", "--why", "Not now")

    assert (said.code, sprint().status) == (0, "failed")
    assert "next: studio-gateway sprint retry wk1" in said.out


def test_points_that_there_are_not_are_refused(store, invoke):
    said = invoke("sprint", "create", "wk1", "--approve", "before_lunch")

    assert (said.code, len(studio.sprints())) == (2, 0)
    assert "approvals must list some of before_build, before_ship, each once" in said.err


@pytest.mark.parametrize(
    "meta",
    [
        {"approvals": "before_build"},
        {"approvals": ["before_build", "before_build"]},
        {"approvals": [["before_build"]]},
        {"approvals": ["protected_paths"]},
        {"approval_hours": 0},
        {"approval_hours": True},
        {"approval_hours": 1e9},
        {"approval_default": "approve"},
        {"approval_default": []},
        {"protected_paths": "tests/**"},
        {"protected_paths": [""]},
        {"protected_paths": ["a\nb"]},
        {"protected_paths": ["x"] * (MOST_TOGETHER + 1)},
    ],
)
def test_settings_that_cannot_be_taken_are_refused(meta):
    with pytest.raises(BadMeta, match=next(iter(meta))):
        merged({}, meta)
    with pytest.raises(ContractError, match=next(iter(meta))):
        draft(meta, [DEFAULT_GATE])


def test_they_are_frozen_with_the_contract_and_older_contracts_have_none():
    meta = {"approvals": ["before_ship"], "approval_hours": 2, "protected_paths": ["a/**"]}
    contract = draft(meta, [DEFAULT_GATE], agents=[LEAD])
    plain = draft({}, [DEFAULT_GATE])

    assert contract.approvals == Approvals(("before_ship",), ("a/**",), 2, "reject")
    assert Contract.from_json(contract.to_json()) == contract
    assert "approvals" not in plain.to_json()
    assert Contract.from_json(plain.to_json()).approvals is None


def test_they_cannot_be_changed_while_it_runs_and_nobody_writes_a_yes_by_hand(asked):
    studio.approve("wk1", "ada")

    with pytest.raises(studio.Refused, match="approvals: frozen with the contract"):
        studio.edit("wk1", "bob", meta={"approvals": None})
    with pytest.raises(studio.Refused, match="approval is written by the gateway alone"):
        studio.edit("wk1", "bob", meta={"approval": {"given": []}})

    assert queries.get("wk1").meta["approvals"] == ["before_build"]


def test_a_hook_at_the_rounds_start_is_asked_after_the_yes_and_once(store):
    studio.hook("ask", "command", ("round_start",), ("true",), blocking=True)
    studio.create("wk1", approvals=["before_build"])
    studio.run("wk1")
    before = kinds()

    studio.approve("wk1", "ada")
    studio.run("wk1")

    assert before[-2:] == ["round_done", "approval_asked"]
    assert (before.count("hook_started"), kinds().count("hook_started")) == (3, 6)
    assert kinds()[len(before) :][:3] == ["approved", "round_started", "hook_started"]
    assert sprint().status == "succeeded"


def test_a_yes_that_came_from_elsewhere_is_none_here(store):
    studio.create("wk1", approvals=["before_build"])
    snapshot = queries.look("wk1")
    contract = operations.contract_for(snapshot.sprint.meta.stored)
    started = evolve(snapshot, [commands.start(snapshot, contract, snapshot.at)], snapshot.at)
    given = {"what": "before_build", "verdict": "approved", "plan": plan_of(started)}
    meta = snapshot.sprint.meta.stored | {"approval": {"given": [given]}}
    studio.forge("sprint", meta=meta)

    studio.run("wk1")

    assert sprint().last_error == "approval_needed:before_build"


def test_a_switch_has_all_new_sprints_ask_and_no_sprint_may_say_otherwise(store, invoke):
    assert invoke("config", "set", "approvals", "before_build,before_ship").code == 0
    for name in ("wk1", "wk2"):
        studio.create(name)
    studio.edit("wk2", "ada", meta={"approvals": []})

    ended = [studio.run(name).sprint.last_error for name in ("wk1", "wk2")]

    assert ended == ["approval_needed:before_build"] * 2
