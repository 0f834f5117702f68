"""Make the changes of rows: each kind of row has its own fields, which mypy checks.

A field that is not given stays unchanged in an update, and has its default in a new row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict, cast

from sprints.contract.json_types import JsonObject
from sprints.state.stop_reason import StopReason
from sprints.state.task_details import TaskDetails
from sprints.state.transitions import Create, Update
from sprints.state.wait_reason import Wait


class SprintFields(TypedDict, total=False):
    """The fields of a sprint's row."""

    sprint_id: str
    title: str
    status: str
    current_round: str | None
    artifacts_dir: str
    last_error: str | None
    stop_reason: JsonObject | None
    meta: JsonObject
    waiting: Wait | None
    contract: JsonObject
    attempt: int
    cancel_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    archived_at: datetime | None


class RoundFields(TypedDict, total=False):
    """The fields of a round's row."""

    sprint_id: str
    code: str
    title: str
    status: str
    started_at: datetime | None
    finished_at: datetime | None
    notes: list[str]
    overdue_note: str


class TaskFields(TypedDict, total=False):
    """The fields of a task's row."""

    round_id: str
    task_id: str
    title: str
    owner_agent: str
    status: str
    created_at: datetime
    updated_at: datetime
    attempt: int
    details: TaskDetails
    prompt: str
    reply: str


class GateRunFields(TypedDict, total=False):
    """The fields of a gate run's row."""

    round_id: str
    gate_id: str
    number: int
    attempt: int
    title: str
    command: list[str]
    required: bool
    digest: str
    status: str
    reason: str
    cause: str
    tree: str
    excerpt: str
    confined: str
    network: JsonObject
    exit_code: int | None
    duration_s: float | None
    started_at: datetime
    finished_at: datetime | None
    stdout_path: str
    stderr_path: str


class DeliveryFields(TypedDict, total=False):
    """The fields of a delivery's row."""

    hook_id: str
    point: str
    sprint_id: str
    place: str
    payload: str
    status: str
    tries: int
    failures: int
    reason: str
    exit_code: int | None
    http_status: int | None
    output: str
    duration_s: float | None
    created_at: datetime
    next_at: datetime | None
    finished_at: datetime | None
    owner: str
    until: datetime | None


Fields = SprintFields | RoundFields | TaskFields | GateRunFields | DeliveryFields
Statuses = Sequence[str]  # one of which the row must have; empty for any


def update_sprint(sprint_id: str, only_from: Statuses, values: SprintFields) -> Update:
    """Return new values for a sprint."""
    return _update("sprint", sprint_id, only_from, values)


def update_round(round_id: str, only_from: Statuses, values: RoundFields) -> Update:
    """Return new values for a round."""
    return _update("round", round_id, only_from, values)


def update_task(task_id: str, only_from: Statuses, values: TaskFields) -> Update:
    """Return new values for a task."""
    return _update("task", task_id, only_from, values)


def update_gate_run(run_id: str, only_from: Statuses, values: GateRunFields) -> Update:
    """Return new values for a gate run."""
    return _update("gate_run", run_id, only_from, values)


def update_delivery(delivery_id: str, only_from: Statuses, values: DeliveryFields) -> Update:
    """Return new values for a delivery."""
    return _update("delivery", delivery_id, only_from, values)


def create_sprint(sprint_id: str, values: SprintFields) -> Create:
    """Return a new sprint."""
    return Create("sprint", sprint_id, cast(JsonObject, values))


def create_round(round_id: str, values: RoundFields) -> Create:
    """Return a new round."""
    return Create("round", round_id, cast(JsonObject, values))


def create_task(task_id: str, values: TaskFields) -> Create:
    """Return a new task."""
    return Create("task", task_id, cast(JsonObject, values))


def create_gate_run(run_id: str, values: GateRunFields) -> Create:
    """Return a new gate run."""
    return Create("gate_run", run_id, cast(JsonObject, values))


def create_delivery(delivery_id: str, values: DeliveryFields) -> Create:
    """Return a new delivery."""
    return Create("delivery", delivery_id, cast(JsonObject, values))


def stop_values(reason: StopReason) -> SprintFields:
    """Return the values of a sprint that stops for this reason."""
    return {"last_error": reason.last_error(), "stop_reason": reason.to_json()}


def _update(row: str, row_id: str, only_from: Statuses, values: Fields) -> Update:
    return Update(row, row_id, tuple(only_from), cast(JsonObject, values))
