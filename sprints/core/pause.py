"""Hold a sprint at its next step: by a pause, or at the end of a single requested round.

A hold is kept in meta, so it survives crashes and holds for every later runner.
"""

from datetime import datetime

from sprints.contract.json_types import JsonObject
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.event_format import stamp
from sprints.state.messages import message
from sprints.state.refusals import RefusalCode
from sprints.state.snapshot import Snapshot
from sprints.state.transitions import MoveRefused, Transition, Update

PAUSE = (
    "automation_paused",
    "paused_by",
    "paused_ts",
    "paused_why",
)  # keys in meta while held
STEP = "pause_after"  # key in meta of a sprint run for one round: {round_id, by}


def held(by: str, why: str, at: datetime) -> JsonObject:
    """Return the meta keys of a pause."""
    return {"automation_paused": True, "paused_by": by, "paused_ts": stamp(at), "paused_why": why}


def unpaused(snapshot: Snapshot) -> JsonObject:
    """Return the meta without a pause; a step that is not over yet stays."""
    gone = {*PAUSE, STEP} if _is_between_steps(snapshot) else {*PAUSE}
    return {key: value for key, value in snapshot.sprint.meta.items() if key not in gone}


def paused_by(snapshot: Snapshot) -> str:
    """Return who paused the sprint, since when and why, in words."""
    meta = snapshot.sprint.meta
    by = meta.get("paused_by") or message("paused_by_settings")
    since = message("since", since_ts=meta["paused_ts"]) if meta.get("paused_ts") else ""
    why = message("in_brackets", text=meta["paused_why"]) if meta.get("paused_why") else ""
    return f"{by}{since}{why}"


def step(snapshot: Snapshot, begun: Transition | None, code: str, by: str) -> Transition:
    """Run the sprint to the end of its current round ``code``, and hold it there.

    ``begun`` is the start transition of a sprint that has not started. Raises ``MoveRefused``.
    """
    sprint = snapshot.sprint
    if snapshot.paused and not _is_between_steps(snapshot):
        about = {"sprint_id": sprint.sprint_id, "paused_by": paused_by(snapshot)}
        raise MoveRefused(message("refused.step", **about), RefusalCode.PAUSED)
    meta = unpaused(snapshot) | {STEP: {"round_id": code, "by": by}}
    if begun is None:
        return noted(snapshot, EventCode.STEP_REQUESTED, meta, by, round_id=code)
    (row, *rounds), data = begun.changes, begun.data | {"one_round": code, "by": by}
    assert isinstance(row, Update), "a start begins with the sprint's own row"
    first = Update(row.row, row.id, row.only_from, row.values | {"meta": meta})
    return Transition(begun.kind, begun.message, (first, *rounds), begun.round_id, data)


def go_on(snapshot: Snapshot) -> Transition | None:
    """Remove the hold after one round; None if there is none."""
    sprint = snapshot.sprint
    if STEP not in sprint.meta or sprint.status != "running" or sprint.cancel_by:
        return None
    meta = unpaused(snapshot) if _is_between_steps(snapshot) else dict(sprint.meta)
    meta.pop(STEP, None)
    change = Update("sprint", sprint.sprint_id, ("running",), {"meta": meta})
    data = {"code": EventCode.STEP_CLEARED.value}
    return Transition(EventKind.NOTE, message("event.step_cleared"), (change,), data=data)


def hold_after_step(snapshot: Snapshot, at: datetime) -> Transition | None:
    """Hold the sprint at the end of its round if only this round was requested; else None."""
    asked = snapshot.sprint.meta.get(STEP)
    if not asked or asked["round_id"] != snapshot.current_round.code:
        return None
    by, code = asked["by"], asked["round_id"]
    meta = snapshot.sprint.meta | held(by, message("reason.one_round", round_id=code), at)
    return noted(snapshot, EventCode.HELD_AFTER_STEP, meta, by, round_id=code)


def noted(
    snapshot: Snapshot, what: EventCode, meta: JsonObject, by: str, **fields: str
) -> Transition:
    """Return a note by ``by`` with the new meta; ``fields`` are those of its message."""
    only_from = (snapshot.sprint.status,)
    change = Update("sprint", snapshot.sprint_id, only_from, {"meta": meta})
    data = {"code": what.value, "by": by}
    words = message(f"event.{what}", by=by, **fields)
    return Transition(EventKind.NOTE, words, (change,), data=data)


def _is_between_steps(snapshot: Snapshot) -> bool:
    """Return whether the sprint is held because the requested round has ended."""
    asked = snapshot.sprint.meta.get(STEP)
    if not asked or not snapshot.paused:
        return False
    return bool(asked["round_id"] != snapshot.sprint.current_round)
