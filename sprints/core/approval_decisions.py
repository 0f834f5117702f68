"""Record a human's decision on an approval request, or its expiry; pure."""

from dataclasses import replace
from datetime import datetime

from sprints.contract.approval_policy import REJECT
from sprints.core.approval_requests import APPROVED, REJECTED, ask_of, state
from sprints.core.reopen_round import cleared, reopened
from sprints.state.engine_meta import APPROVAL, ApprovalRequest, Decision, SprintMeta
from sprints.state.event_codes import EventKind
from sprints.state.event_format import moment, stamp
from sprints.state.messages import Message, approval, because, cut, message
from sprints.state.refusals import RefusalCode
from sprints.state.row_changes import SprintFields, stop_values, update_sprint
from sprints.state.snapshot import Snapshot
from sprints.state.stop_reason import StopCode, StopReason
from sprints.state.transitions import MoveRefused, Transition

MOST_KEPT = 20  # of what was decided, in meta; events have all of it


def approve(snapshot: Snapshot, by: str, why: str, at: datetime, ask: str = "") -> Transition:
    """Let the sprint go on with the subject of the request only.

    ``ask`` is the name of the request; empty for the open one. Raises ``MoveRefused``.
    """
    found = _open(snapshot, at, ask)
    now = snapshot.current_round
    given = _given(found, APPROVED, by, why, at)
    goes_on: SprintFields = {"status": "running", **cleared(snapshot.sprint), "finished_at": None}
    goes_on["meta"] = _meta(snapshot, given).stored
    return Transition(
        EventKind.APPROVED,
        cut(_decided(EventKind.APPROVED, found, by, why)),
        (
            update_sprint(snapshot.sprint_id, ("blocked",), goes_on),
            reopened(snapshot),
        ),
        round_id=now.code,
        data=given.to_json(),
    )


def reject(snapshot: Snapshot, by: str, why: str, at: datetime, ask: str = "") -> Transition:
    """End the sprint as failed; a retry repeats the round and asks again.

    Raises ``MoveRefused``.
    """
    found = _open(snapshot, at, ask)
    given = _given(found, REJECTED, by, why, at)
    words = _decided(EventKind.REJECTED, found, by, why)
    error = StopReason(StopCode.APPROVAL_REJECTED, point=found.what, by=by, detail=why)
    return _failed(snapshot, EventKind.REJECTED, words, error, given, at)


def expired(snapshot: Snapshot, at: datetime) -> Transition | None:
    """End the sprint as failed if the request has expired.

    Returns None before the deadline, and if the contract lets the request wait.
    """
    found = ask_of(snapshot)
    if found is None or not _is_over(snapshot, found, at):
        return None
    given = _given(found, REJECTED, "", message("reason.undecided"), at)
    until = found.until_ts
    words = message("event.approval_expired", approval=approval(found.what), until_ts=until)
    error = StopReason(StopCode.APPROVAL_EXPIRED, point=found.what, until_ts=until)
    return _failed(snapshot, EventKind.APPROVAL_EXPIRED, words, error, given, at)


def _open(snapshot: Snapshot, at: datetime, ask: str) -> ApprovalRequest:
    """Return the open request, if it is the named one and not expired. Raises ``MoveRefused``."""
    found = ask_of(snapshot)
    if ask and (found is None or found.name != ask):
        raise _closed(snapshot, ask)
    if found is None:
        raise _nothing_open(snapshot)
    if _is_over(snapshot, found, at):
        about = {"sprint_id": snapshot.sprint_id, "ts": found.until_ts}
        raise MoveRefused(message("refused.expired_now", **about), RefusalCode.EXPIRED)
    return found


def _is_over(snapshot: Snapshot, found: ApprovalRequest, at: datetime) -> bool:
    terms = snapshot.started_contract.approvals
    ends = terms is not None and terms.at_deadline == REJECT
    return ends and at >= moment(found.until_ts)


def _nothing_open(snapshot: Snapshot) -> MoveRefused:
    """Return that the sprint has no open request, and who made the last decision."""
    sprint = snapshot.sprint
    about = {"sprint_id": sprint.sprint_id, "status": sprint.status}
    given = (state(snapshot).given or ()) if snapshot.contract else ()
    if not given or not given[-1].by:
        return MoveRefused(message("refused.no_approval", **about))
    about |= {key: getattr(given[-1], key) for key in ("by", "verdict", "name", "ts")}
    return MoveRefused(message("refused.no_approval_now", **about))


def _closed(snapshot: Snapshot, ask: str) -> MoveRefused:
    """Return why the request takes no decision any more, and who decided it."""
    for one in (state(snapshot).given or ()) if snapshot.contract else ():
        if one.name == ask and one.by:
            about = {"by": one.by, "verdict": one.verdict, "ts": one.ts}
            return MoveRefused(message("refused.decided", **about), RefusalCode.ALREADY_DECIDED)
        if one.name == ask:
            return MoveRefused(message("refused.expired", ts=one.ts), RefusalCode.EXPIRED)
    return MoveRefused(message("refused.other_approval", sprint_id=snapshot.sprint_id))


def _given(ask: ApprovalRequest, verdict: str, by: str, why: str, at: datetime) -> Decision:
    """Return the decision, which holds for the subject of the request only."""
    return Decision(
        what=ask.what,
        verdict=verdict,
        number=ask.number,
        round_id=ask.round_id,
        attempt=ask.attempt,
        plan=ask.plan,
        tree=ask.tree,
        digest=ask.digest,
        by=by,
        why=why,
        ts=stamp(at),
    )


def _meta(snapshot: Snapshot, given: Decision) -> SprintMeta:
    before = state(snapshot)
    kept = (*(before.given or ()), given)[-MOST_KEPT:]
    return snapshot.sprint.meta.having(APPROVAL, replace(before, asked=None, given=kept))


def _failed(
    snapshot: Snapshot,
    kind: EventKind,
    words: Message,
    reason: StopReason,
    given: Decision,
    at: datetime,
) -> Transition:
    ends: SprintFields = {"status": "failed", **stop_values(reason), "finished_at": at}
    ends["meta"] = _meta(snapshot, given).stored
    change = update_sprint(snapshot.sprint_id, ("blocked",), ends)
    return Transition(
        kind,
        cut(words),
        (change,),
        round_id=snapshot.current_round.code,
        data={**reason.to_json(), **given.to_json()},
    )


def _decided(kind: EventKind, ask: ApprovalRequest, by: str, why: str) -> Message:
    about = approval(ask.what)
    return message(f"event.{kind}", by=by, approval=about, because=because(why))
