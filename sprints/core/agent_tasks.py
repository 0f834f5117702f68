"""Record questions to agents and their answers in the rows; pure, a part of the reducer."""

from dataclasses import asdict, replace
from datetime import datetime

from gates.verdict import Cause
from sprints.contract.agent_spec import AgentDefinition
from sprints.contract.git_values import MOST_PATHS
from sprints.contract.json_types import JsonObject
from sprints.contract.sandbox import OFF
from sprints.contract.token_usage import added
from sprints.core import agent_replies, agent_sessions, assignment, fix_loop
from sprints.core.actions import MOST_LOST, Ask, Replied
from sprints.core.budget import spent
from sprints.prompts import prompts
from sprints.prompts.exchange import LOST, is_lost
from sprints.state import network_use
from sprints.state.event_codes import EventKind
from sprints.state.event_format import stamp
from sprints.state.messages import message
from sprints.state.row_changes import TaskFields, create_task, update_task
from sprints.state.snapshot import Snapshot, TaskValue
from sprints.state.statuses import TaskStatus
from sprints.state.task_details import TaskDetails, only, without
from sprints.state.transitions import Create, Transition, Update

Status = TaskStatus
STILL = (Status.PENDING, Status.IN_PROGRESS)


def asked(snapshot: Snapshot, action: Ask, at: datetime) -> Transition:
    """Record a question before it is asked, so that a crash finds it.

    The first attempt creates a task. Every further attempt, after a crash or a human's answer,
    updates this task.
    """
    now, spec = snapshot.current_round, snapshot.started_contract.round(action.code)
    attempt = snapshot.sprint.attempt
    agent = snapshot.started_contract.agent(action.agent)
    before = _before(snapshot, action)
    details: TaskDetails = {"kind": action.kind, "attempt": attempt}
    name = action.kind
    if action.kind == fix_loop.FIX:
        kept = before.details if before else fix_loop.sent_back(snapshot)
        details |= only(kept, ("number", "failures", "after"))
        name = f"{name}{details['number']}"
    elif action.task:
        name = f"{name}_{action.task}"
    details |= assignment.details_of(snapshot, action)
    if before:
        details |= only(before.details, agent_replies.RETURNED)
    if before and (paths := touched(before)):
        details |= {"touched": paths}
    task_id = f"{name}_{action.agent}" + (f"_attempt{attempt}" if attempt > 1 else "")
    data: JsonObject = {"task_id": task_id, "agent": action.agent, "attempt": attempt}
    data |= {**only(details, ("number", "failures", "assignment"))}
    if agent is None:
        text = prompts.prompt(
            action.kind,
            action.agent,
            snapshot.sprint_id,
            snapshot.sprint.meta.stored,
            spec,
            snapshot.started_contract.profile,
        )
    else:
        number = before.details["try"] + 1 if before else 1
        details |= _try(snapshot, agent, before, f"{action.code}.{task_id}", number, at)
        text = prompts.whole(snapshot, action.kind, agent, spec, details)
        name = f"{now.id}/{task_id}@{details['started_ts']}"
        details |= agent_sessions.session_of(snapshot, agent, action.kind, before, name)
        data |= {"runner": agent.runner, "try": number, "folder": details["folder"]}
    data |= {"prompt": text}
    values: TaskFields = {
        "status": Status.IN_PROGRESS.value,
        "updated_at": at,
        "details": details,
        "prompt": text,
    }
    change: Create | Update
    if before:
        change = update_task(before.id, (Status.PENDING,), values)
    else:
        values |= {
            "round_id": now.id,
            "task_id": task_id,
            "title": prompts.title(action.kind, spec, details),
            "owner_agent": action.agent,
            "created_at": at,
            "attempt": attempt,
        }
        change = create_task(f"{now.id}/{task_id}", values)
    number = data.get("try", 1)
    return Transition(
        EventKind.TASK_STARTED,
        message(
            "event.task_started.again" if number > 1 else "event.task_started",
            agent_id=action.agent,
            task_id=task_id,
            number=number,
        ),
        (change,),
        round_id=now.code,
        data=data,
    )


def touched(task: TaskValue) -> list[str]:
    """Return the first changed files that git has observed in all attempts of a task."""
    earlier = task.details.get("touched", ())
    return [*dict.fromkeys((*earlier, *task.details.get("work", {}).get("paths", ())))][:MOST_PATHS]


