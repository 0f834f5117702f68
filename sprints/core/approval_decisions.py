"""Record a human's decision on an approval request, or its expiry; pure."""

from datetime import datetime

from sprints.contract.approval_policy import REJECT
from sprints.contract.json_types import JsonMapping, JsonObject
from sprints.core.approval_requests import APPROVED, KEY, REJECTED, ask_of, state
from sprints.core.reopen_round import cleared, reopened
from sprints.state.event_codes import EventKind
from sprints.state.event_format import stamp
from sprints.state.messages import approval
from sprints.state.snapshot import Snapshot
from sprints.state.stop_reason import StopCode, StopReason
from sprints.state.transitions import MoveRefused, Transition, Update

MOST_KEPT = 20  # of what was decided, in meta; events have all of it
BOUND = ("what", "number", "round_id", "attempt", "plan", "tree", "digest")


def name_of(ask: JsonMapping) -> str:
    """Return the name of a request in its sprint, as in ``before_ship/2``."""
    return f"{ask['what']}/{ask['number']}"


def approve(snapshot: Snapshot, by: str, why: str, at: datetime, ask: str = "") -> Transition:
    """Let the sprint go on with the subject of the request only.

    ``ask`` is the name of the request; empty for the open one. Raises ``MoveRefused``.
    """
    found = _open(snapshot, at, ask)
    now = snapshot.current_round
    given = _given(found, APPROVED, by, why, at)
    goes_on = {"status": "running", **cleared(snapshot.sprint), "finished_at": None}
    goes_on |= {"meta": _meta(snapshot, given)}
    return Transition(
        EventKind.APPROVED,
        f"{by} approved {approval(found['what'])}{_because(why)}"[:500],
        (
            Update("sprint", snapshot.sprint_id, ("blocked",), goes_on),
            reopened(snapshot),
        ),
        round_id=now.code,
        data=given,
    )


def reject(snapshot: Snapshot, by: str, why: str, at: datetime, ask: str = "") -> Transition:
    """End the sprint as failed; a retry repeats the round and asks again.

    Raises ``MoveRefused``.
    """
    found = _open(snapshot, at, ask)
    given = _given(found, REJECTED, by, why, at)
    words = f"{by} rejected {approval(found['what'])}{_because(why)}"
    error = StopReason(StopCode.APPROVAL_REJECTED, point=found["what"], by=by, detail=why)
    return _failed(snapshot, EventKind.REJECTED, words, error, given, at)


def expired(snapshot: Snapshot, at: datetime) -> Transition | None:
    """End the sprint as failed if the request has expired.

    Returns None before the deadline, and if the contract lets the request wait.
    """
    found = ask_of(snapshot)
    if found is None or not _is_over(snapshot, found, at):
        return None
    given = _given(found, REJECTED, "", "nobody had decided", at)
    words = f"nobody approved {approval(found['what'])} until {found['until_ts']}"
    until = found["until_ts"]
    error = StopReason(StopCode.APPROVAL_EXPIRED, point=found["what"], until_ts=until)
    return _failed(snapshot, EventKind.APPROVAL_EXPIRED, words, error, given, at)


def _open(snapshot: Snapshot, at: datetime, ask: str) -> JsonMapping:
    """Return the open request, if it is the named one and not expired. Raises ``MoveRefused``."""
    found = ask_of(snapshot)
    if ask and (found is None or name_of(found) != ask):
        raise MoveRefused(_closed(snapshot, ask))
    if found is None:
        sprint = snapshot.sprint
        raise MoveRefused(f"sprint {sprint.sprint_id} is {sprint.status}; it waits for no approval")
    if _is_over(snapshot, found, at):
        hint = f"next: studio-gateway sprint retry {snapshot.sprint_id}"
        raise MoveRefused(f"the time for it was over at {found['until_ts']}; {hint}")
    return found


def _is_over(snapshot: Snapshot, found: JsonMapping, at: datetime) -> bool:
    terms = snapshot.started_contract.approvals
    ends = terms is not None and terms.at_deadline == REJECT
    return ends and at >= datetime.fromisoformat(found["until_ts"])


def _closed(snapshot: Snapshot, ask: str) -> str:
    """Return why the request takes no decision any more, and who decided it."""
    for one in state(snapshot).get("given", ()) if snapshot.contract else ():
        if name_of(one) == ask and one["by"]:
            return f"{one['by']} has {one['verdict']} it already, at {one['ts']}"
        if name_of(one) == ask:
            return f"its time was over at {one['ts']}"
    return f"sprint {snapshot.sprint_id} does not wait for that approval"


def _given(ask: JsonMapping, verdict: str, by: str, why: str, at: datetime) -> JsonObject:
    bound = {key: ask[key] for key in BOUND if key in ask}
    return {**bound, "verdict": verdict, "by": by, "why": why, "ts": stamp(at)}


def _meta(snapshot: Snapshot, given: JsonObject) -> JsonObject:
    before = {key: one for key, one in state(snapshot).items() if key != "asked"}
    kept = [*before.get("given", ()), given][-MOST_KEPT:]
    return snapshot.sprint.meta | {KEY: {**before, "given": kept}}


def _failed(
    snapshot: Snapshot,
    kind: EventKind,
    words: str,
    reason: StopReason,
    given: JsonObject,
    at: datetime,
) -> Transition:
    ends = {"status": "failed", **reason.row_values(), "finished_at": at}
    ends["meta"] = _meta(snapshot, given)
    change = Update("sprint", snapshot.sprint_id, ("blocked",), ends)
    return Transition(
        kind,
        words[:500],
        (change,),
        round_id=snapshot.current_round.code,
        data={**reason.to_json(), **given},
    )


def _because(why: str) -> str:
    return f": {why}" if why else ""
