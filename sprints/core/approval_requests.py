"""Decide where a human's approval is needed before the next action, and for which subject; pure.

Requests, comparisons and decisions are kept in meta, as ``ApprovalState``, so that every later
runner asks for the same approvals. An approval holds for one subject only: a plan, the tree to be
published, or the contents of the protected paths. Another subject needs another approval.
"""

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta

from sprints.contract.approval_policy import BUILD, PATHS, SHIP, Approvals
from sprints.contract.protected_paths import Touched
from sprints.contract.rounds import BUILDS
from sprints.core import shipping
from sprints.core.actions import (
    Action,
    BlockForApproval,
    Compare,
    Compared,
    FinishRound,
    Merge,
    Publish,
    StartRound,
)
from sprints.core.termination import ended
from sprints.state.engine_meta import (
    APPROVAL,
    ApprovalRequest,
    ApprovalState,
    Comparison,
    Decision,
)
from sprints.state.event_codes import EventKind
from sprints.state.event_format import stamp
from sprints.state.messages import approval, cut, message
from sprints.state.row_changes import update_sprint
from sprints.state.snapshot import Snapshot
from sprints.state.stop_reason import StopCode, StopReason
from sprints.state.transitions import Transition, Update

APPROVED, REJECTED = "approved", "rejected"
NONE = ApprovalState()
UNSURE = "paths_unknown"  # the subject when the comparison failed
OVER = (shipping.SHIPPED, shipping.NOTHING)


def gated(snapshot: Snapshot, action: Action) -> Action:
    """Return the action, or the approval request that must come first."""
    terms, code = snapshot.started_contract.approvals, snapshot.current_round.code
    if terms is None:
        return action
    match action:
        case StartRound():
            asks = code == BUILDS[0] and BUILD in terms.before
            asks = asks and not snapshot.tasks_of(
                snapshot.current_round.id
            )  # otherwise it continues
            if asks and not is_given(snapshot, BUILD, plan_of(snapshot)):
                return BlockForApproval(code, BUILD)
        case Merge() | FinishRound():
            if shipping.status(snapshot) not in OVER:
                return _paths(snapshot, terms) or action
        case Publish():
            needed, asks_paths = _paths(snapshot, terms), BlockForApproval(code, PATHS)
            tree = shipping.begun(snapshot).tree or ""
            asks = SHIP in terms.before and not is_given(snapshot, SHIP, tree)
            if asks and needed in (None, asks_paths):
                return BlockForApproval(code, SHIP)  # this also approves the protected paths
            return needed or action
    return action


def _paths(snapshot: Snapshot, terms: Approvals) -> Action | None:
    """Return the action that protected paths require first; None if there is none."""
    if snapshot.started_contract.base is None or not terms.protected or not _works(snapshot):
        return None
    found = comparison(snapshot)
    if found is None:
        return Compare(snapshot.current_round.code)
    if found.reason:
        return BlockForApproval(snapshot.current_round.code, UNSURE)
    if found.digest and not is_given(snapshot, PATHS, found.digest):
        return BlockForApproval(snapshot.current_round.code, PATHS)
    return None


def state(snapshot: Snapshot) -> ApprovalState:
    """Return the approval state in meta; an empty one before the first request."""
    found = snapshot.sprint.meta.approval
    return found if found and snapshot.started_contract.approvals else NONE


def is_given(snapshot: Snapshot, what: str, of: str) -> bool:
    """Return whether a human has approved exactly this subject.

    The subject is the digest of a plan or of protected paths, or a tree. Approval of a shipped tree
    includes its protected paths.
    """
    return any(
        one.verdict == APPROVED and of and of == _subject(one, what)
        for one in state(snapshot).given or ()
        if one.what == what or (what, one.what) == (PATHS, SHIP)
    )


def _subject(decision: Decision, what: str) -> str | None:
    """Return the subject to which an approval at ``what`` is bound."""
    return {BUILD: decision.plan, SHIP: decision.tree, PATHS: decision.digest}[what]


def plan_of(snapshot: Snapshot) -> str:
    """Return a digest of what may be built: the brief and the contract."""
    whole = [snapshot.sprint.meta.brief, snapshot.started_contract.digest]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


