"""Move a sprint to the head of the queue. The place is kept in meta until the sprint ends."""

from datetime import datetime

from sprints.core.pause import noted, paused_by
from sprints.state.engine_meta import FIRST
from sprints.state.event_codes import EventCode
from sprints.state.event_format import stamp
from sprints.state.messages import Message, message
from sprints.state.snapshot import Snapshot
from sprints.state.transitions import MoveRefused, Transition


def move_first(snapshot: Snapshot, by: str, at: datetime) -> Transition:
    """Give the sprint its turn before all others, also before those that were moved earlier.

    Raises ``MoveRefused`` for a sprint that does not want a turn.
    """
    sprint = snapshot.sprint
    wants = sprint.status == "running" and not (snapshot.is_foreign or sprint.cancel_by)
    if not wants or snapshot.paused:
        raise MoveRefused(_why_not(snapshot))
    meta = sprint.meta.having(FIRST, stamp(at))
    return noted(snapshot, EventCode.MOVED_FIRST, meta, by)


def _why_not(snapshot: Snapshot) -> Message:
    """Return why the sprint has no place in the queue, and what to type to give it one."""
    sprint = snapshot.sprint
    about = {"sprint_id": sprint.sprint_id, "status": sprint.status}
    if sprint.status == "created":
        return message("refused.not_queued_yet", **about)
    if sprint.status == "running" and snapshot.paused and not sprint.cancel_by:
        return message("refused.not_queued_paused", paused_by=paused_by(snapshot), **about)
    return message("refused.not_queued", **about)
