"""Decide the steps of shipping passed work, and record them; pure.

In the last round, after everything else, the sprint's branch is merged with its base. The round's
required gates judge the merged tree, and exactly this tree is published. The progress is kept in
meta, as ``Shipping``, so every later runner continues there.
"""

from dataclasses import replace
from datetime import datetime

from gates.verdict import RUNNING, Verdict
from sprints.core.actions import (
    Action,
    BlockAtShip,
    Merge,
    Merged,
    Publish,
    Published,
    RecoverShip,
    RunGate,
)
from sprints.state.engine_meta import SHIPPING, Shipping
from sprints.state.event_codes import EventKind
from sprints.state.event_format import stamp
from sprints.state.messages import Message, message
from sprints.state.row_changes import update_sprint
from sprints.state.snapshot import GateRunValue, Snapshot
from sprints.state.transitions import Transition

SHIP = "ship"  # what is under way, beside the ids of runs
MOST_TRIES = 5  # of merging with a base that moves each time
MERGING, JUDGING, MOVED = "merging", "judging", "moved"
PUBLISHING, SHIPPED, REFUSED, NOTHING = "publishing", "shipped", "refused", "nothing"
OPEN = (MERGING, PUBLISHING)
PUBLISHES = EventKind.SHIP_PUBLISHING  # the event, of which the certificate says the hash
LONGEST_REASON = 600


def ships(snapshot: Snapshot) -> bool:
    """Return whether the sprint is to be shipped and is in its last round."""
    terms = snapshot.started_contract
    last = terms.rounds[-1].code
    return terms.ship and terms.base is not None and snapshot.sprint.current_round == last


def state(snapshot: Snapshot) -> Shipping | None:
    """Return the progress in this attempt; None before the first step. A shipped merge stays."""
    found = snapshot.sprint.meta.shipping
    if found is None or not snapshot.started_contract.ship:
        return None
    shipped = found.status == SHIPPED and found.tag is not None
    return found if shipped or found.attempt == snapshot.sprint.attempt else None


def begun(snapshot: Snapshot) -> Shipping:
    """Return the progress of a sprint whose shipping has begun."""
    found = state(snapshot)
    assert found is not None, "a merge is recorded before it begins"
    return found


def status(snapshot: Snapshot) -> str:
    """Return the status of shipping; empty before the first step."""
    found = state(snapshot)
    return found.status if found else ""


def recover(snapshot: Snapshot) -> Action | None:
    """Return the recovery of an interrupted merge or publication; None if there is none.

    It precedes everything else, even a cancel: the merge may have been published.
    """
    if ships(snapshot) and status(snapshot) in OPEN:
        return RecoverShip(snapshot.current_round.code)
    return None


def due(snapshot: Snapshot) -> Action | None:
    """Return the next step of shipping; None if there is none."""
    if not ships(snapshot):
        return None
    code = snapshot.current_round.code
    match status(snapshot):
        case "" | "moved":
            return Merge(code)
        case "judging":
            for gate in snapshot.started_contract.gates_of(code):
                if gate.required and judged_since(snapshot, gate.gate_id) is None:
                    return RunGate(code, gate.gate_id)
            return Publish(code)
        case "refused":
            return BlockAtShip(code)
    return None


def judged_since(snapshot: Snapshot, gate_id: str) -> GateRunValue | None:
    """Return the gate's last verdict on the tree that is to be shipped; None if there is none."""
    judged = [
        run
        for run in snapshot.runs_of(snapshot.current_round.id, gate_id)
        if is_of_ship(snapshot, run) and run.status not in (RUNNING, Verdict.INTERRUPTED)
    ]
    return judged[-1] if judged else None


def is_of_ship(snapshot: Snapshot, run: GateRunValue) -> bool:
    """Return whether the run judges the tree that is to be shipped."""
    found = state(snapshot)
    if found is None or found.after is None or run.attempt != found.attempt:
        return False
    return run.number > found.after.get(run.gate_id, 0)


