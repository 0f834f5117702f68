"""Test that today's engine decides as recorded for every stored sprint."""

import json

import pytest

from sprints.contract.hook_spec import HookDefinition
from sprints.definitions import hooks
from sprints.models import Event
from sprints.replay import replay as engine
from tests import studio
from tests.sprints.bad_inputs.refusals import complaint, rows
from tests.sprints.operations.test_export import GOLDEN


@pytest.fixture
def lived(store):
    """Sprints that succeeded, were retried, stepped, paused, cancelled, blocked, and two gates."""
    studio.create("wk1", brief="Ünïcode")
    studio.run("wk1")
    studio.gate("false", gate_id="lint", required=False)
    studio.gate("false")
    studio.create("wk2", gates_at_once=2)
    studio.run("wk2")
    studio.gate("true")
    studio.retry("wk2")
    studio.create("wk3")
    studio.step("wk3", "sam")
    studio.run("wk3")
    studio.create("wk4")
    studio.run("wk4", one_round=True)
    studio.pause("wk4", "sam", "lunch")
    studio.edit("wk4", "sam", title="Other", meta={"mine": 1})
    studio.cancel("wk4", "sam")
    hook = HookDefinition(
        "ask", "command", ("gate_start", "round_done"), ("false",), tries=1, blocking=True
    )
    hooks.put(hook)
    studio.create("wk5")
    studio.run("wk5")
    studio.archive(["wk1"], "sam")
    studio.create("wk6")
    studio.cancel("wk6", "sam")
    studio.settle_files()
    return store


def test_what_was_done_would_be_done_again(lived, invoke):
    before = rows()

    said = invoke("replay", "--json")

    found = json.loads(said.out)
    assert (said.code, found["divergence"]) == (0, None)
    told = Event.objects.exclude(sprint_id=None).count()
    assert (found["sprints"], found["skipped"], found["events"]) == (6, 0, told)
    assert rows() == before
    assert invoke("replay").out.startswith(f"the same: 6 sprints, {told} events")
    assert invoke("replay", "wk2", "wk3").out.startswith("the same: 2 sprints, ")


def forged(of_kind, sprint_id, which, **changes):
    """An event that tells otherwise what was done; its chain is of no concern here."""
    row = list(Event.objects.filter(kind=of_kind, sprint_id=sprint_id).order_by("seq"))[which]
    body = row.body
    for key, value in changes.items():
        body[key] = value(body[key]) if callable(value) else value
    studio.forge("event", row.pk, line=json.dumps(body, sort_keys=True))
    return row.pk


def test_a_gate_that_had_said_no_would_end_the_sprint(lived, invoke):
    no = {"verdict": "failed", "exit_code": 1, "reason": "exit code 1"}
    seq = forged(
        "gate_finished",
        "wk1",
        0,
        data=lambda data: data | no,
        message="gate finished: qa_smoke_quick exit_code=1",
        change=lambda ops: [
            op | {"value": 1} if op["path"].endswith("exit_code") else op for op in ops
        ],
    )

    said = invoke("replay", "wk1", "--json")

    found = json.loads(said.out)["divergence"]
    assert said.code == 1
    assert (found["sprint_id"], found["seq"], found["what"]) == ("wk1", seq + 1, "kind")
    assert (found["recorded"], found["today"]) == ("round_done", "error")


@pytest.mark.parametrize(
    ("kind", "changes", "what", "words"),
    [
        ("round_started", {"round_id": "R1_CONTRACTS"}, "round_id", "R1_CONTRACTS"),
        ("gate_started", {"data": lambda d: d | {"number": 7}}, "data", '"number": 7'),
        ("task_done", {"change": lambda ops: ops[:-1]}, "change", "details"),
        ("task_done", {"kind": "note"}, "event", "Ask("),
    ],
)
def test_each_event_is_held_against_what_would_be_told_today(
    lived, invoke, kind, changes, what, words
):
    seq = forged(kind, "wk2", -1, **changes)

    said = invoke("replay", "wk1", "wk2")

    assert said.code == 1
    first, recorded, today = said.out.splitlines()
    assert first == f"diverges: sprint wk2, event {seq}: {what}"
    assert words in recorded + today


def test_an_engine_that_decides_otherwise_is_found(lived, invoke, monkeypatch):
    decide = engine.decide

    def hasty(snapshot, attended=()):
        action = decide(snapshot, attended)
        return None if type(action).__name__ == "FinishRound" else action

    monkeypatch.setattr(engine, "decide", hasty)

    said = invoke("replay")

    assert said.code == 1
    assert "recorded: round done: R0_SETUP" in said.out
    assert "today:    nothing" in said.out


def test_an_engine_that_falls_over_is_found(lived, invoke, monkeypatch):
    def falls(*args):
        raise LookupError("no such round")

    monkeypatch.setattr(engine, "reduce", falls)

    said = invoke("replay")

    assert said.code == 1
    assert "today:    the engine falls over: LookupError: no such round" in said.out


def test_what_came_from_another_gateway_is_not_judged(store, invoke):
    studio.import_store(GOLDEN / "synthetic_all_enums")

    found = json.loads(invoke("replay", "--json").out)

    assert (found["sprints"], found["skipped"], found["divergence"]) == (0, 6, None)
    assert "skipped 6 imported sprints" in invoke("replay").out


def test_an_unknown_sprint_is_one_line(store, invoke):
    assert complaint(invoke("replay", "wk9")) == "no sprint wk9; see: studio-gateway sprint list"
