"""Hold a sprint at its next step: by a pause, or at the end of a single requested round.

A hold is kept in meta, so it survives crashes and holds for every later runner.
"""

from datetime import datetime

from sprints.state.engine_meta import PAUSE, STEP, Pause, SprintMeta, Step
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.event_format import stamp
from sprints.state.messages import message
from sprints.state.refusals import RefusalCode
from sprints.state.row_changes import update_sprint
from sprints.state.snapshot import Snapshot
from sprints.state.transitions import MoveRefused, Transition, Update


def held(meta: SprintMeta, by: str, why: str, at: datetime) -> SprintMeta:
    """Return the meta with a pause from now on."""
    return meta.held(Pause(by, stamp(at), why))


def unpaused(snapshot: Snapshot) -> SprintMeta:
    """Return the meta without a pause; a step that is not over yet stays."""
    gone = (*PAUSE, STEP) if _is_between_steps(snapshot) else PAUSE
    return snapshot.sprint.meta.without(*gone)


def paused_by(snapshot: Snapshot) -> str:
    """Return who paused the sprint, since when and why, in words."""
    hold = snapshot.sprint.meta.pause or Pause("", None, "")
    by = hold.by or message("paused_by_settings")
    since = message("since", since_ts=hold.since_ts) if hold.since_ts else ""
    why = message("in_brackets", text=hold.why) if hold.why else ""
    return f"{by}{since}{why}"


def step(snapshot: Snapshot, begun: Transition | None, code: str, by: str) -> Transition:
    """Run the sprint to the end of its current round ``code``, and hold it there.

    ``begun`` is the start transition of a sprint that has not started. Raises ``MoveRefused``.
    """
    sprint = snapshot.sprint
    if snapshot.paused and not _is_between_steps(snapshot):
        about = {"sprint_id": sprint.sprint_id, "paused_by": paused_by(snapshot)}
        raise MoveRefused(message("refused.step", **about), RefusalCode.PAUSED)
    meta = unpaused(snapshot).having(STEP, Step(round_id=code, by=by))
    if begun is None:
        return noted(snapshot, EventCode.STEP_REQUESTED, meta, by, round_id=code)
    (row, *rounds), data = begun.changes, begun.data | {"one_round": code, "by": by}
    assert isinstance(row, Update), "a start begins with the sprint's own row"
    first = Update(row.row, row.id, row.only_from, row.values | {"meta": meta.stored})
    return Transition(begun.kind, begun.message, (first, *rounds), begun.round_id, data)


def go_on(snapshot: Snapshot) -> Transition | None:
    """Remove the hold after one round; None if there is none."""
    sprint = snapshot.sprint
    if sprint.meta.step is None or sprint.status != "running" or sprint.cancel_by:
        return None
    meta = unpaused(snapshot) if _is_between_steps(snapshot) else sprint.meta
    change = update_sprint(sprint.sprint_id, ("running",), {"meta": meta.without(STEP).stored})
    data = {"code": EventCode.STEP_CLEARED.value}
    return Transition(EventKind.NOTE, message("event.step_cleared"), (change,), data=data)


def hold_after_step(snapshot: Snapshot, at: datetime) -> Transition | None:
    """Hold the sprint at the end of its round if only this round was requested; else None."""
    asked = snapshot.sprint.meta.step
    if asked is None or asked.round_id != snapshot.current_round.code:
        return None
    by, code = asked.by, asked.round_id
    meta = held(snapshot.sprint.meta, by, message("reason.one_round", round_id=code), at)
    return noted(snapshot, EventCode.HELD_AFTER_STEP, meta, by, round_id=code)


def noted(
    snapshot: Snapshot, what: EventCode, meta: SprintMeta, by: str, **fields: str
) -> Transition:
    """Return a note by ``by`` with the new meta; ``fields`` are those of its message."""
    only_from = (snapshot.sprint.status,)
    change = update_sprint(snapshot.sprint_id, only_from, {"meta": meta.stored})
    data = {"code": what.value, "by": by}
    words = message(f"event.{what}", by=by, **fields)
    return Transition(EventKind.NOTE, words, (change,), data=data)


def _is_between_steps(snapshot: Snapshot) -> bool:
    """Return whether the sprint is held because the requested round has ended."""
    asked = snapshot.sprint.meta.step
    if asked is None or not snapshot.paused:
        return False
    return asked.round_id != snapshot.sprint.current_round
