"""Decide what an agent's reply means for its task: done, a question to a human, or sent back.

A reply is sent back if it is not in the form that was asked for, if its planned tasks are invalid,
or if it claims work but git shows no change: once for each reason. Pure, a part of the reducer.
"""

from gates.verdict import Cause
from sprints.contract.agent_spec import READ
from sprints.contract.contract import LEAD
from sprints.contract.git_values import ABSENT
from sprints.contract.json_types import JsonObject
from sprints.core.assignment import WORK
from sprints.prompts import lead_plan
from sprints.prompts.exchange import Exchange
from sprints.prompts.reply_format import Claim
from sprints.state.event_codes import EventKind
from sprints.state.messages import Message, cut, message
from sprints.state.snapshot import Snapshot, TaskValue
from sprints.state.statuses import TaskStatus
from sprints.state.task_details import TaskDetails, without

RETURNED = ("plan_errors", "returned", "unchanged", "formless")  # kept from one attempt to the next
LONGEST = 500  # maximum characters of a reason

Status = TaskStatus


def meant(
    snapshot: Snapshot, task: TaskValue, said: Exchange, details: TaskDetails, data: JsonObject
) -> tuple[Status, EventKind, Message, TaskDetails, JsonObject]:
    """Return the task's status, the event's kind and message, the details, the event's data."""
    reply, name = said.reply, task.owner_agent
    assert reply is not None, "it has answered"
    if directional := [*reply.directional]:
        words = message("event.task_asks", agent_id=name, questions=" / ".join(directional))
        return Status.BLOCKED, EventKind.TASK_ASKS, words, {**details, "asks": directional}, data
    reported = lead_plan.read_plan(snapshot, task, said.text)
    reported |= lead_plan.patch_notes(snapshot, task, reply.deliverables)
    reported |= _unchanged(snapshot, task, said)
    details = {**without(details, RETURNED), **reported}
    data = {**{key: value for key, value in data.items() if key not in RETURNED}, **reported}
    if errors := reported.get("plan_errors"):
        words = cut(message("event.task_returned.plan", agent_id=name, errors="; ".join(errors)))
        if reported["returned"] <= lead_plan.MOST_RETURNED:
            return Status.PENDING, EventKind.TASK_RETURNED, words, details, data
        asks = [lead_plan.question(errors)]
        words = cut(message("event.task_asks", agent_id=name, questions=asks[0]))
        return Status.BLOCKED, EventKind.TASK_ASKS, words, {**details, "asks": asks}, data
    status, kind, code = Status.DONE, EventKind.TASK_DONE, "event.task_done"
    if reported.get("unchanged") == 1:
        status, kind = Status.PENDING, EventKind.TASK_RETURNED
        code = "event.task_returned.unchanged"
    elif "unchanged" in reported:
        code = "event.task_done.unchanged"
    denied = message("denied", tools=", ".join(said.denied)) if said.denied else ""
    if said.seen and said.seen.notes:
        denied += message("noted", notes="; ".join(said.seen.notes))
    words = cut(message(code, agent_id=name, status=reply.status, denied=denied))
    return status, kind, words, details, data


def lacks_form(snapshot: Snapshot, task: TaskValue, said: Exchange) -> bool:
    """Return whether the agent is to answer once more because its answer had not the form.

    The work is done then, and only its report is missing.
    """
    present = task.attempt == snapshot.sprint.attempt
    return said.cause == Cause.NO_FORM and present and not task.details.get("formless")


def _unchanged(snapshot: Snapshot, task: TaskValue, said: Exchange) -> TaskDetails:
    """Count the replies that claim finished work while the files are unchanged."""
    assert said.reply is not None, "it has answered"
    absent = said.seen is not None and said.seen.seen == ABSENT
    gives_up = said.reply.claim == Claim.BLOCKED
    if not absent or gives_up or not is_to_work(snapshot, task):
        return {}
    return {"unchanged": task.details.get("unchanged", 0) + 1}


def is_to_work(snapshot: Snapshot, task: TaskValue) -> bool:
    """Return whether the task must change files.

    True for a build task of the plan, and for the lead in a build round without a plan. A second
    attempt may find nothing to do.
    """
    if task.attempt > 1 or task.details.get("touched"):
        return False  # the change may exist from before
    code, kind = task.round_id.split("/")[1], task.details["kind"]
    agent = snapshot.started_contract.agent(task.owner_agent)
    if task.attempt != snapshot.sprint.attempt or agent is None or agent.policy == READ:
        return False
    alone = kind == "lead" and code == lead_plan.BUILD and task.owner_agent == LEAD
    return kind == WORK[lead_plan.BUILD] or (alone and not lead_plan.plan_for(snapshot, code))
