"""Turn an operator's act into transitions; pure."""

from collections.abc import Callable
from datetime import datetime

from sprints.contract.contract import Contract, RoundSpec
from sprints.contract.json_types import JsonMapping, JsonObject
from sprints.contract.meta import frozen, merged, same
from sprints.core import agent_tasks
from sprints.core.pause import held, noted, paused_by, unpaused
from sprints.core.reopen_round import cleared, reopened, with_meta
from sprints.state.engine_meta import APPROVAL, FIRST, HELD, PAUSE, STEP, SprintMeta
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.messages import because, cut, message
from sprints.state.refusals import RefusalCode
from sprints.state.row_changes import (
    RoundFields,
    SprintFields,
    create_round,
    create_sprint,
    stop_values,
    update_round,
    update_sprint,
)
from sprints.state.snapshot import Snapshot
from sprints.state.stop_reason import StopCode, StopReason
from sprints.state.transitions import Create, MoveRefused, Transition

STOPPED = ("failed", "blocked", "cancelled")
Make = Callable[[Snapshot, datetime], Transition]
ENDED = ("succeeded", "failed", "cancelled")


def create(
    sprint_id: str, title: str, artifacts_dir: str, meta: JsonObject, at: datetime
) -> Transition:
    """Create a sprint, not yet started."""
    values: SprintFields = {
        "sprint_id": sprint_id,
        "title": title,
        "status": "created",
        "artifacts_dir": artifacts_dir,
        "meta": meta,
        "created_at": at,
    }
    return Transition(
        EventKind.SPRINT_CREATED,
        message("event.sprint_created", sprint_id=sprint_id),
        (create_sprint(sprint_id, values),),
    )


def start(snapshot: Snapshot, contract: Contract, at: datetime) -> Transition:
    """Freeze the contract with the sprint, and enter the first round."""
    if snapshot.rounds:
        return _anew(snapshot, contract, EventCode.SPRINT_STARTED, at)
    first = contract.rounds[0].code
    values: SprintFields = {
        "status": "running",
        "current_round": first,
        "contract": contract.to_json(),
        "started_at": at,
        **_unapproved(snapshot),
    }
    rounds = tuple(_round(snapshot.sprint_id, spec) for spec in contract.rounds)
    return Transition(
        EventKind.NOTE,
        message("event.sprint_started"),
        (update_sprint(snapshot.sprint_id, ("created",), values), *rounds),
        data={
            "code": EventCode.SPRINT_STARTED.value,
            "point": "sprint_start",
            "round": first,
            "contract": contract.to_json(),
            "digest": contract.digest,
        },
    )


def _round(sprint_id: str, spec: RoundSpec) -> Create:
    values: RoundFields = {"sprint_id": sprint_id, "code": spec.code, "title": spec.title}
    return create_round(f"{sprint_id}/{spec.code}", {**values, "status": "pending", "notes": []})


def _unapproved(snapshot: Snapshot) -> SprintFields:
    """Return the meta without approvals from another store: they do not count here."""
    return _if_other(snapshot, snapshot.sprint.meta.without(APPROVAL, FIRST))


def _if_other(snapshot: Snapshot, meta: SprintMeta) -> SprintFields:
    """Return the value of a row with that meta; empty if it is the present one."""
    return {} if meta is snapshot.sprint.meta else {"meta": meta.stored}


def _anew(snapshot: Snapshot, contract: Contract, what: EventCode, at: datetime) -> Transition:
    """Start an imported sprint at its first round, as a new attempt.

    No gate of this store has judged its earlier rounds.
    """
    first, attempt = contract.rounds[0].code, snapshot.sprint.attempt + 1
    there = {value.code for value in snapshot.rounds}
    again: RoundFields = {"status": "pending", "started_at": None, "finished_at": None}
    values: SprintFields = {
        "status": "running",
        "current_round": first,
        "contract": contract.to_json(),
        "started_at": at,
        "attempt": attempt,
        **cleared(snapshot.sprint),
        "finished_at": None,
        "cancel_by": "",
        **_unapproved(snapshot),
    }
    return Transition(
        EventKind.NOTE,
        message(f"event.{what}", round_id=first, attempt=attempt),
        (
            update_sprint(snapshot.sprint_id, (snapshot.sprint.status,), values),
            *(
                update_round(f"{snapshot.sprint_id}/{spec.code}", (), again)
                if spec.code in there
                else _round(snapshot.sprint_id, spec)
                for spec in contract.rounds
            ),
            *agent_tasks.dropped(snapshot, at),
        ),
        data={
            "code": what.value,
            "point": "sprint_start",
            "round": first,
            "attempt": attempt,
            "contract": contract.to_json(),
            "digest": contract.digest,
        },
    )


