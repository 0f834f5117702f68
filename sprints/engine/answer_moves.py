"""What a human's answer to an agent's question means for the rows; pure."""

from datetime import datetime

from sprints.engine.decide import OVERDUE
from sprints.engine.task_moves import Status, asks
from sprints.models.event import stamp
from sprints.models.moves import Move, MoveRefused, Update
from sprints.snapshot import Snapshot, TaskValue


def question_of(snapshot: Snapshot) -> TaskValue | None:
    """The task of the agent whose question blocks the sprint; None where nobody asks."""
    is_blocked = snapshot.sprint.status == "blocked" and not snapshot.is_foreign
    if not is_blocked or snapshot.current is None:
        return None
    return next((task for task in snapshot.tasks_of(snapshot.now.id) if asks(task)), None)


def answer(snapshot: Snapshot, text: str, by: str, at: datetime) -> Move:
    """Tell the agent what it asked, and let the sprint go on: the round opens again, and what is
    answered in it stays so. Raises ``MoveRefused`` where nobody asks.
    """
    task = question_of(snapshot)
    if task is None:
        sprint = snapshot.sprint
        raise MoveRefused(f"sprint {sprint.sprint_id} is {sprint.status}; no agent asks anything")
    now, questions = snapshot.now, asks(task)
    given = {
        "agent": task.owner_agent,
        "questions": questions,
        "text": text,
        "by": by,
        "ts": stamp(at),
    }
    details = {key: value for key, value in task.details.items() if key != "asks"}
    details |= {"answers": [*details["answers"], given]}
    notes = [note for note in now.notes if not note.startswith(OVERDUE)]  # told anew, if need be
    again = {"status": "pending", "started_at": None, "finished_at": None, "notes": notes}
    goes_on = {"status": "running", "last_error": None, "finished_at": None}
    waits = {"status": Status.PENDING.value, "updated_at": at, "details": details}
    return Move(
        "task_answered",
        f"{by} answered {task.owner_agent}",
        (
            Update("sprint", snapshot.sprint_id, ("blocked",), goes_on),
            Update("round", now.id, ("blocked",), again),
            Update("task", task.id, (Status.BLOCKED,), waits),
        ),
        round_id=now.code,
        data={"task_id": task.task_id, **given},
    )