def comparison(snapshot: Snapshot) -> Touched | None:
    """Return the comparison of protected paths since the last work or gate run; None if none."""
    found = state(snapshot).compared
    if found is None or found.after != _works(snapshot):
        return None
    if found.touched.reason and found.attempt != snapshot.sprint.attempt:
        return None  # compared again
    return found.touched


def _works(snapshot: Snapshot) -> int:
    """Return a number that grows with everything that may have changed the tree."""
    tries = sum(task.details.get("try", 0) for task in snapshot.tasks)
    return int(tries) + len(snapshot.gate_runs)


def compared(snapshot: Snapshot, outcome: Compared) -> Transition:
    """Record the changed protected paths."""
    said = outcome.touched
    found = Comparison(said, _works(snapshot), snapshot.sprint.attempt)
    result = "" if said.count else ".same"
    if said.reason:
        result = ".unknown"
    words = message(f"event.paths_compared{result}", paths=said, reason=said.reason)
    meta = snapshot.sprint.meta.having(APPROVAL, replace(state(snapshot), compared=found))
    change = update_sprint(snapshot.sprint_id, ("running",), {"meta": meta.stored})
    return Transition(
        EventKind.PATHS_COMPARED,
        cut(words),
        (change,),
        round_id=snapshot.current_round.code,
        data=found.to_json(),
    )


def asked(snapshot: Snapshot, action: BlockForApproval, at: datetime) -> Transition:
    """Block the sprint until a human has decided.

    If the comparison failed, there is nothing to decide: the sprint is blocked until a retry.
    """
    code, touched = snapshot.current_round.code, comparison(snapshot) or Touched()
    if action.what == UNSURE:
        error = StopReason(StopCode.PATHS_UNKNOWN, detail=touched.reason)
        words = cut(message("event.stopped.paths_unknown", **error.words()))
        ends = ended(snapshot.sprint_id, code, "blocked", error, at)
        data = {**error.to_json(), "reason": touched.reason}
        return Transition(EventKind.ERROR, words, ends, round_id=code, data=data)
    terms, before = snapshot.started_contract.approvals, state(snapshot)
    assert terms is not None, "only a contract with approvals asks for one"
    found = ApprovalRequest(
        what=action.what,
        number=(before.number or 0) + 1,
        round_id=code,
        attempt=snapshot.sprint.attempt,
        since_ts=stamp(at),
        until_ts=stamp(at + timedelta(hours=terms.hours)),
    )
    found = _about(snapshot, found, touched)
    state_now = replace(before, asked=found, number=found.number)
    meta = snapshot.sprint.meta.having(APPROVAL, state_now)
    reason = StopReason(StopCode.APPROVAL_NEEDED, point=action.what)
    stays, ends_so = ended(snapshot.sprint_id, code, "blocked", reason, at)
    ends_so = Update(
        ends_so.row, ends_so.id, ends_so.only_from, ends_so.values | {"meta": meta.stored}
    )
    return Transition(
        EventKind.APPROVAL_ASKED,
        message("event.approval_asked", approval=approval(action.what)),
        (stays, ends_so),
        round_id=code,
        data={**reason.to_json(), **found.to_json()},
    )


def _about(snapshot: Snapshot, ask: ApprovalRequest, touched: Touched) -> ApprovalRequest:
    """Return the request with its subject: the plan, the protected paths, the merge."""
    if ask.what == BUILD:
        return replace(ask, plan=plan_of(snapshot))
    about = replace(
        ask,
        tree=touched.tree or None,
        digest=touched.digest or None,
        count=touched.count or None,
        paths=touched.paths or None,
    )
    if ask.what != SHIP:
        return about
    ship = shipping.begun(snapshot)
    return replace(about, branch=ship.branch, commit=ship.commit, tree=ship.tree)


def ask_of(snapshot: Snapshot) -> ApprovalRequest | None:
    """Return the approval request for which the sprint waits; None if it waits for none."""
    waits = snapshot.sprint.status == "blocked" and snapshot.stopped_with(StopCode.APPROVAL_NEEDED)
    if not waits or snapshot.contract is None:
        return None
    return state(snapshot).asked