def retry(snapshot: Snapshot, contract: Contract, at: datetime) -> Transition:
    """Start again at the round that failed, as a new attempt; the old evidence stays.

    The attempt runs under the present gates, so that a repaired gate takes effect. The event
    carries the contract if it has changed. Raises ``MoveRefused``.
    """
    if snapshot.is_foreign and snapshot.sprint.status in (*STOPPED, "running"):
        return _anew(snapshot, contract, EventCode.SPRINT_RETRIED, at)
    now = snapshot.round_if_any
    if now is None or snapshot.sprint.status not in STOPPED:
        raise _refused("refused.retry", snapshot)
    attempt = snapshot.sprint.attempt + 1
    values: SprintFields = {
        "status": "running",
        "attempt": attempt,
        **cleared(snapshot.sprint),
        "finished_at": None,
        "cancel_by": "",
    }
    data: JsonObject = {"code": EventCode.SPRINT_RETRIED.value, "round": now.code}
    data |= {"attempt": attempt, "digest": contract.digest}
    if contract != snapshot.contract:
        values["contract"] = data["contract"] = contract.to_json()
    values |= _if_other(snapshot, snapshot.sprint.meta.without(STEP, FIRST))
    sprint = update_sprint(snapshot.sprint_id, STOPPED, values)
    return Transition(
        EventKind.NOTE,
        message("event.sprint_retried", round_id=now.code, attempt=attempt),
        (
            sprint,
            reopened(snapshot),
        ),
        data=data,
    )


def archive(snapshot: Snapshot, by: str, at: datetime) -> Transition:
    """Remove an ended sprint from state.json; its rows and evidence stay.

    Raises ``MoveRefused``.
    """
    sprint = snapshot.sprint
    if sprint.archived_at:
        raise _refused("refused.archived", snapshot, RefusalCode.ARCHIVED)
    if sprint.status not in ENDED:
        raise _refused("refused.archive", snapshot)
    return Transition(
        EventKind.SPRINT_ARCHIVED,
        message("event.sprint_archived", by=by),
        (update_sprint(sprint.sprint_id, ENDED, {"archived_at": at}),),
        data={"by": by},
        patch=({"op": "remove", "path": f"/sprints/{sprint.sprint_id}"},),
    )


def restore(snapshot: Snapshot, by: str) -> Transition:
    """Put an archived sprint back into state.json. Raises ``MoveRefused``."""
    sprint = snapshot.sprint
    if not sprint.archived_at:
        raise _refused("refused.not_archived", snapshot)
    whole = {"op": "add", "path": f"/sprints/{sprint.sprint_id}", "value": snapshot.state()}
    return Transition(
        EventKind.SPRINT_RESTORED,
        message("event.sprint_restored", by=by),
        (update_sprint(sprint.sprint_id, ENDED, {"archived_at": None}),),
        data={"by": by},
        patch=(whole,),
    )


def settle_in(snapshot: Snapshot, artifacts_dir: str) -> Transition:
    """Keep the evidence in ``artifacts_dir`` after an import or a move of the store."""
    return Transition(
        EventKind.NOTE,
        message("event.evidence_moved", folder=artifacts_dir),
        (update_sprint(snapshot.sprint_id, ("running",), {"artifacts_dir": artifacts_dir}),),
        round_id=snapshot.current_round.code,
        data={"code": EventCode.EVIDENCE_MOVED.value, "before": snapshot.sprint.artifacts_dir},
    )


