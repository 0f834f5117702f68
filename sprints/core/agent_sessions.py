"""Choose the command's session that an attempt resumes, and the usage it had before; pure."""

import uuid
from dataclasses import replace
from typing import Final

from sprints.contract.agent_spec import AgentDefinition
from sprints.contract.token_usage import Usage, added
from sprints.core import fix_loop
from sprints.prompts.exchange import Exchange
from sprints.state.snapshot import Snapshot, TaskValue
from sprints.state.task_details import TaskDetails

SESSION: Final = "session"  # in the details of a task


def session_of(
    snapshot: Snapshot, agent: AgentDefinition, kind: str, before: TaskValue | None, token: str
) -> TaskDetails:
    """Return the session entry of an attempt's details; empty if its command has no sessions.

    A further attempt resumes the session of the last one, and a fix that of the implementer;
    otherwise a new session begins.
    """
    rules = (agent.reply or {}).get(SESSION)
    if rules is None:
        return {}
    found = TaskDetails()
    if before or kind == fix_loop.FIX:
        found = before.details if before else _last(snapshot, agent)
    if known := found.get("session"):
        return {"session": {"id": known["id"], "told": known["told"], "again": True}}
    ours = str(uuid.uuid5(uuid.NAMESPACE_URL, token)) if rules.get("begin") else ""
    return {"session": {"id": ours, "told": None, "again": False}}


def _last(snapshot: Snapshot, agent: AgentDefinition) -> TaskDetails:
    """Return the details of the agent's latest task in this attempt."""
    asked = [
        task
        for task in snapshot.tasks
        if (task.owner_agent, task.attempt) == (agent.agent_id, snapshot.sprint.attempt)
        and "started_ts" in task.details
    ]
    found = (task.details for task in asked)
    return max(found, key=lambda one: one["started_ts"], default=TaskDetails())


def settled(
    agent: AgentDefinition | None, task: TaskValue, said: Exchange
) -> tuple[Usage | None, TaskDetails]:
    """Return the attempt's own usage, and the session entry of its details from then on.

    The entry is empty if the session cannot be resumed any more.
    """
    known = task.details.get("session")
    if known is None:
        return said.usage, {}
    rules = ((agent and agent.reply) or {}).get(SESSION, {})
    before = Usage.from_json(known["told"]) if known["told"] and rules.get("total") else None
    usage = total = said.usage
    if usage and before and usage.source == "each":  # messages belong to this attempt only
        total = Usage.from_json(added(before.to_json(), usage))
    elif usage and before and _is_more(usage, before):
        usage = replace(
            usage,
            input_tokens=usage.input_tokens - before.input_tokens,
            cached_tokens=max(0, usage.cached_tokens - before.cached_tokens),
            output_tokens=usage.output_tokens - before.output_tokens,
        )
    reported = total.to_json() if total else known["told"]
    if not said.session:
        return usage, {}
    return usage, {"session": {**known, "id": said.session, "told": reported}}


def _is_more(usage: Usage, before: Usage) -> bool:
    """Return whether the session has continued its count; otherwise it counts from zero again."""
    inputs = usage.input_tokens >= before.input_tokens
    return inputs and usage.output_tokens >= before.output_tokens
