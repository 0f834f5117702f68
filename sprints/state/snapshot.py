"""Hold a sprint as frozen values: the input of the core, and the source of state.json."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TypeVar

from gates.verdict import RUNNING
from sprints.contract.contract import Contract
from sprints.contract.json_types import JsonMapping, JsonObject
from sprints.state import version0
from sprints.state.engine_meta import SprintMeta
from sprints.state.messages import message
from sprints.state.state_mapping import fragment
from sprints.state.stop_reason import StopCode, StopReason
from sprints.state.task_details import TaskDetails
from sprints.state.transitions import Change, Create, MoveRefused, Transition, Update
from sprints.state.wait_reason import Wait


def stopped_for(stop_reason: JsonMapping | None, last_error: str | None) -> StopReason | None:
    """Return why a sprint stopped, from its row; None where it has not stopped.

    Its ``last_error`` is read only where a version before codes, a later version or another
    gateway has stopped it.
    """
    if last_error is not None and stop_reason:
        with suppress(ValueError):
            return StopReason.from_json(stop_reason)
    return version0.stop_reason_of(last_error)


@dataclass(frozen=True, slots=True)
class RoundValue:
    """A row of Round."""

    id: str
    code: str
    title: str
    status: str = "pending"
    started_at: datetime | None = None
    finished_at: datetime | None = None
    notes: list[str] | tuple[str, ...] = ()
    overdue_note: str = ""
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskValue:
    """A row of Task."""

    id: str
    round_id: str
    task_id: str
    title: str
    owner_agent: str
    status: str
    created_at: datetime
    updated_at: datetime
    attempt: int
    details: TaskDetails
    prompt: str = ""
    reply: str = ""
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GateRunValue:
    """A row of GateRun."""

    id: str
    round_id: str
    gate_id: str
    number: int
    attempt: int
    title: str
    command: list[str]
    required: bool
    digest: str
    started_at: datetime
    stdout_path: str
    stderr_path: str
    status: str = RUNNING
    reason: str = ""
    cause: str = ""
    tree: str = ""
    excerpt: str = ""
    confined: str = ""
    network: JsonObject = field(default_factory=dict)
    exit_code: int | None = None
    duration_s: float | None = None
    finished_at: datetime | None = None
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeliveryValue:
    """A row of Delivery for which the sprint waits."""

    id: str
    hook_id: str
    point: str
    place: str
    payload: str
    status: str
    tries: int
    created_at: datetime
    failures: int = 0
    reason: str = ""
    exit_code: int | None = None
    output: str = ""
    duration_s: float | None = None
    next_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SprintValue:
    """A row of Sprint, with the fields that the core may read."""

    sprint_id: str
    title: str
    status: str
    current_round: str | None
    artifacts_dir: str
    last_error: str | None
    meta: SprintMeta
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: int
    contract: JsonObject | None
    cancel_by: str
    waiting: Wait | None = None
    archived_at: datetime | None = None
    extra: JsonObject = field(default_factory=dict)
    stop_reason: JsonObject | None = None

    @property
    def stopped_for(self) -> StopReason | None:
        """Why it stopped; None where it has not."""
        return stopped_for(self.stop_reason, self.last_error)


Child = RoundValue | TaskValue | GateRunValue | DeliveryValue
Row = SprintValue | Child
OneRow = TypeVar("OneRow", bound=Row)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A sprint and its rows at one ``version``; ``at`` is the time of that version."""

    sprint: SprintValue
    rounds: tuple[RoundValue, ...]
    tasks: tuple[TaskValue, ...]
    gate_runs: tuple[GateRunValue, ...]
    contract: Contract | None
    version: int
    at: datetime
    deliveries: tuple[DeliveryValue, ...] = ()

    @property
    def sprint_id(self) -> str:
        """Return the sprint's id."""
        return self.sprint.sprint_id

    @property
    def round_if_any(self) -> RoundValue | None:
        """Return the current or next round; None if there is none."""
        for value in self.rounds:
            if value.code == self.sprint.current_round:
                return value
        return None

    def stopped_with(self, *codes: StopCode) -> bool:
        """Return whether the sprint has stopped for one of these reasons."""
        reason = self.sprint.stopped_for
        return reason is not None and reason.code in codes

    @property
    def paused(self) -> bool:
        """Return whether an operator holds the sprint at its next step."""
        return self.sprint.meta.pause is not None

    @property
    def is_foreign(self) -> bool:
        """Return whether the sprint was imported after its start and never ran here."""
        status, begun = self.sprint.status, self.sprint.current_round is not None
        return self.contract is None and status != "created" and (begun or status != "cancelled")

    @property
    def current_round(self) -> RoundValue:
        """Return the current round; every running sprint has one."""
        assert self.round_if_any is not None, "a running sprint is in a round"
        return self.round_if_any

    @property
    def started_contract(self) -> Contract:
        """Return the contract of a sprint that has been started."""
        assert self.contract is not None, "a started sprint has a contract"
        return self.contract

    def tasks_of(self, round_id: str) -> tuple[TaskValue, ...]:
        """Return the tasks of that round in this attempt."""
        mine = self.sprint.attempt
        return tuple(t for t in self.tasks if t.round_id == round_id and t.attempt == mine)

    def runs_of(self, round_id: str, gate_id: str) -> tuple[GateRunValue, ...]:
        """Return the runs of that gate in that round in this attempt, oldest first."""
        return tuple(
            run
            for run in self.gate_runs
            if (run.round_id, run.gate_id) == (round_id, gate_id)
            and run.attempt == self.sprint.attempt
        )

    def next_number(self, gate_id: str) -> int:
        """Return the number of the gate's next run in this sprint."""
        return 1 + max((r.number for r in self.gate_runs if r.gate_id == gate_id), default=0)

    def state(self) -> JsonObject:
        """Return the sprint as in state.json."""
        return as_state(self.sprint, self.rounds, self.tasks, self.gate_runs)


