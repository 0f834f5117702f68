"""Ask an agent by its command, or recover the attempt that a crash left."""

import math
from dataclasses import replace
from pathlib import Path

from gates import fault_points
from gates.verdict import Cause
from sprints.agents import RUNNERS, command_runner
from sprints.contract.agent_spec import SCRIPTED, AgentDefinition
from sprints.core.actions import Ask
from sprints.core.agent_tasks import open_task, token
from sprints.core.budget import spent
from sprints.effects import workspace
from sprints.effects.context import EffectContext
from sprints.git import capture_work
from sprints.git.git import GitError
from sprints.prompts.exchange import BUDGET_ENDED, Exchange, Question
from sprints.state.messages import message
from sprints.state.snapshot import Snapshot, TaskValue

NEAR_S = 0.2  # an attempt ends when its time is over, not before


def ask(snapshot: Snapshot, action: Ask, world: EffectContext, left_s: float) -> Exchange:
    """Run one attempt, for at most ``left_s`` seconds whatever its agent's timeout."""
    task = open_task(snapshot, action.agent)
    agent = snapshot.started_contract.agent(action.agent)
    if agent is None:
        return RUNNERS[SCRIPTED](Question(action.agent, action.kind), world.tick)
    try:
        if site := workspace.site_of(snapshot, world):
            mark = workspace.try_mark(snapshot, task)
            capture_work.begin(site, mark, workspace.found_mark(snapshot))
    except GitError as exc:
        reason = message("outcome.no_clone", error=exc)
        return Exchange(None, reason, cause=Cause.NO_WORKSPACE)
    question = _question(snapshot, task, world, left_s)
    fault_points.point("agent_spawned")
    said = RUNNERS[agent.runner](question, world.tick)
    fault_points.point("agent_exited")
    said = _bounded(said, task, agent)
    if site:
        said = workspace.looked_at(said, site, mark, agent)
    if said.cause == Cause.TIMED_OUT and question.timeout_s < agent.timeout_s:
        reason = message("outcome.round_ended", round_id=action.code, reason=said.reason)
        return replace(said, reason=reason)
    return said


def recover(snapshot: Snapshot, task: TaskValue, world: EffectContext) -> Exchange:
    """Return the result of an attempt that an earlier process left, after ending its processes."""
    question = _question(snapshot, task, world, 0.0)
    assert question.agent is not None, "only an agent that is on record with its program comes here"
    said = _bounded(command_runner.recover(question), task, question.agent)
    return workspace.left_by(said, snapshot, task, world, question.agent)


def _bounded(said: Exchange, task: TaskValue, agent: AgentDefinition) -> Exchange:
    """Mark an attempt as stopped, not failed, if it used all the time left in the budget.

    It is asked again once the budget is raised.
    """
    reserved_s = task.details.get("reserved_s", agent.timeout_s)
    by_it = reserved_s < agent.timeout_s and (said.duration_s or 0.0) > reserved_s - NEAR_S
    if not (by_it and said.cause == Cause.TIMED_OUT):
        return said
    reason = message("outcome.and", reason=BUDGET_ENDED, error=said.reason)
    ended = Cause.BUDGET_ENDED
    return replace(said, reason=reason, stopped=True, out_of_budget=True, cause=ended)


def _question(snapshot: Snapshot, task: TaskValue, world: EffectContext, left_s: float) -> Question:
    name = task.owner_agent
    agent = snapshot.started_contract.agent(
        name
    )  # none: the attempt belongs to an earlier contract
    agent = agent or AgentDefinition(name, name, name, name)
    used, known = spent(snapshot), task.details.get("session")
    return Question(
        agent_id=task.owner_agent,
        kind=task.details["kind"],
        agent=agent,
        prompt=task.prompt,
        cwd=workspace.cwd(snapshot, world),
        apart=snapshot.started_contract.base is not None,
        sandbox=workspace.sandbox_of(snapshot, world, workspace.cwd(snapshot, world), agent),
        folder=Path(task.details["folder"]),
        number=task.details["try"],
        token=token(task),
        timeout_s=min(agent.timeout_s, left_s, task.details.get("reserved_s", agent.timeout_s)),
        not_after=world.not_after(),
        tokens_left=used.tokens_left if used else math.inf,
        usd_left=used.usd_left if used else math.inf,
        session=known.get("id", "") if known else "",
        again=known.get("again", False) if known else False,
    )
