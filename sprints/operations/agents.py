"""Edit agents: each edit is checked and proved, then written once."""

from collections.abc import Sequence
from dataclasses import replace

from sprints.contract.agent_spec import AgentDefinition
from sprints.definitions import agents, agents_toml, secrets_in_clear
from sprints.definitions.agents import get, states
from sprints.models import Agent
from sprints.operations.contract_builder import Definitions
from sprints.operations.prove import prove_edit, with_row

__all__ = ["export_toml", "get", "import_toml", "put", "states"]


def put(edited: Sequence[AgentDefinition], by: str | None = None) -> list[str]:
    """Save the agents, all or none, and return the ids of those that differ; ``by`` is the user who
    wants it so. Raises ``Refused`` with every problem, or where a sprint could go wrong after the
    edit.
    """
    rows, now = agents.changed(edited), Definitions.saved()
    after = now.agents
    for row in rows:
        secrets_in_clear.refuse(row.definition.to_json())
        after = with_row(after, row)
    prove_edit(replace(now, agents=after))
    agents.keep(rows, by)
    return [row.pk for row in rows]


def import_toml(text: str, by: str | None = None) -> list[str]:
    """Save the agents of a TOML file as ``put`` does. Raises ``Refused``."""
    return put(agents_toml.read(text, [row.definition for row in Agent.objects.all()]), by)


def export_toml() -> str:
    """Return all agents as a TOML file."""
    return agents_toml.written(row.definition for row in Agent.objects.all())
