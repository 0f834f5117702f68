"""Read Agent 01's plan from the rows; pure.

The plan is checked when the reply arrives (``read_plan``), and kept in the details of that task.
Later replies of agents cannot change it.
"""

from collections.abc import Sequence

from sprints.contract.rounds import CODES
from sprints.prompts.assignments import Assignment, Unusable, block, parse
from sprints.state.snapshot import Snapshot, TaskValue
from sprints.state.statuses import TaskStatus
from sprints.state.task_details import TaskDetails

CONTRACTS, CONFIRM, BUILD, POLISH, RELEASE = CODES[1:]
PLANNED_IN = (CONTRACTS, CONFIRM, BUILD)  # rounds in which the lead's reply may contain tasks
MOST_RETURNED = 1  # how often an invalid plan is sent back before a human is asked
LONGEST_QUESTION = 900


def plan_for(snapshot: Snapshot, code: str) -> tuple[Assignment, ...]:
    """Return the round's planned tasks in order; empty if there are none.

    R1 proposes them for R2, R2 confirms them for R3, and R3 leaves some for R4.
    """
    if not any("plan" in task.details for task in snapshot.tasks):
        return ()
    if code == CONFIRM:
        return _reported(snapshot, CONTRACTS)
    if code == BUILD:
        return _reported(snapshot, CONFIRM) or _reported(snapshot, CONTRACTS)
    return _reported(snapshot, BUILD) if code == POLISH else ()


def done_by(snapshot: Snapshot, code: str) -> tuple[Assignment, ...]:
    """Return all tasks whose work exists when that round's gates run, in their order."""
    polished = () if code == BUILD else plan_for(snapshot, POLISH)
    return (*plan_for(snapshot, BUILD), *polished)


def _reported(snapshot: Snapshot, code: str) -> tuple[Assignment, ...]:
    """Return the plan of that round's lead, in this attempt or the one that closed the round."""
    found = next((one for one in snapshot.rounds if one.code == code), None)
    if found is None:
        return ()
    leads = [
        task
        for task in snapshot.tasks
        if task.round_id == found.id
        and task.details.get("kind") == "lead"
        and task.status == TaskStatus.DONE
        and (found.status == "done" or task.attempt == snapshot.sprint.attempt)
    ]
    last = max(leads, key=lambda task: task.attempt, default=None)
    reported = last.details.get("plan", ()) if last else ()
    return tuple(Assignment.from_json(one) for one in reported)


def assignment(snapshot: Snapshot, code: str, task_id: str) -> Assignment | None:
    """Return the newest task of that id in the round or before; None if there is none."""
    found = [task for task in done_by(snapshot, code) if task.id == task_id]
    return found[-1] if found else None


def read_plan(snapshot: Snapshot, task: TaskValue, text: str) -> TaskDetails:
    """Return the plan entry for the details of the lead's task: ``plan``, or ``plan_errors``.

    With errors, ``returned`` counts how often the plan was sent back. Empty if the reply has no
    tasks, belongs to an earlier attempt, or tasks are not expected.
    """
    code, current = task.round_id.split("/")[1], task.attempt == snapshot.sprint.attempt
    counts = task.details["kind"] == "lead" and code in PLANNED_IN and current
    body = block(text) if counts and snapshot.started_contract.active else None
    if body is None:
        return {}
    try:
        return {"plan": [one.to_json() for one in parse(body, snapshot.started_contract.active)]}
    except Unusable as exc:
        return {"plan_errors": exc.errors, "returned": task.details.get("returned", 0) + 1}


def patch_notes(snapshot: Snapshot, task: TaskValue, lines: Sequence[str]) -> TaskDetails:
    """Return the deliverables of the last round's lead, for the details of its task."""
    last = snapshot.started_contract.rounds[-1].code == snapshot.current_round.code
    return {"patch_notes": [*lines]} if last and task.details["kind"] == "lead" and lines else {}


def question(errors: Sequence[str]) -> str:
    """Return the question to a human about an invalid plan."""
    reported = f"what shall be planned? The tasks cannot be taken as they are: {'; '.join(errors)}"
    return reported[:LONGEST_QUESTION]
