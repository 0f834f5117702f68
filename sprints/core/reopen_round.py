"""Reopen a round after an operator has answered, approved, raised a budget or retried."""

from sprints.state.snapshot import Snapshot
from sprints.state.transitions import Update


def reopened(snapshot: Snapshot) -> Update:
    """Return the change that reopens the blocked round. The note that the round is over its
    minutes goes, so that the engine can warn again.
    """
    now = snapshot.current_round
    notes = [note for note in now.notes if note != now.overdue_note or not now.overdue_note]
    values = {"status": "pending", "started_at": None, "finished_at": None, "notes": notes}
    return Update("round", now.id, ("blocked",), values | {"overdue_note": ""})
