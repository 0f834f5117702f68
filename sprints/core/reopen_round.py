"""Reopen a round after an operator has answered, approved, raised a budget or retried."""

from sprints.state.engine_meta import SprintMeta
from sprints.state.row_changes import RoundFields, SprintFields, update_round
from sprints.state.snapshot import Snapshot, SprintValue
from sprints.state.transitions import Update


def reopened(snapshot: Snapshot) -> Update:
    """Return the change that reopens the blocked round. The note that the round is over its
    minutes goes, so that the engine can warn again.
    """
    now = snapshot.current_round
    notes = [note for note in now.notes if note != now.overdue_note or not now.overdue_note]
    values: RoundFields = {"status": "pending", "started_at": None, "finished_at": None}
    return update_round(now.id, ("blocked",), {**values, "notes": notes, "overdue_note": ""})


def cleared(sprint: SprintValue) -> SprintFields:
    """Return the values of a sprint's row that goes on: no longer stopped for any reason."""
    values: SprintFields = {"last_error": None}
    if sprint.stop_reason:
        values["stop_reason"] = None
    return values


def with_meta(sprint: SprintValue, meta: SprintMeta) -> SprintFields:
    """Return the values of a row with another ``meta``, in which the reason stays in the file."""
    values: SprintFields = {"meta": meta.stored}
    if sprint.stop_reason:
        values["stop_reason"] = sprint.stop_reason
    return values
