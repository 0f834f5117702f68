"""Test that the invariants hold with tasks of Agent 01, and that seeded faults are found."""

import json
from dataclasses import replace

import pytest

from sprints.contract.contract import DEFAULT_GATE, draft
from sprints.contract.git_values import Base
from sprints.core import assignment, decide, fix_loop
from sprints.modelcheck import successors
from sprints.modelcheck.explore import explore
from sprints.prompts.exchange import Exchange
from sprints.prompts.reply_format import parse
from tests.faults.table import SHORT
from tests.sprints.core.test_agent_tasks import LEAD
from tests.sprints.core.test_assignment import (
    BAD,
    IMPORTER,
    R1,
    R3,
    READER,
    REPORT,
    WRITER,
)

IN_R3 = replace(DEFAULT_GATE, rounds=(R3,))


def planned(*, fix_attempts=1, **meta):
    contract = draft(meta, [IN_R3], agents=[LEAD, READER, WRITER])
    return replace(contract, base=Base("main", "0" * 40), fix_attempts=fix_attempts)


CONTRACTS = {
    "tasks": planned(required_acks_by_round={R1: []}),
    "minutes that stop": planned(
        required_acks_by_round={R1: []}, round_deadline="stop", fix_attempts=0
    ),
}


@pytest.fixture(autouse=True)
def plans(monkeypatch):
    """A lead whose tasks cannot be taken at first, and that has a second pass."""
    heard = successors.exchange_of

    def speak(snapshot, action):
        if action.kind != "lead" or action.code not in (R1, R3):
            return heard(snapshot, action)
        asked = [task for task in snapshot.tasks if task.status == "in_progress"]
        tasks = [REPORT, IMPORTER] if asked[0].details.get("returned") else [REPORT, BAD]
        tasks = [IMPORTER] if action.code == R3 else tasks
        body = json.dumps({"tasks": [task.to_json() for task in tasks]})
        text = f"```json\n{body}\n```\nStatus: DONE\n"
        return Exchange(parse(text), text=text)

    monkeypatch.setattr(successors, "exchange_of", speak)


def test_every_promise_holds_where_the_minutes_of_a_round_stop_it():
    found = explore(CONTRACTS["minutes that stop"])

    assert found.findings == ()
    assert found.holds


def test_every_promise_holds_where_tasks_are_built_sent_back_and_polished(monkeypatch):
    asked = set()
    launch = decide._launch
    monkeypatch.setattr(decide, "_launch", lambda s, ask: asked.add(ask) or launch(s, ask))

    tasks = replace(CONTRACTS["tasks"], fix_attempts=0) if SHORT else CONTRACTS["tasks"]
    found = explore(tasks)

    assert found.findings == ()
    assert found.holds
    told = {(ask.kind, ask.task, ask.agent) for ask in asked if ask.task or ask.kind == "plan"}
    assert told == {
        ("plan", "", "agent_05"),
        ("plan", "", "agent_06"),
        ("build", "importer", "agent_05"),
        ("build", "report", "agent_06"),
        ("polish", "importer", "agent_05"),
        *([] if SHORT else [("fix", "report", "agent_06")]),
    }


def the_other_way_round(snapshot, spec):
    return [*reversed(ASKED_IN(snapshot, spec))]


def nobody_builds(snapshot, spec):
    return [ask for ask in ASKED_IN(snapshot, spec) if not ask.task]


ASKED_IN = assignment.asked_in
PLAN, GIVES = "builds as planned", "never gives up too soon"


@pytest.mark.parametrize(
    ("where", "name", "fault", "promise"),
    [
        (assignment, "asked_in", the_other_way_round, PLAN),
        (assignment, "asked_in", nobody_builds, PLAN),
        (fix_loop, "goes_back", lambda *args: False, GIVES),
    ],
    ids=["the other way round", "nobody builds", "nothing goes back"],
)
def test_a_fault_in_that_is_found(monkeypatch, where, name, fault, promise):
    monkeypatch.setattr(where, name, fault)

    found = explore(CONTRACTS["tasks"], most_states=20_000, until=promise)

    assert promise in {one.promise for one in found.findings}