def _before(snapshot: Snapshot, action: Ask) -> TaskValue | None:
    """Return the task in which this was asked before; None if there is none.

    For fixes, it is the one that waits for another attempt.
    """
    for task in snapshot.tasks_of(snapshot.current_round.id):
        asked = (task.owner_agent, task.details["kind"]) == (action.agent, action.kind)
        same = assignment.name_in(task) == action.task
        if asked and (task.status == Status.PENDING if action.kind == fix_loop.FIX else same):
            return task
    return None


def _try(
    snapshot: Snapshot,
    agent: AgentDefinition,
    before: TaskValue | None,
    name: str,
    number: int,
    at: datetime,
) -> TaskDetails:
    """Return the details of an attempt that is under way."""
    kept, used = before.details if before else TaskDetails(), spent(snapshot)
    return {
        "runner": agent.runner,
        "command": [*agent.command],
        "model": agent.model,
        "try": number,
        "lost": kept.get("lost", 0),
        "answers": kept.get("answers", []),
        "started_ts": stamp(at),
        "reserved_s": min(agent.timeout_s, used.left_s) if used else agent.timeout_s,
        "spent_s": kept.get("spent_s", 0.0),
        **only(kept, ("usage", "network")),
        "folder": f"{snapshot.sprint.artifacts_dir}/agents/{agent.agent_id}/{name}",
    }


def replied(snapshot: Snapshot, task: TaskValue, outcome: Replied) -> Transition:
    """Record the whole answer, or why there is none."""
    if task.details.get("runner") is None:
        return _said(snapshot, task, outcome)
    said, at = outcome.exchange, outcome.at
    reason = said.reason[: agent_replies.LONGEST]
    folder = f"{task.details['folder']}/runs/{task.details['try']}"
    details: TaskDetails = {
        **task.details,
        "exit_code": said.exit_code,
        "duration_s": said.duration_s,
        "reason": reason,
        "spent_s": task.details.get("spent_s", 0.0) + _used_s(task, outcome),
        "stdout": f"{folder}/stdout.txt",
        "stderr": f"{folder}/stderr.txt",
    }
    if said.confined not in ("", OFF):
        details["confined"] = said.confined
    if said.network:
        details["network"] = network_use.summed([details.get("network", {}), said.network])
    if said.strays_killed:
        details["strays_killed"] = said.strays_killed
    if said.dropped_bytes:
        details["dropped_bytes"] = said.dropped_bytes
    if said.seen:
        details |= {"work": said.seen.to_json()}
    agent = snapshot.started_contract.agent(task.owner_agent)
    usage, session = agent_sessions.settled(agent, task, said)
    details = {**without(details, (agent_sessions.SESSION,)), **session}
    if usage:
        details |= {"usage": added(details.get("usage"), usage)}
    if said.denied:
        details |= {"denied": [*said.denied]}
    if is_lost(said):
        details["lost"] += 1
    data: JsonObject = {**without(details, ("command", "answers"))}
    data |= {"task_id": task.task_id, "agent": task.owner_agent}
    if said.network:
        data["reached"] = {**said.network}  # by this attempt
    if said.usage:
        data["used"] = said.usage.to_json()  # as reported by this attempt
    if said.cause:
        data["cause"] = said.cause.value
    if said.outputs:
        path = folder.removeprefix(f"{snapshot.sprint.artifacts_dir}/")
        data["outputs"] = {f"{path}/{name}": digest for name, digest in said.outputs}
        data["outputs_at"] = said.place
    text, name = "", task.owner_agent
    if said.reply:
        text = said.text
        details |= {"reply": said.reply.status, "questions": [*said.reply.questions]}
        data |= {"reply": asdict(said.reply)}
        if text and text != said.reply.text():
            data |= {"text": text}  # as received; without it, the parts say everything
        status, kind, words, details, data = agent_replies.meant(
            snapshot, task, said, details, data
        )
    elif said.stopped and (snapshot.sprint.cancel_by or task.attempt != snapshot.sprint.attempt):
        status, kind = Status.CANCELLED, EventKind.TASK_STOPPED
        words = message("event.task_stopped", agent_id=name, reason=reason)
    elif said.stopped:
        status, kind = Status.PENDING, EventKind.TASK_STOPPED
        words = message("event.task_stopped.again", agent_id=name, reason=reason)
    elif agent_replies.lacks_form(snapshot, task, said):
        again: TaskDetails = {"tail": said.tail, "formless": 1}
        details, data = {**details, **again}, {**data, **again}
        status, kind = Status.PENDING, EventKind.TASK_RETURNED
        words = message("event.task_returned.no_form", agent_id=name, reason=reason)
    else:
        details |= {"tail": said.tail}
        data |= {"tail": said.tail}
        status, kind = Status.BLOCKED, EventKind.TASK_FAILED
        code = "event.task_failed"
        if said.cause == Cause.NO_WORKSPACE:  # no fault of the agent's
            code, details["cause"] = f"{code}.{said.cause}", said.cause.value
        words = message(code, agent_id=name, reason=reason)
    values: TaskFields = {"status": status.value, "updated_at": at, "reply": text}
    change = update_task(task.id, (Status.IN_PROGRESS,), {**values, "details": details})
    return Transition(kind, words, (change,), round_id=task.round_id.split("/")[1], data=data)


