"""Name the model of each kind of row in the state."""

from django.db.models import Field

from gates.models import GateRun
from sprints.models.hook import Delivery
from sprints.models.round import Round
from sprints.models.sprint import Sprint
from sprints.models.task import Task

RowModel = Sprint | Round | Task | GateRun | Delivery

MODELS: dict[str, type[RowModel]] = {
    "sprint": Sprint,
    "round": Round,
    "task": Task,
    "gate_run": GateRun,
    "delivery": Delivery,
}


def field_of(row: str, name: str) -> "Field[object, object]":
    """Return that field of the row's model. Raises ``FieldDoesNotExist``."""
    field = MODELS[row]._meta.get_field(name)
    assert isinstance(field, Field), "a row has no reversed relations"
    return field
