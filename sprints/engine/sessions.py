"""Which session of its program a try takes up, and what that session had told before; pure."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sprints.agent_definition import AgentDefinition
from sprints.agents.exchange import Exchange
from sprints.engine import feedback
from sprints.snapshot import Snapshot, TaskValue
from sprints.usage import Usage

SESSION = "session"  # in the details of a task


def session_of(
    snapshot: Snapshot, agent: AgentDefinition, kind: str, before: TaskValue | None, token: str
) -> dict[str, Any]:
    """What the details say of the session of a try: nothing where its program has none. A further
    try takes up that of the last, a fix that of whoever made the work; else one begins.
    """
    rules = (agent.reply or {}).get(SESSION)
    if rules is None:
        return {}
    found = before.details if before else _last(snapshot, agent) if kind == feedback.FIX else {}
    if known := found.get(SESSION):
        return {SESSION: {"id": known["id"], "told": known["told"], "again": True}}
    ours = str(uuid.uuid5(uuid.NAMESPACE_URL, token)) if rules.get("begin") else ""
    return {SESSION: {"id": ours, "told": None, "again": False}}


def _last(snapshot: Snapshot, agent: AgentDefinition) -> Mapping[str, Any]:
    """The details of what that agent was asked last in this attempt."""
    asked = [
        task
        for task in snapshot.tasks
        if (task.owner_agent, task.attempt) == (agent.agent_id, snapshot.sprint.attempt)
        and "started_ts" in task.details
    ]
    return max((task.details for task in asked), key=lambda one: one["started_ts"], default={})


def of_this_try(agent: AgentDefinition | None, task: TaskValue, said: Exchange) -> Usage | None:
    """What one try has used, where its program counts by the session."""
    rules = ((agent and agent.reply) or {}).get(SESSION, {})
    told = task.details.get(SESSION, {}).get("told")
    if said.usage is None or not told or not rules.get("total"):
        return said.usage
    before = Usage.from_json(told)
    inputs = said.usage.input_tokens - before.input_tokens
    outputs = said.usage.output_tokens - before.output_tokens
    if min(inputs, outputs) < 0:  # it has begun to count anew
        return said.usage
    cached = max(0, said.usage.cached_tokens - before.cached_tokens)
    return replace(said.usage, input_tokens=inputs, cached_tokens=cached, output_tokens=outputs)


def after(task: TaskValue, said: Exchange) -> dict[str, Any]:
    """What the details say of it after the try; nothing where it can be taken up no more."""
    if SESSION not in task.details or not said.session:
        return {}
    told = said.usage.to_json() if said.usage else task.details[SESSION]["told"]
    return {SESSION: task.details[SESSION] | {"id": said.session, "told": told}}