def _used_s(task: TaskValue, outcome: Replied) -> float:
    """Return the seconds that an attempt used; the reserved time if its end is unknown."""
    said, reserved_s = outcome.exchange, task.details.get("reserved_s", 0.0)
    if said.out_of_budget:
        return float(max(said.duration_s or 0.0, reserved_s))
    if said.duration_s is None and said.cause in (Cause.LOST, Cause.LOST_TOO_OFTEN):
        took_s = (outcome.at - task.updated_at).total_seconds()
        return float(took_s if 0 <= took_s <= reserved_s else reserved_s)  # clocks may be set back
    return said.duration_s or 0.0


def _said(snapshot: Snapshot, task: TaskValue, outcome: Replied) -> Transition:
    """Record the answer of a scripted agent."""
    reply = outcome.exchange.reply
    assert reply is not None, "a scripted agent always answers"
    values: TaskFields = {
        "status": Status.DONE.value,
        "updated_at": outcome.at,
        "reply": reply.text(),
        "details": {**task.details, "reply": reply.status},
    }
    return Transition(
        EventKind.TASK_DONE,
        message("event.task_done", agent_id=task.owner_agent, status=reply.status, denied=""),
        (update_task(task.id, (Status.IN_PROGRESS,), values),),
        round_id=snapshot.current_round.code,
        data={"task_id": task.task_id, "agent": task.owner_agent, "reply": asdict(reply)},
    )


def bounded(task: TaskValue, outcome: Replied) -> Replied:
    """Return the outcome of a recovered attempt, as a failure after too many gateway deaths.

    The agent may be the cause of these deaths.
    """
    times = task.details["lost"] + 1
    if not is_lost(outcome.exchange) or times < MOST_LOST:
        return outcome
    about = {"reason": LOST.reason, "times": times, "what": "agent"}
    reason = message("reason.lost_too_often", **about)
    failed = replace(outcome.exchange, reason=reason, stopped=False, cause=Cause.LOST_TOO_OFTEN)
    return replace(outcome, exchange=failed)


def dropped(snapshot: Snapshot, at: datetime) -> tuple[Update, ...]:
    """Return the updates that cancel all unanswered tasks when the sprint ends."""
    values: TaskFields = {"status": Status.CANCELLED.value, "updated_at": at}
    return tuple(
        update_task(task.id, STILL, values) for task in snapshot.tasks if task.status in STILL
    )


def is_open(task: TaskValue) -> bool:
    """Return whether the task is under way."""
    return task.status == Status.IN_PROGRESS


def asks(task: TaskValue) -> list[str]:
    """Return the questions that the agent asks a human; empty unless the task is blocked."""
    found: list[str] = task.details.get("asks", [])
    return found if task.status == Status.BLOCKED else []


def token(task: TaskValue) -> str:
    """Return a name unique to this attempt in all stores: the task's id and its start."""
    return f"{task.id}@{task.details['started_ts']}"


def open_task(snapshot: Snapshot, agent: str) -> TaskValue:
    """Return the task under way of that agent. Raises ``LookupError``."""
    for task in snapshot.tasks_of(snapshot.current_round.id):
        if task.owner_agent == agent and is_open(task):
            return task
    raise LookupError(f"nothing is asked of {agent}")


def task_of(snapshot: Snapshot, task_id: str) -> TaskValue:
    """Return the task of that id. Raises ``LookupError``."""
    for task in snapshot.tasks:
        if task.id == task_id:
            return task
    raise LookupError(f"no task {task_id}")
