"""Record a human's answer to an agent's question; pure."""

from datetime import datetime

from sprints.contract.json_types import JsonMapping
from sprints.core.agent_tasks import Status, asks
from sprints.core.reopen_round import cleared, reopened
from sprints.state.event_codes import EventKind
from sprints.state.event_format import stamp
from sprints.state.messages import message
from sprints.state.refusals import RefusalCode
from sprints.state.row_changes import SprintFields, TaskFields, update_sprint, update_task
from sprints.state.snapshot import Snapshot, TaskValue
from sprints.state.task_details import without
from sprints.state.transitions import MoveRefused, Transition


def question_of(snapshot: Snapshot) -> TaskValue | None:
    """Return the task whose question blocks the sprint; None if there is none."""
    is_blocked = snapshot.sprint.status == "blocked" and not snapshot.is_foreign
    if not is_blocked or snapshot.round_if_any is None:
        return None
    return next((task for task in snapshot.tasks_of(snapshot.current_round.id) if asks(task)), None)


def name_of(round_id: str, task_id: str, details: JsonMapping) -> str:
    """Return the name of a question in its sprint: round, task and attempt."""
    return f"{round_id.split('/')[1]}/{task_id}/{details['try']}"


def answer(snapshot: Snapshot, text: str, by: str, at: datetime, question: str = "") -> Transition:
    """Give the agent its answer, and reopen the round; its answered tasks stay answered.

    ``question`` is the name of the question; empty for the open one. Raises ``MoveRefused`` if
    there is no question or another one.
    """
    task = question_of(snapshot)
    asked = name_of(task.round_id, task.task_id, task.details) if task else ""
    if question and question != asked:
        raise _closed(snapshot, question)
    if task is None:
        sprint = snapshot.sprint
        about = {"sprint_id": sprint.sprint_id, "status": sprint.status}
        raise MoveRefused(message("refused.no_question", **about))
    now, questions = snapshot.current_round, asks(task)
    given = {
        "agent": task.owner_agent,
        "try": task.details["try"],
        "questions": questions,
        "text": text,
        "by": by,
        "ts": stamp(at),
    }
    details = without(task.details, ("asks",))
    details["answers"] = [*details["answers"], given]
    goes_on: SprintFields = {"status": "running", **cleared(snapshot.sprint), "finished_at": None}
    waits: TaskFields = {"status": Status.PENDING.value, "updated_at": at, "details": details}
    return Transition(
        EventKind.TASK_ANSWERED,
        message("event.task_answered", by=by, agent_id=task.owner_agent),
        (
            update_sprint(snapshot.sprint_id, ("blocked",), goes_on),
            reopened(snapshot),
            update_task(task.id, (Status.BLOCKED,), waits),
        ),
        round_id=now.code,
        data={"task_id": task.task_id, **given},
    )


def _closed(snapshot: Snapshot, question: str) -> MoveRefused:
    """Return why the question takes no answer."""
    where, _, number = question.rpartition("/")
    for task in snapshot.tasks:
        if task.id == f"{snapshot.sprint_id}/{where}":
            for one in task.details.get("answers", ()):
                if str(one.get("try")) == number:
                    about = {"by": one["by"], "agent_id": one["agent"], "ts": one["ts"]}
                    text = message("refused.answered", **about)
                    return MoveRefused(text, RefusalCode.ALREADY_DECIDED)
    return MoveRefused(message("refused.other_question", sprint_id=snapshot.sprint_id))
