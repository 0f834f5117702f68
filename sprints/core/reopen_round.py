"""Reopen a round after an operator has answered, approved, raised a budget or retried."""

from sprints.contract.json_types import JsonObject
from sprints.state.engine_meta import SprintMeta
from sprints.state.snapshot import Snapshot, SprintValue
from sprints.state.transitions import Update


def reopened(snapshot: Snapshot) -> Update:
    """Return the change that reopens the blocked round. The note that the round is over its
    minutes goes, so that the engine can warn again.
    """
    now = snapshot.current_round
    notes = [note for note in now.notes if note != now.overdue_note or not now.overdue_note]
    values = {"status": "pending", "started_at": None, "finished_at": None, "notes": notes}
    return Update("round", now.id, ("blocked",), values | {"overdue_note": ""})


def cleared(sprint: SprintValue) -> JsonObject:
    """Return the values of a sprint's row that goes on: no longer stopped for any reason."""
    values: JsonObject = {"last_error": None}
    return values | ({"stop_reason": None} if sprint.stop_reason else {})


def with_meta(sprint: SprintValue, meta: SprintMeta) -> JsonObject:
    """Return the values of a row with another ``meta``, in which the reason stays in the file."""
    values: JsonObject = {"meta": meta.stored}
    return values | ({"stop_reason": sprint.stop_reason} if sprint.stop_reason else {})
