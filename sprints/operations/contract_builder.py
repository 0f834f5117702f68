"""Build the contract for a sprint that starts now, from the rows, the settings and its meta."""

import os
from dataclasses import dataclass, replace
from typing import Self

from gates.models import Gate
from gates.problem import Problem, ProblemCode
from sprints.contract import gate_inputs
from sprints.contract.agent_spec import SCRIPTED
from sprints.contract.budget import AgentBudget
from sprints.contract.contract import Contract, ContractError, draft
from sprints.contract.json_types import JsonObject
from sprints.contract.sandbox import SandboxSettings
from sprints.core.unshipping import undoing
from sprints.definitions import secrets_in_clear
from sprints.models import Agent, Hook
from sprints.models.event import HOOK_DEPTH
from sprints.operations import floors
from sprints.state.engine_meta import SprintMeta
from sprints.store.config_values import current_config


@dataclass(frozen=True, slots=True)
class Definitions:
    """The gates, hooks and agents that contracts are made of, in their order."""

    gates: tuple[Gate, ...]
    hooks: tuple[Hook, ...]
    agents: tuple[Agent, ...]

    @classmethod
    def saved(cls) -> Self:
        """Return the definitions as the database has them."""
        return cls(tuple(Gate.objects.all()), tuple(Hook.objects.all()), tuple(Agent.objects.all()))


def contract_for(meta: JsonObject, definitions: Definitions | None = None) -> Contract:
    """Return the contract under which a sprint with this ``meta`` would start now, or would start
    with these ``definitions``. Raises ``ContractError``.
    """
    now, found = current_config(), definitions or Definitions.saved()
    profile = meta.get("gate_profile") or now.gate_profile
    gates = [row.definition for row in found.gates if row.enabled and profile in row.profiles]
    hooks = [row.definition for row in found.hooks if row.enabled and row.blocking]
    if hooks and os.environ.get(HOOK_DEPTH):
        text = f"a hook cannot start a sprint that waits for a hook ({hooks[0].hook_id})"
        raise ContractError(Problem("hooks", ProblemCode.CONFLICT, text))
    agents = [row.definition for row in found.agents if row.runner != SCRIPTED]
    budget = AgentBudget(now.agent_launches, now.agent_minutes, now.agent_tokens, now.agent_usd)
    ship = {
        "enable_auto_merge": meta.get("enable_auto_merge", now.enable_auto_merge),
        "ship_remote": meta.get("ship_remote", now.ship_remote),
    }
    if agents and now.protected_paths and (too_many := gate_inputs.problems(gates)):
        raise ContractError(*too_many)
    chosen = {**meta, "gate_profile": profile, **ship, **floors.raised(meta, now, gates)}
    contract = undoing(draft(chosen, gates, hooks, agents, budget), SprintMeta(meta))
    if secrets := secrets_in_clear.in_clear(contract.to_json()):
        raise ContractError(*secrets)
    if not contract.agents and contract.base is None:
        return contract  # gates judge the repository's own files
    confinement = SandboxSettings(now.confinement, tuple(now.confine_paths), now.gate_home)
    if refusal := confinement.refusal():
        raise ContractError(Problem("confinement", ProblemCode.UNAVAILABLE, refusal))
    return replace(contract, confinement=confinement)