def pause(snapshot: Snapshot, by: str, why: str, at: datetime) -> Transition:
    """Hold the sprint at its next step; a running action completes. Raises ``MoveRefused``."""
    sprint = snapshot.sprint
    if sprint.status not in ("created", "running"):
        raise _refused("refused.pause", snapshot)
    if snapshot.paused:
        by_whom = paused_by(snapshot)
        raise _refused("refused.paused", snapshot, RefusalCode.PAUSED, paused_by=by_whom)
    meta = held(sprint.meta, by, why, at)
    return noted(snapshot, EventCode.SPRINT_PAUSED, meta, by, because=because(why))


def resume(snapshot: Snapshot, by: str) -> Transition:
    """Let a paused sprint go on. Raises ``MoveRefused``."""
    if not snapshot.paused:
        raise _refused("refused.not_paused", snapshot)
    return noted(snapshot, EventCode.SPRINT_RESUMED, unpaused(snapshot), by)


def edit(
    snapshot: Snapshot, title: str | None, patch: JsonMapping, by: str, at: datetime
) -> Transition | None:
    """Set the title and merge ``patch`` into meta; return None if nothing changes.

    A pause that is set or lifted in this way records its author, as every pause does. Raises
    ``BadMeta`` and ``MoveRefused``.
    """
    sprint = snapshot.sprint
    shown = {"waiting_for": sprint.waiting, "stop_reason": sprint.stop_reason}
    before, shown = sprint.meta, {key: one for key, one in shown.items() if one}
    meta = SprintMeta(merged(before.stored, patch, shown))
    if sprint.status == "running" and (keys := frozen(before.stored, meta.stored)):
        raise _refused("refused.frozen", snapshot, RefusalCode.FROZEN, keys=", ".join(keys))
    if (meta.pause is not None) != snapshot.paused:
        gone = () if STEP in unpaused(snapshot).stored else (STEP,)
        meta = meta.without(*PAUSE, *gone)
        if not snapshot.paused:
            meta = held(meta, by, "", at)
        elif patch.get(HELD) is not None:
            meta = meta.having(HELD, False)
    values: SprintFields = {}
    if title is not None and title != sprint.title:
        values["title"] = title
    if not same(meta.stored, before.stored):
        values |= with_meta(sprint, meta)
    if not values:
        return None
    what = [*(["title"] if "title" in values else []), *meta.differing(before)]
    change = update_sprint(sprint.sprint_id, (sprint.status,), values)
    words = cut(message("event.sprint_changed", by=by, keys=", ".join(what)))
    return Transition(EventKind.SPRINT_CHANGED, words, (change,), data={"by": by, "keys": what})


def cancel(snapshot: Snapshot, by: str, at: datetime) -> Transition:
    """Ask a running sprint to stop, or end one that is not running. Raises ``MoveRefused``."""
    status = snapshot.sprint.status
    if status == "running" and not snapshot.is_foreign:
        return Transition(
            EventKind.NOTE,
            message("event.cancel_requested", by=by),
            (update_sprint(snapshot.sprint_id, ("running",), {"cancel_by": by}),),
            data={"code": EventCode.CANCEL_REQUESTED.value, "by": by},
        )
    if status not in ("created", "blocked", "running"):
        raise _refused("refused.cancel", snapshot)
    reason = StopReason(StopCode.CANCELLED, by=by)
    values: SprintFields = {
        "status": "cancelled",
        "cancel_by": by,
        **stop_values(reason),
        "finished_at": at,
    }
    return Transition(
        EventKind.NOTE,
        message("event.sprint_cancelled", by=by),
        (update_sprint(snapshot.sprint_id, (status,), values),),
        data={"code": EventCode.SPRINT_CANCELLED.value, "by": by},
    )


def _refused(
    what: str, snapshot: Snapshot, code: RefusalCode = RefusalCode.WRONG_STATUS, **fields: str
) -> MoveRefused:
    sprint = snapshot.sprint
    text = message(what, sprint_id=sprint.sprint_id, status=sprint.status, **fields)
    return MoveRefused(text, code)
