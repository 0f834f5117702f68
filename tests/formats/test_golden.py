"""Test that old stores and ours have one shape, and that old readers load both.

``golden`` holds what an earlier gateway wrote: ``wk8_demo`` succeeded, ``wk8_demo`` whose gate
ended with 3 in R3, every status word, and the fewest fields.
"""

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from tests.formats.histories import SPRINT

GOLDEN = Path(__file__).parents[1] / "golden"


class SprintStatus(Enum):
    CREATED = "created"
    RUNNING = "running"
    BLOCKED = "blocked"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"


class RoundStatus(Enum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    BLOCKED = "blocked"


class TaskStatus(Enum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    DONE = "done"
    CANCELLED = "cancelled"


class RoundId(Enum):
    R0 = "R0_SETUP"
    R1 = "R1_CONTRACTS"
    R2 = "R2_PLAN_CONFIRM"
    R3 = "R3_BUILD_A_INTEGRATE"
    R4 = "R4_BUILD_B_POLISH"
    R5 = "R5_RELEASE_CANDIDATE"


@dataclass
class Task:
    task_id: str
    title: str
    owner_agent: str
    status: TaskStatus
    created_ts: str
    updated_ts: str
    details: dict

    def __post_init__(self):
        self.status = TaskStatus(self.status)


@dataclass
class Round:
    round_id: RoundId
    title: str
    status: RoundStatus
    started_ts: str | None
    finished_ts: str | None
    notes: list
    tasks: dict

    def __post_init__(self):
        self.round_id, self.status = RoundId(self.round_id), RoundStatus(self.status)
        self.tasks = {key: Task(**value) for key, value in self.tasks.items()}


@dataclass
class Gate:
    gate_id: str
    title: str
    command: list
    required: bool
    started_ts: str
    finished_ts: str | None
    exit_code: int | None
    stdout_path: str
    stderr_path: str


@dataclass
class Sprint:
    sprint_id: str
    title: str
    created_ts: str
    status: SprintStatus
    current_round: RoundId | None
    rounds: dict
    gates: dict
    artifacts_dir: str
    last_error: str | None
    meta: dict

    def __post_init__(self):
        self.status = SprintStatus(self.status)
        self.current_round = self.current_round and RoundId(self.current_round)
        self.rounds = {RoundId(key): Round(**value) for key, value in self.rounds.items()}
        self.gates = {key: Gate(**value) for key, value in self.gates.items()}


def read_as_before(text: str) -> dict[str, Sprint]:
    """An old reader: it knows these keys and these words, and raises for any other."""
    return {key: Sprint(**value) for key, value in json.loads(text)["sprints"].items()}


def shape(value, key=""):
    """Keys and types, all the way down; a time, a path and a task are one of a kind each."""
    if key == "tasks":
        return "tasks"
    if isinstance(value, dict):
        return {inner: shape(value[inner], inner) for inner in value}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if isinstance(value, str) and (key == "ts" or key.endswith("_ts")):
        return "time"
    if isinstance(value, str) and key.endswith(("_path", "_dir")):
        return "path"
    return type(value).__name__


def golden(name):
    state = (GOLDEN / name / "state.json").read_text()
    events = (GOLDEN / name / "events.jsonl").read_text().splitlines()
    return json.loads(state)["sprints"][SPRINT], [json.loads(line) for line in events]


def completed(text: str) -> str:
    """A sparse store as old readers took it: what is missing has its empty value."""
    sprints = json.loads(text)["sprints"]
    for sprint in sprints.values():
        of_sprint: dict[str, Any] = {
            "title": "", "status": "created", "current_round": None, "rounds": {}, "gates": {},
            "artifacts_dir": "", "last_error": None, "meta": {},
        }  # fmt: skip
        fill(sprint, of_sprint)
        for round_ in sprint["rounds"].values():
            fill(round_, {"title": "", "status": "pending", "notes": [], "tasks": {}} | NEVER)
            for key, task in round_["tasks"].items():
                fill(task, {"task_id": key, "title": "", "owner_agent": "", "status": "pending"})
                fill(task, {"created_ts": "", "updated_ts": "", "details": {}})
        for gate in sprint["gates"].values():
            fill(gate, {"title": "", "command": [], "required": True, "finished_ts": None})
            fill(gate, {"exit_code": None, "stdout_path": "", "stderr_path": ""})
    return json.dumps({"sprints": sprints})


NEVER = {"started_ts": None, "finished_ts": None}


def fill(target: dict, defaults: dict) -> None:
    """Put in what is missing."""
    target |= defaults | target


def of_the_sprint(events, kinds):
    """The sprint's events of the kinds that the old gateway knew."""
    return [event for event in events if event["sprint_id"] == SPRINT and event["kind"] in kinds]


def test_the_old_reader_loads_every_word_that_an_old_store_can_hold():
    sprints = read_as_before((GOLDEN / "synthetic_all_enums" / "state.json").read_text()).values()

    rounds = [one for sprint in sprints for one in sprint.rounds.values()]
    tasks = [task for one in rounds for task in one.tasks.values()]
    assert {sprint.status for sprint in sprints} == set(SprintStatus)
    assert {one.status for one in rounds} == set(RoundStatus)
    assert {one.round_id for one in rounds} == set(RoundId)
    assert {task.status for task in tasks} == set(TaskStatus)


def test_we_write_no_word_that_an_old_reader_does_not_know():
    from sprints import models
    from sprints.contract.contract import CODES

    assert set(models.Sprint.Status) == {word.value for word in SprintStatus}
    assert set(models.Round.Status) == {word.value for word in RoundStatus}
    assert set(models.Task.Status) == {word.value for word in TaskStatus}
    assert set(CODES) == {word.value for word in RoundId}


def test_a_store_with_the_fewest_fields_is_read_once_the_empty_ones_are_filled_in():
    sprints = read_as_before(completed((GOLDEN / "minimal_fields" / "state.json").read_text()))

    assert sprints["m1"].status == SprintStatus.CREATED
    assert sprints["m2"].current_round == RoundId.R3
    assert sprints["m2"].rounds[RoundId.R3].tasks["t"].status == TaskStatus.PENDING
    assert sprints["m2"].gates["g"].exit_code is None


@pytest.mark.parametrize(("name", "status"), [("succeeded", "succeeded"), ("failed", "failed")])
def test_the_old_reader_loads_the_old_stores(name, status):
    sprints = read_as_before((GOLDEN / name / "state.json").read_text())

    assert sprints[SPRINT].status == SprintStatus(status)


def test_the_old_reader_loads_a_sprint_that_succeeded(green):
    sprint = read_as_before(green.state_text)[SPRINT]

    assert (sprint.status, sprint.current_round) == (SprintStatus.SUCCEEDED, None)
    assert [value.status for value in sprint.rounds.values()] == [RoundStatus.DONE] * 6
    assert sprint.gates["qa_smoke_quick"].exit_code == 0


def test_the_old_reader_loads_a_sprint_that_failed(red):
    sprint = read_as_before(red.state_text)[SPRINT]

    assert (sprint.status, sprint.current_round) == (SprintStatus.FAILED, RoundId.R3)
    assert sprint.rounds[RoundId.R3].status == RoundStatus.BLOCKED


@pytest.mark.parametrize("acts", [[], ["step"], ["step", "cancel"], ["cancel"]], ids=" ".join)
def test_the_old_reader_loads_a_sprint_at_any_point(store, invoke, acts):
    for act in ("create", *acts):
        assert invoke("sprint", act, "s1").code == 0

    sprint = read_as_before(store.state.read_text())["s1"]

    expected = {"create": "created", "step": "running", "cancel": "cancelled"}
    assert sprint.status == SprintStatus(expected[["create", *acts][-1]])


@pytest.mark.parametrize(
    ("path", "word"),
    [
        (["status"], "paused"),
        (["current_round"], "R6_PARTY"),
        (["rounds", "R3_BUILD_A_INTEGRATE", "status"], "failed"),
        (["rounds", "R3_BUILD_A_INTEGRATE", "round_id"], "R3"),
    ],
    ids=lambda part: ".".join(part) if isinstance(part, list) else part,
)
def test_the_old_reader_is_strict(green, path, word):
    state = json.loads(green.state_text)
    *parents, last = path
    target = state["sprints"][SPRINT]
    for key in parents:
        target = target[key]
    target[last] = word

    with pytest.raises(ValueError, match="is not a valid"):
        read_as_before(json.dumps(state))


def test_a_sprint_that_succeeded_has_the_same_shape_and_facts(green):
    old, _ = golden("succeeded")
    ours = green.sprint

    assert shape(ours) == shape(old)
    for key in ("sprint_id", "title", "status", "current_round", "last_error", "meta"):
        assert ours[key] == old[key], key
    for code, value in old["rounds"].items():
        assert ours["rounds"][code]["notes"] == value["notes"]
        assert ours["rounds"][code]["title"] == value["title"]
        assert ours["rounds"][code]["status"] == value["status"]
    for key in ("gate_id", "title", "command", "required", "exit_code"):
        assert ours["gates"]["qa_smoke_quick"][key] == old["gates"]["qa_smoke_quick"][key], key


def test_a_sprint_that_failed_has_the_same_shape_but_for_the_round_that_failed(red):
    """The old gateway closed the round of a red gate, ``round_done`` and all, and pointed at the
    next one; it had no later rounds yet. Now the round that failed is blocked and the sprint
    stays there, and every later round stands there, pending.
    """
    old, _ = golden("failed")
    ours = red.sprint
    r3, r4, r5 = "R3_BUILD_A_INTEGRATE", "R4_BUILD_B_POLISH", "R5_RELEASE_CANDIDATE"

    assert (old["current_round"], ours["current_round"]) == (r4, r3)
    old_r3, our_r3 = old["rounds"].pop(r3), ours["rounds"].pop(r3)
    assert (old_r3["status"], old_r3["notes"]) == ("done", ["acks_collected=[]"])
    assert (our_r3["status"], our_r3["notes"]) == ("blocked", [])
    assert shape(our_r3 | {"notes": [""]}) == shape(old_r3)

    old_r4, our_r4, our_r5 = old["rounds"][r4], ours["rounds"][r4], ours["rounds"].pop(r5)
    assert our_r4 == old_r4
    assert our_r5 == old_r4 | {"round_id": r5, "title": "Release candidate"}

    exit_code = ours["gates"]["qa_smoke_quick"]["exit_code"]
    stopped = {"code": "gate_failed", "gate_id": "qa_smoke_quick", "exit_code": exit_code}
    assert ours["meta"].pop("stop_reason") == stopped  # a key that old readers skip
    assert shape(ours) == shape(old)
    for key in ("sprint_id", "title", "status", "last_error", "meta"):
        assert ours[key] == old[key], key
    assert ours["gates"]["qa_smoke_quick"]["exit_code"] == 3


def test_a_green_run_tells_the_same_events_in_the_same_order(green):
    """Only the last message is another: ``sprint succeeded``, without the ``(MVP)`` of old."""
    _, old = golden("succeeded")
    kinds = {event["kind"] for event in old}
    before, now = of_the_sprint(old, kinds), of_the_sprint(green.events, kinds)

    assert before[-1]["message"] == "sprint succeeded (MVP)"
    assert now[-1]["message"] == "sprint succeeded"
    assert len(now) == 19
    for key in ("kind", "round_id", "sprint_id"):
        assert [event[key] for event in now] == [event[key] for event in before]
    assert [event["message"] for event in now[:-1]] == [event["message"] for event in before[:-1]]


def test_a_red_run_tells_the_same_events_but_for_the_round_that_is_not_done(red):
    """The old gateway told ``round_done`` after the error; a round with a red gate is not done."""
    _, old = golden("failed")
    kinds = {event["kind"] for event in old}
    before, now = of_the_sprint(old, kinds), of_the_sprint(red.events, kinds)

    assert (before[-1]["kind"], before[-1]["round_id"]) == ("round_done", "R3_BUILD_A_INTEGRATE")
    for key in ("kind", "round_id", "message"):
        assert [event[key] for event in now] == [event[key] for event in before[:-1]]


@pytest.mark.parametrize(("name", "ours"), [("succeeded", "green"), ("failed", "red")])
def test_every_key_of_an_old_event_is_there_with_its_type(request, name, ours):
    """Additions are additive: of each old event, ours has every key and every datum."""
    _, old = golden(name)
    kinds = {event["kind"] for event in old}
    events = request.getfixturevalue(ours).events
    pairs = zip(of_the_sprint(old, kinds), of_the_sprint(events, kinds), strict=False)

    for before, now in [(old[0], events[0]), *pairs]:
        assert now["kind"] == before["kind"]
        for key in before.keys() - {"data"}:
            assert type(now[key]) is type(before[key]), key
        for key, value in before["data"].items():
            assert shape(now["data"][key]) == shape(value), (before["kind"], key)


def test_the_store_itself_is_told_first_as_before(green):
    _, old = golden("succeeded")

    first = green.events[0]
    for key in ("kind", "message", "sprint_id", "round_id"):
        assert first[key] == old[0][key], key
