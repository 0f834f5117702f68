"""Move a sprint to the head of the queue. The place is kept in meta until the sprint ends."""

from datetime import datetime

from sprints.core.pause import noted
from sprints.state.engine_meta import FIRST
from sprints.state.event_codes import EventCode
from sprints.state.event_format import stamp
from sprints.state.messages import message
from sprints.state.snapshot import Snapshot
from sprints.state.transitions import MoveRefused, Transition


def move_first(snapshot: Snapshot, by: str, at: datetime) -> Transition:
    """Give the sprint its turn before all others, also before those that were moved earlier.

    Raises ``MoveRefused`` for a sprint that does not want a turn.
    """
    sprint = snapshot.sprint
    wants = sprint.status == "running" and not (snapshot.is_foreign or sprint.cancel_by)
    if not wants or snapshot.paused:
        about = {"sprint_id": sprint.sprint_id, "status": sprint.status}
        raise MoveRefused(message("refused.not_queued", **about))
    meta = sprint.meta.having(FIRST, stamp(at))
    return noted(snapshot, EventCode.MOVED_FIRST, meta, by)
