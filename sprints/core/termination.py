"""End a sprint before its last round is done: one transition for each cause; pure."""

from datetime import datetime

from sprints.core import agent_tasks, fix_loop, shipping
from sprints.state.event_codes import EventKind
from sprints.state.snapshot import DeliveryValue, GateRunValue, Snapshot, TaskValue
from sprints.state.transitions import Transition, Update


def ended(
    sprint_id: str, code: str, status: str, error: str, at: datetime
) -> tuple[Update, Update]:
    """Return the updates that end the sprint in ``status`` and block its round."""
    ends = {"status": status, "last_error": error, "finished_at": at}
    return (
        stays(sprint_id, code, ("pending", "in_progress"), at),
        Update("sprint", sprint_id, ("running",), ends),
    )


def stays(sprint_id: str, code: str, only_from: tuple[str, ...], at: datetime) -> Update:
    """Return the update that blocks the round of an ended sprint."""
    values = {"status": "blocked", "finished_at": at}
    return Update("round", f"{sprint_id}/{code}", only_from, values)


def failed(snapshot: Snapshot, run: GateRunValue, at: datetime) -> Transition:
    """End the sprint: a required gate failed and is not sent back for a fix."""
    error = f"gate_failed:{run.gate_id} exit_code={run.exit_code}"
    data = {"exit_code": run.exit_code, "gate_id": run.gate_id, "reason": run.reason}
    if why := fix_loop.why_not(snapshot, run):
        data["not_sent_back"] = why
    if stuck := fix_loop.concerns(snapshot, run) and fix_loop.stuck(snapshot, run):
        error = f"{error} ({stuck})"
    return Transition(
        EventKind.ERROR,
        "required gate failed; stopping sprint",
        ended(snapshot.sprint_id, snapshot.current_round.code, "failed", error, at),
        round_id=snapshot.current_round.code,
        data=data,
    )


def flaky(snapshot: Snapshot, run: GateRunValue, at: datetime) -> Transition:
    """Block the sprint: a required gate failed and passed on the same tree."""
    code = snapshot.current_round.code
    runs = [one.number for one in fix_loop.of_tree(snapshot, run)]
    error = f"gate_flaky:{run.gate_id} runs {runs[0]} and {runs[-1]} of one tree"
    return Transition(
        EventKind.ERROR,
        f"gate {run.gate_id} said no, then yes, of the same tree; the sprint is blocked",
        ended(snapshot.sprint_id, code, "blocked", error, at),
        round_id=code,
        data={"gate_id": run.gate_id, "runs": runs, "tree": run.tree},
    )


def unanswered(snapshot: Snapshot, task: TaskValue, at: datetime) -> Transition:
    """End the sprint: an agent did not answer."""
    agent, details = task.owner_agent, task.details
    error = f"agent_failed:{agent} {details['reason']}"
    return Transition(
        EventKind.ERROR,
        f"agent {agent} did not answer; stopping sprint",
        ended(snapshot.sprint_id, snapshot.current_round.code, "failed", error, at),
        round_id=snapshot.current_round.code,
        data={
            "agent": agent,
            "task_id": task.task_id,
            "exit_code": details["exit_code"],
            "reason": details["reason"],
        },
    )


def asked_back(snapshot: Snapshot, task: TaskValue, at: datetime) -> Transition:
    """Block the sprint: an agent asks a question for a human."""
    agent, questions = task.owner_agent, agent_tasks.asks(task)
    error = f"agent_asks:{agent} {' / '.join(questions)}"
    return Transition(
        EventKind.ERROR,
        f"agent {agent} asks what only a human can answer; the sprint is blocked",
        ended(snapshot.sprint_id, snapshot.current_round.code, "blocked", error, at),
        round_id=snapshot.current_round.code,
        data={"agent": agent, "task_id": task.task_id, "questions": questions},
    )


def blocked(snapshot: Snapshot, row: DeliveryValue, at: datetime) -> Transition:
    """Block the sprint: a blocking hook failed."""
    error = f"hook_failed:{row.hook_id} {row.reason}"
    return Transition(
        EventKind.ERROR,
        f"hook {row.hook_id} said no at {row.point}; the sprint is blocked",
        ended(snapshot.sprint_id, snapshot.current_round.code, "blocked", error, at),
        round_id=snapshot.current_round.code,
        data={"hook_id": row.hook_id, "delivery": row.id, "reason": row.reason},
    )


def unshipped(snapshot: Snapshot, at: datetime) -> Transition:
    """Block the sprint: its passed work cannot be shipped."""
    reason = shipping.state(snapshot)["reason"]
    code, error = snapshot.current_round.code, f"ship_refused:{reason}"
    return Transition(
        EventKind.ERROR,
        f"what has passed is not shipped: {reason}; the sprint is blocked",
        ended(snapshot.sprint_id, code, "blocked", error, at),
        round_id=code,
        data={"reason": reason},
    )
