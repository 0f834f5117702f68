"""Build the contract for a sprint that starts now, from the rows, the settings and its meta."""

import os
from dataclasses import replace
from typing import Any

from gates.models import Gate
from gates.problem import Problem, ProblemCode
from sprints.contract.agent_spec import SCRIPTED
from sprints.contract.approval_policy import POINTS
from sprints.contract.contract import Contract, ContractError, draft
from sprints.contract.rounds import AgentBudget
from sprints.contract.sandbox import Confinement
from sprints.core.unshipping import undoing
from sprints.models import Agent, Hook
from sprints.models.event import HOOK_DEPTH
from sprints.store.config_values import switches


def contract_for(meta: dict[str, Any]) -> Contract:
    """Return the contract for a sprint with this ``meta`` that starts now.

    Raises ``ContractError``.
    """
    now = switches()
    profile = meta.get("gate_profile") or now.gate_profile
    gates = [g.definition for g in Gate.objects.filter(enabled=True) if profile in g.profiles]
    hooks = [hook.definition for hook in Hook.objects.filter(enabled=True, blocking=True)]
    if hooks and os.environ.get(HOOK_DEPTH):
        text = f"a hook cannot start a sprint that waits for a hook ({hooks[0].hook_id})"
        raise ContractError(Problem("hooks", ProblemCode.CONFLICT, text))
    agents = [agent.definition for agent in Agent.objects.exclude(runner=SCRIPTED)]
    budget = AgentBudget(now.agent_launches, now.agent_minutes, now.agent_tokens, now.agent_usd)
    ship = {
        "enable_auto_merge": meta.get("enable_auto_merge", now.enable_auto_merge),
        "ship_remote": meta.get("ship_remote", now.ship_remote),
    }
    asks = [word for word in now.approvals.split(",") if word in POINTS]
    chosen = {"approvals": asks, **meta, "gate_profile": profile, **ship}
    contract = undoing(draft(chosen, gates, hooks, agents, budget), meta)
    if not contract.agents and contract.base is None:
        return contract  # gates judge the repository's own files
    confinement = Confinement(now.confinement, tuple(now.confine_paths))
    if refusal := confinement.refusal():
        raise ContractError(Problem("confinement", ProblemCode.UNAVAILABLE, refusal))
    return replace(contract, confinement=confinement)
