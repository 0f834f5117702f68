"""A red gate goes back to who has made the work: when, with what, and when no more; pure.

It is a task of its own, of the kind ``FIX``. Once that is answered, whatever gates have said before
is about another tree, so all gates of the round run again.
"""

from typing import Any

from gates.verdict import RUNNING, Verdict
from sprints.contract.rounds import BUILDS
from sprints.core.gate_runs import IT_MAY_BE
from sprints.core.shipping import is_of_ship
from sprints.state.snapshot import GateRunValue, RoundValue, Snapshot, TaskValue

FIX = "fix"
SAME = "the same tree failed in the same way before"
ROUND = "the tree is again one that had failed before the last"


def last_judged(snapshot: Snapshot, now: RoundValue, gate_id: str) -> GateRunValue | None:
    """The gate's last run that came to a verdict about the work as it is, in this round and
    attempt.
    """
    judged = since(snapshot, now, gate_id)
    return judged[-1] if judged else None


def since(snapshot: Snapshot, now: RoundValue, gate_id: str) -> list[GateRunValue]:
    """All such runs, oldest first."""
    return [
        run
        for run in snapshot.runs_of(now.id, gate_id)
        if run.status not in (RUNNING, Verdict.INTERRUPTED)
        and run.number > _sent_with(snapshot, now, gate_id)
    ]


def red(snapshot: Snapshot) -> list[GateRunValue]:
    """The last runs of the required gates of the current round that are not green."""
    now = snapshot.current_round
    runs = [
        last_judged(snapshot, now, gate.gate_id)
        for gate in snapshot.started_contract.gates_of(now.code)
        if gate.required
    ]
    return [run for run in runs if run and run.status != Verdict.PASSED]


def fixes(snapshot: Snapshot, now: RoundValue) -> list[TaskValue]:
    """What was sent back in that round and attempt, oldest first."""
    sent = [task for task in snapshot.tasks_of(now.id) if task.details["kind"] == FIX]
    return sorted(sent, key=lambda task: task.details["number"])


def is_on(snapshot: Snapshot, code: str) -> bool:
    """Whether red gates of that round go back at all: to a program, which works in a clone."""
    terms = snapshot.started_contract
    able = terms.base is not None and terms.agent(terms.implementer) is not None
    return able and terms.fix_attempts > 0 and code in BUILDS


def concerns(snapshot: Snapshot, run: GateRunValue) -> bool:
    """Whether the red run says something of what the agent has made: of a tree of its branch, and
    not of what was merged with that.
    """
    return is_on(snapshot, run.round_id.split("/")[1]) and _is_of_work(snapshot, run)


def _is_of_work(snapshot: Snapshot, run: GateRunValue) -> bool:
    about_work = bool(run.tree) and not run.reason.endswith(IT_MAY_BE)
    return run.required and about_work and not is_of_ship(snapshot, run)


def unconfirmed(snapshot: Snapshot) -> GateRunValue | None:
    """A red run that is to be run again before anything follows from it, as the contract has it."""
    now = snapshot.current_round
    if not snapshot.started_contract.rerun_red or now.code not in BUILDS:
        return None
    for run in red(snapshot):
        runs = since(snapshot, now, run.gate_id)
        if len(runs) == 1 and _is_of_work(snapshot, run):
            return run
    return None


def flaky(snapshot: Snapshot) -> GateRunValue | None:
    """The run by which a required gate has said yes of a tree to which it had said no; None where
    no gate did.
    """
    now = snapshot.current_round
    if not snapshot.started_contract.rerun_red or now.code not in BUILDS:
        return None
    for gate in snapshot.started_contract.gates_of(now.code):
        run = last_judged(snapshot, now, gate.gate_id)
        if gate.required and run and run.status == Verdict.PASSED:
            said = {one.status for one in of_tree(snapshot, run)}
            if len(said) > 1:
                return run
    return None


def of_tree(snapshot: Snapshot, run: GateRunValue) -> list[GateRunValue]:
    """All runs that have judged what that one did: in its round and attempt, and its tree."""
    return [
        one
        for one in snapshot.runs_of(run.round_id, run.gate_id)
        if one.tree == run.tree
        and one.status not in (RUNNING, Verdict.INTERRUPTED)
        and _is_of_work(snapshot, one)
    ]


def goes_back(snapshot: Snapshot, run: GateRunValue) -> bool:
    """Whether the red run is to be sent back now."""
    return concerns(snapshot, run) and not (used_up(snapshot) or stuck(snapshot, run))


def used_up(snapshot: Snapshot) -> str:
    """Why nothing is sent back any more, by the contract; empty where something may be."""
    sent = len(fixes(snapshot, snapshot.current_round))
    return (
        f"sent back {sent} times already" if sent >= snapshot.started_contract.fix_attempts else ""
    )


def stuck(snapshot: Snapshot, run: GateRunValue) -> str:
    """Why another attempt would come to nothing; empty where it may come to something."""
    before = [task.details["failures"] for task in fixes(snapshot, snapshot.current_round)]
    trees = [failures[0]["tree"] for failures in before]
    if run.tree in trees and trees[-1] != run.tree:
        return ROUND
    told = [_way(one) for failures in before for one in failures]
    return SAME if _way(failure(run)) in told else ""


def why_not(snapshot: Snapshot, run: GateRunValue) -> str:
    """Why a red run that concerns the agent was not sent back; empty for any other."""
    if not concerns(snapshot, run):
        return ""
    return stuck(snapshot, run) or used_up(snapshot)


def sent_back(snapshot: Snapshot) -> dict[str, Any]:
    """What the details of a task say of what goes back now: its ``number``, the ``failures``, and
    ``after``, the last run of each gate, which is about the tree as it was before.
    """
    gates = snapshot.started_contract.gates_of(snapshot.current_round.code)
    return {
        "number": len(fixes(snapshot, snapshot.current_round)) + 1,
        "failures": [failure(run) for run in red(snapshot)],
        "after": {gate.gate_id: snapshot.next_number(gate.gate_id) - 1 for gate in gates},
    }


def failure(run: GateRunValue) -> dict[str, Any]:
    """What is told of a red run."""
    return {
        "gate_id": run.gate_id,
        "run": run.number,
        "command": [*run.command],
        "verdict": str(run.status),
        "exit_code": run.exit_code,
        "reason": run.reason,
        "tree": run.tree,
    }


def _way(failure: dict[str, Any]) -> tuple[Any, ...]:
    """What makes two failures the same. What was printed does not, as it may tell of times."""
    return tuple(failure[key] for key in ("gate_id", "tree", "verdict", "exit_code"))


def _sent_with(snapshot: Snapshot, now: RoundValue, gate_id: str) -> int:
    """The number of the gate's last run that is about a tree of before the last fix."""
    sent = fixes(snapshot, now)
    number: int = sent[-1].details["after"].get(gate_id, 0) if sent else 0
    return number
