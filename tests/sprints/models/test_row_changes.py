"""The typed changes of rows name the fields that the tables have."""

import pytest

from sprints.models.row_types import MODELS
from sprints.state import row_changes
from sprints.state.row_changes import stop_values, update_sprint
from sprints.state.stop_reason import StopCode, StopReason
from sprints.state.transitions import Create, Update

TYPES = {
    "sprint": row_changes.SprintFields,
    "round": row_changes.RoundFields,
    "task": row_changes.TaskFields,
    "gate_run": row_changes.GateRunFields,
    "delivery": row_changes.DeliveryFields,
}


@pytest.mark.parametrize("row", MODELS)
def test_every_field_of_a_change_is_a_column(row):
    columns = {field.attname for field in MODELS[row]._meta.concrete_fields}

    assert TYPES[row].__annotations__.keys() <= columns


@pytest.mark.parametrize("row", MODELS)
def test_a_change_names_its_row_its_guard_and_no_other_values(row):
    update, create = (getattr(row_changes, f"{act}_{row}") for act in ("update", "create"))

    assert update("s1/x", ["running"], {"status": "done"}) == Update(
        row, "s1/x", ("running",), {"status": "done"}
    )
    assert create("s1/x", {"status": "done"}) == Create(row, "s1/x", {"status": "done"})


def test_a_stop_has_its_text_and_its_code():
    reason = StopReason(StopCode.CANCELLED, by="ada")

    values = update_sprint("s1", (), stop_values(reason)).values

    assert values == {"last_error": reason.last_error(), "stop_reason": reason.to_json()}