def merging(snapshot: Snapshot, at: datetime) -> Transition:
    """Record the merge before it begins."""
    before = state(snapshot)
    number = ((before.tries if before else None) or 0) + 1
    attempt = snapshot.sprint.attempt
    found = Shipping(status=MERGING, attempt=attempt, tries=number, since_ts=stamp(at))
    code = "event.ship_started.again" if number > 1 else "event.ship_started"
    words = message(code, sprint_id=snapshot.sprint_id, number=number)
    return _move(snapshot, EventKind.SHIP_STARTED, words, found)


def merged(snapshot: Snapshot, outcome: Merged) -> Transition:
    """Record the merged tree, that there is nothing to ship, or why the merge is impossible."""
    found, said = begun(snapshot), outcome.merge
    if said.reason:
        return _refused(snapshot, said.reason, said.cause.value)
    found = replace(found, branch=said.branch, base=said.base, head=said.head)
    if said.url:
        found = replace(found, remote=snapshot.started_contract.ship_remote, url=said.url)
    if not said.commit:
        words = message("event.ship_skipped", branch=said.branch)
        return _move(snapshot, EventKind.SHIP_SKIPPED, words, replace(found, status=NOTHING))
    gates = snapshot.started_contract.gates_of(snapshot.current_round.code)
    after = {gate.gate_id: snapshot.next_number(gate.gate_id) - 1 for gate in gates}
    found = replace(found, status=JUDGING, commit=said.commit, tree=said.tree, after=after)
    code, about = "event.ship_merged", {"branch": said.branch, "commit": said.commit[:12]}
    if said.rebased:
        code, found = "event.ship_merged.rebased", replace(found, rebased=said.rebased)
        about["start"] = said.rebased[:12]
    words = message(code, **about)
    return _move(snapshot, EventKind.SHIP_MERGED, words, found)


def publishing(snapshot: Snapshot, at: datetime) -> Transition:
    """Record the publication before it begins."""
    found = begun(snapshot)
    words = message("event.ship_publishing", commit=_short(found), where=_where(found))
    return _move(snapshot, PUBLISHES, words, replace(found, status=PUBLISHING, since_ts=stamp(at)))


def published(snapshot: Snapshot, outcome: Published) -> Transition:
    """Record the published merge, that the base has moved, or why publishing failed."""
    found = begun(snapshot)
    if outcome.moved and (found.tries or 0) < MOST_TRIES:
        words = message("event.ship_moved", where=_where(found))
        return _move(snapshot, EventKind.SHIP_MOVED, words, replace(found, status=MOVED))
    if outcome.moved:
        reason = message("reason.base_moved", where=_where(found), times=MOST_TRIES)
        return _refused(snapshot, reason)
    if outcome.reason:
        return _refused(snapshot, outcome.reason)
    found = replace(found, status=SHIPPED, tag=outcome.tag)
    code = "event.shipped"
    if outcome.unfinished:
        code = "event.shipped.unfinished"
        found = replace(found, unfinished=outcome.unfinished[:LONGEST_REASON])
    shown = {"commit": _short(found), "unfinished": found.unfinished}
    words = message(code, where=_where(found), tag=outcome.tag, **shown)
    return _move(snapshot, EventKind.SHIPPED, words, found)


def _short(found: Shipping) -> str:
    return (found.commit or "")[:12]


def _where(found: Shipping) -> str:
    """Return the branch, with the remote to which it is pushed."""
    branch = str(found.branch)
    if found.url is None:
        return branch
    return message("branch_of_remote", branch=branch, remote=found.remote)


def _refused(snapshot: Snapshot, reason: str, cause: str = "") -> Transition:
    reason = reason[:LONGEST_REASON]
    found = replace(begun(snapshot), status=REFUSED, reason=reason, cause=cause or None)
    words = message("event.ship_refused", reason=reason)
    return _move(snapshot, EventKind.SHIP_REFUSED, words, found)


def _move(snapshot: Snapshot, kind: EventKind, words: Message, found: Shipping) -> Transition:
    meta = snapshot.sprint.meta.having(SHIPPING, found)
    change = update_sprint(snapshot.sprint_id, ("running",), {"meta": meta.stored})
    code, data = snapshot.current_round.code, found.to_json()
    return Transition(kind, words, (change,), round_id=code, data=data)
