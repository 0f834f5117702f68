"""What asking an agent means for the rows; pure, a part of ``settle``."""

from dataclasses import asdict
from datetime import datetime

from sprints.agents import prompts
from sprints.engine.actions import Ask, Replied
from sprints.models.moves import Create, Move, Update
from sprints.snapshot import Snapshot, TaskValue


def asked(snapshot: Snapshot, action: Ask, at: datetime) -> Move:
    """The question is on record before it is asked."""
    now, contract = snapshot.now, snapshot.terms
    spec = contract.round(action.code)
    attempt = snapshot.sprint.attempt
    task_id = f"{action.kind}_{action.agent}" + (f"_attempt{attempt}" if attempt > 1 else "")
    text = prompts.prompt(
        action.kind,
        action.agent,
        snapshot.sprint_id,
        snapshot.sprint.meta,
        spec,
        contract.profile,
    )
    values = {
        "round_id": now.id,
        "task_id": task_id,
        "title": prompts.title(action.kind, spec),
        "owner_agent": action.agent,
        "status": "in_progress",
        "created_at": at,
        "updated_at": at,
        "attempt": attempt,
        "details": {"kind": action.kind, "attempt": attempt},
        "prompt": text,
    }
    return Move(
        "task_started",
        f"asked {action.agent}: {task_id}",
        (Create("task", f"{now.id}/{task_id}", values),),
        round_id=now.code,
        data={"task_id": task_id, "agent": action.agent, "attempt": attempt, "prompt": text},
    )


def replied(snapshot: Snapshot, action: Ask, outcome: Replied) -> Move:
    """The answer, whole."""
    now = snapshot.now
    task = open_task(snapshot, action.agent)
    reply = outcome.reply
    values = {
        "status": "done",
        "updated_at": outcome.at,
        "reply": reply.text(),
        "details": task.details | {"reply": reply.status},
    }
    return Move(
        "task_done",
        f"{action.agent} answered: {reply.status}",
        (Update("task", task.id, ("in_progress",), values),),
        round_id=now.code,
        data={"task_id": task.task_id, "agent": action.agent, "reply": asdict(reply)},
    )


def open_task(snapshot: Snapshot, agent: str) -> TaskValue:
    """The task that waits for that agent. Raises ``LookupError``."""
    for task in snapshot.tasks_of(snapshot.now.id):
        if task.owner_agent == agent and task.status == "in_progress":
            return task
    raise LookupError(f"nothing is asked of {agent}")
