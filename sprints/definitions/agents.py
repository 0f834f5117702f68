"""Check, store and record the agents that a user edits."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from sprints.contract.agent_spec import SCRIPTED, AgentDefinition
from sprints.contract.contract import DEFAULT_GATE, LEAD, ContractError, draft
from sprints.models import Agent, Sprint
from sprints.models.transitions import note
from sprints.prompts.roster import AGENTS, ROSTER
from sprints.state.refusals import Refused, Unknown


def seed() -> None:
    """Make a row for every missing agent of the roster; existing rows stay unchanged."""
    there = set(Agent.objects.values_list("pk", flat=True))
    missing = [Agent(**one._asdict()) for one in ROSTER if one.agent_id not in there]
    if missing:
        Agent.objects.bulk_create(missing, ignore_conflicts=True)


def get(agent_id: str) -> Agent:
    """Return the agent of that id. Raises ``Refused``."""
    agent = Agent.objects.filter(pk=agent_id).first() if agent_id in AGENTS else None
    if agent is None:
        raise Unknown(f"no agent {agent_id[:70]!r}; see: studio-gateway agent list")
    return agent


def put(agents: Sequence[AgentDefinition], by: str | None = None) -> list[str]:
    """Keep those agents, all or none, and return the ids of those that were changed; ``by`` is who
    wants it so, where a person does. Raises ``Refused`` with every reason; where there are several
    agents, a field begins with the agent's id.
    """
    problems = [
        problem if len(agents) == 1 else problem.within(agent.agent_id)
        for agent in agents
        for problem in agent.problems()
    ]
    if problems:
        raise Refused(problems=problems)
    with transaction.atomic():
        changed = [agent for agent in agents if get(agent.agent_id).definition != agent]
        for agent in changed:
            values = agent.to_json()
            Agent.objects.filter(pk=values.pop("agent_id")).update(**values)
            data = agent.to_json() | ({"by": by} if by else {})
            note(EventKind.AGENT_CHANGED, f"agent changed: {agent.agent_id}", timezone.now(), data)
    return [agent.agent_id for agent in changed]


def states(sprint: Sprint, agent_ids: Sequence[str]) -> dict[str, str]:
    """Return each agent's state in that sprint: ``Active``, ``Consult`` or ``Silent``.

    Active agents are those in meta, or without these all that are asked or may be assigned tasks.
    ``Consult`` agents are only asked.
    """
    contract = sprint.contract or _drafted(sprint.meta)
    asked = {LEAD, *(agent for spec in contract["rounds"] for agent in spec["acks"])}
    active = sprint.meta.get("active_agents") or {*asked, *contract.get("active", ())}
    return {
        agent_id: "Active" if agent_id in active else "Consult" if agent_id in asked else "Silent"
        for agent_id in agent_ids
    }


def _drafted(meta: Mapping[str, Any]) -> dict[str, Any]:
    programs = [agent.definition for agent in Agent.objects.exclude(runner=SCRIPTED)]
    try:
        return draft(meta, [DEFAULT_GATE], agents=programs).to_json()
    except ContractError as exc:
        raise Refused(problems=exc.problems) from exc
