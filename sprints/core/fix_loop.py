"""Decide whether a failed gate is sent back to the agent, and with which evidence; pure.

A fix is a task of its own, of the kind ``FIX``. Its answer changes the tree, so all gates of the
round run again.
"""

from gates.verdict import RUNNING, Cause, Verdict
from sprints.contract.rounds import BUILDS
from sprints.core.shipping import is_of_ship
from sprints.state.messages import message
from sprints.state.snapshot import GateRunValue, RoundValue, Snapshot, TaskValue
from sprints.state.task_details import GateFailure, TaskDetails

FIX = "fix"
SAME_FAILURE, SAME_TREE = "same_failure", "same_tree"


def last_judged(snapshot: Snapshot, now: RoundValue, gate_id: str) -> GateRunValue | None:
    """Return the gate's last run with a verdict on the present work, in this round and attempt."""
    judged = since(snapshot, now, gate_id)
    return judged[-1] if judged else None


def since(snapshot: Snapshot, now: RoundValue, gate_id: str) -> list[GateRunValue]:
    """Return all runs of the gate with a verdict on the present work, oldest first."""
    runs = snapshot.runs_of(now.id, gate_id)
    sent_with = _sent_with(snapshot, now, gate_id) if runs else 0
    return [
        run
        for run in runs
        if run.status not in (RUNNING, Verdict.INTERRUPTED) and run.number > sent_with
    ]


def red(snapshot: Snapshot) -> list[GateRunValue]:
    """Return the last runs of the current round's required gates that did not pass."""
    now = snapshot.current_round
    runs = [
        last_judged(snapshot, now, gate.gate_id)
        for gate in snapshot.started_contract.gates_of(now.code)
        if gate.required
    ]
    return [run for run in runs if run and run.status != Verdict.PASSED]


def fixes(snapshot: Snapshot, now: RoundValue) -> list[TaskValue]:
    """Return the fix tasks of that round in this attempt, oldest first."""
    sent = [task for task in snapshot.tasks_of(now.id) if task.details["kind"] == FIX]
    return sorted(sent, key=lambda task: task.details["number"])


def is_on(snapshot: Snapshot, code: str) -> bool:
    """Return whether failed gates of that round can be sent back: to a command, in a clone."""
    terms = snapshot.started_contract
    able = terms.base is not None and terms.agent(terms.implementer) is not None
    return able and terms.fix_attempts > 0 and code in BUILDS


def concerns(snapshot: Snapshot, run: GateRunValue) -> bool:
    """Return whether the failed run judged the agent's own branch, not a merge with the base."""
    return is_on(snapshot, run.round_id.split("/")[1]) and _is_of_work(snapshot, run)


def _is_of_work(snapshot: Snapshot, run: GateRunValue) -> bool:
    about_work = bool(run.tree) and run.cause != Cause.LOST_TOO_OFTEN
    return run.required and about_work and not is_of_ship(snapshot, run)


def unconfirmed(snapshot: Snapshot) -> GateRunValue | None:
    """Return a failed run that the contract wants repeated before it counts; None if none."""
    now = snapshot.current_round
    if not snapshot.started_contract.rerun_red or now.code not in BUILDS:
        return None
    for run in red(snapshot):
        runs = since(snapshot, now, run.gate_id)
        if len(runs) == 1 and _is_of_work(snapshot, run):
            return run
    return None


def flaky(snapshot: Snapshot) -> GateRunValue | None:
    """Return the passed run of a required gate that had failed on the same tree; None if none."""
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
    """Return all runs of the same gate on the same tree, in the same round and attempt."""
    return [
        one
        for one in snapshot.runs_of(run.round_id, run.gate_id)
        if one.tree == run.tree
        and one.status not in (RUNNING, Verdict.INTERRUPTED)
        and _is_of_work(snapshot, one)
    ]


def goes_back(snapshot: Snapshot, run: GateRunValue) -> bool:
    """Return whether the failed run is to be sent back now."""
    return concerns(snapshot, run) and not (used_up(snapshot) or stuck(snapshot, run))


def used_up(snapshot: Snapshot) -> str:
    """Return why the contract allows no further fix; empty if it allows one."""
    sent = len(fixes(snapshot, snapshot.current_round))
    is_over = sent >= snapshot.started_contract.fix_attempts
    return message("reason.fixes_used_up", times=sent) if is_over else ""


def stuck(snapshot: Snapshot, run: GateRunValue) -> str:
    """Return ``SAME_FAILURE`` or ``SAME_TREE`` where another fix would be useless; else empty."""
    before = [task.details["failures"] for task in fixes(snapshot, snapshot.current_round)]
    trees = [failures[0]["tree"] for failures in before]
    if run.tree in trees and trees[-1] != run.tree:
        return SAME_TREE
    reported = [_way(one) for failures in before for one in failures]
    return SAME_FAILURE if _way(failure(run)) in reported else ""


def why_not(snapshot: Snapshot, run: GateRunValue) -> str:
    """Return the text why a failed run of the agent's work was not sent back; empty for any other
    run.
    """
    if not concerns(snapshot, run):
        return ""
    code = stuck(snapshot, run)
    return message(f"reason.{code}") if code else used_up(snapshot)


def sent_back(snapshot: Snapshot) -> TaskDetails:
    """Return the details of the next fix task.

    ``number`` counts the fixes, ``failures`` are the failed runs, and ``after`` is the number of
    each gate's last run on the tree before the fix.
    """
    gates = snapshot.started_contract.gates_of(snapshot.current_round.code)
    return {
        "number": len(fixes(snapshot, snapshot.current_round)) + 1,
        "failures": [failure(run) for run in red(snapshot)],
        "after": {gate.gate_id: snapshot.next_number(gate.gate_id) - 1 for gate in gates},
    }


def failure(run: GateRunValue) -> GateFailure:
    """Return the evidence of a failed run."""
    return {
        "gate_id": run.gate_id,
        "run": run.number,
        "command": [*run.command],
        "verdict": str(run.status),
        "exit_code": run.exit_code,
        "reason": run.reason,
        "tree": run.tree,
    }


def _way(failure: GateFailure) -> tuple[object, ...]:
    """Return the fields that make two failures equal; output is excluded, as it may hold times."""
    return failure["gate_id"], failure["tree"], failure["verdict"], failure["exit_code"]


def _sent_with(snapshot: Snapshot, now: RoundValue, gate_id: str) -> int:
    """Return the number of the gate's last run on the tree before the last fix."""
    sent = fixes(snapshot, now)
    return sent[-1].details["after"].get(gate_id, 0) if sent else 0