def as_state(
    sprint: object,
    rounds: Iterable[object],
    tasks: Iterable[object],
    gate_runs: Iterable[object],
) -> JsonObject:
    """Return the sprint as in state.json, from values or from rows; runs come oldest first."""
    whole = fragment("sprint", _values(sprint))
    codes = {}
    for value in map(_values, rounds):
        whole["rounds"][value["code"]] = fragment("round", value)
        codes[value["id"]] = value["code"]
    for task in map(_values, tasks):
        tasks_of = whole["rounds"][codes[task["round_id"]]]["tasks"]
        tasks_of[task["task_id"]] = fragment("task", task)
    for run in map(_values, gate_runs):
        whole["gates"][run["gate_id"]] = fragment("gate_run", run)
    return whole


def _values(row: object) -> JsonObject:
    """Return the fields of a value, or of a row of the database, by name."""
    if isinstance(row, Row):
        return {one.name: getattr(row, one.name) for one in fields(row)}
    return dict(row.__dict__)


def evolve(snapshot: Snapshot, moves: Sequence[Transition], at: datetime) -> Snapshot:
    """Return the snapshot after ``moves``, as ``record`` would leave the rows, at the same version.

    Raises ``MoveRefused`` if a guard does not hold.
    """
    for move in moves:
        for change in move.changes:
            snapshot = _changed(snapshot, change)
    return replace(snapshot, at=at)


_KINDS: dict[str, tuple[str, type[Child]]] = {
    "round": ("rounds", RoundValue),
    "task": ("tasks", TaskValue),
    "gate_run": ("gate_runs", GateRunValue),
    "delivery": ("deliveries", DeliveryValue),
}


_NAMES = {kind: {one.name for one in fields(kind)} for _, kind in _KINDS.values()}


def _changed(snapshot: Snapshot, change: Change) -> Snapshot:
    if change.row == "sprint":
        assert not isinstance(change, Create), "a snapshot begins with its sprint"
        sprint, contract = _updated(snapshot.sprint, change), snapshot.contract
        if "contract" in change.values:
            contract = Contract.from_json(change.values["contract"])
        return replace(snapshot, sprint=sprint, contract=contract)
    name, kind = _KINDS[change.row]
    rows: tuple[Child, ...] = getattr(snapshot, name)
    if isinstance(change, Create):
        values = {key: value for key, value in change.values.items() if key in _NAMES[kind]}
        rows = (*rows, kind(id=change.id, **values))
    else:
        rows = tuple(_updated(row, change) if row.id == change.id else row for row in rows)
    return replace(snapshot, **JsonObject({name: rows}))


def _updated(row: OneRow, change: Update) -> OneRow:
    if change.only_from and row.status not in change.only_from:
        wanted = change.values.get("status", "changed")
        raise MoveRefused(
            message(
                "refused.row_status",
                row=change.row,
                id=change.id,
                wanted=wanted,
                status=row.status,
            )
        )
    values = change.values
    if "meta" in values:
        values = values | {"meta": SprintMeta(values["meta"])}
    return replace(row, **values)
