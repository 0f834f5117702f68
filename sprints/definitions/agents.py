"""Check, store and record the agents that a user edits."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from gates.command_line import joining
from gates.problem import Problem, ProblemCode
from sprints.contract.agent_spec import SCRIPTED, AgentDefinition
from sprints.contract.contract import DEFAULT_GATE, LEAD, ContractError, draft
from sprints.contract.json_types import JsonMapping, JsonObject
from sprints.models import Agent, Sprint
from sprints.models.transitions import note
from sprints.prompts.roster import AGENTS, ROSTER
from sprints.state.event_codes import EventKind
from sprints.state.messages import message
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
        raise Unknown(message("refused.no_agent", name=repr(agent_id[:70])))
    return agent


def changed(agents: Sequence[AgentDefinition]) -> list[Agent]:
    """Return those of the agents that differ from their rows, as rows that are not saved. Raises
    ``Refused`` with every problem; of several agents, a field begins with the agent's id.
    """
    problems = [
        problem if len(agents) == 1 else problem.within(agent.agent_id)
        for agent in agents
        for problem in (*agent.problems(), *_for_a_shell(agent))
    ]
    if problems:
        raise Refused(problems=problems)
    return [Agent(**one.to_json()) for one in agents if get(one.agent_id).definition != one]


def _for_a_shell(agent: AgentDefinition) -> list[Problem]:
    text = joining(agent.command)
    return [Problem("command", ProblemCode.WRONG_FORMAT, text)] if text else []


def keep(rows: Sequence[Agent], by: str | None = None) -> None:
    """Save the rows, all or none; ``by`` is the user who changes them."""
    with transaction.atomic():
        for row in rows:
            values = row.definition.to_json()
            data = values | ({"by": by} if by else {})
            Agent.objects.filter(pk=row.pk).update(
                **{key: value for key, value in values.items() if key != "agent_id"}
            )
            words = message("event.agent_changed", agent_id=row.pk)
            note(EventKind.AGENT_CHANGED, words, timezone.now(), data)


def put(agents: Sequence[AgentDefinition], by: str | None = None) -> list[str]:
    """Check and save the agents, without a proof, and return the ids of those that differ. Raises
    ``Refused`` with every problem.
    """
    rows = changed(agents)
    keep(rows, by)
    return [row.pk for row in rows]


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


def _drafted(meta: JsonMapping) -> JsonObject:
    programs = [agent.definition for agent in Agent.objects.exclude(runner=SCRIPTED)]
    try:
        return draft(meta, [DEFAULT_GATE], agents=programs).to_json()
    except ContractError as exc:
        raise Refused(problems=exc.problems) from exc
