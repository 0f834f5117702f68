"""Load a sprint as frozen values from its rows, all of one version."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import TypeVar

from django.db.models import Model

from gates.models import GateRun
from sprints.contract.contract import Contract
from sprints.contract.json_types import JsonObject
from sprints.models import Delivery, Round, Sprint, Task
from sprints.state.engine_meta import SprintMeta
from sprints.state.snapshot import (
    DeliveryValue,
    GateRunValue,
    RoundValue,
    Snapshot,
    SprintValue,
    TaskValue,
    as_state,
)

Value = TypeVar("Value", SprintValue, RoundValue, TaskValue, GateRunValue, DeliveryValue)


def consistent(sprint_id: str) -> JsonObject:
    """Return the sprint as in state.json, from rows of one version.

    The rows are read again if the version changes meanwhile.
    """
    while True:
        sprint = Sprint.objects.defer("contract").get(pk=sprint_id)
        whole = as_state(
            sprint,
            Round.objects.filter(sprint=sprint_id),
            Task.objects.filter(round__sprint=sprint_id).defer("prompt", "reply"),
            GateRun.objects.filter(round__sprint=sprint_id),
        )
        version = Sprint.objects.values_list("version", flat=True).get(pk=sprint_id)
        if version == sprint.version:
            return whole


def load(sprint_id: str, at: datetime) -> Snapshot:
    """Return the sprint from its rows. Raises ``Sprint.DoesNotExist``."""
    sprint = Sprint.objects.get(pk=sprint_id)
    contract = Contract.from_json(sprint.contract) if sprint.contract else None
    waited_for = Delivery.objects.filter(sprint_id=sprint_id).exclude(place="")
    return Snapshot(
        sprint=_value(SprintValue, sprint),
        rounds=_all(RoundValue, Round.objects.filter(sprint=sprint_id)),
        tasks=_all(TaskValue, Task.objects.filter(round__sprint=sprint_id)),
        gate_runs=_all(GateRunValue, GateRun.objects.filter(round__sprint=sprint_id)),
        contract=contract,
        version=sprint.version,
        at=at,
        deliveries=_all(DeliveryValue, waited_for) if contract and contract.hooks else (),
    )


def _value(kind: type[Value], row: Model) -> Value:
    values = {one.name: getattr(row, one.name) for one in fields(kind)}
    if "meta" in values:
        values["meta"] = SprintMeta(values["meta"])
    return kind(**values)


def _all(kind: type[Value], rows: Iterable[Model]) -> tuple[Value, ...]:
    return tuple(_value(kind, row) for row in rows)
