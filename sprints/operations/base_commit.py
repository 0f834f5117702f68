"""Find the commit from which a sprint with agent commands would begin now."""

from collections.abc import Callable
from dataclasses import replace

from django.conf import settings

from gates.problem import Problem, ProblemCode
from sprints.contract.agent_spec import SCRIPTED
from sprints.contract.approval_policy import Approvals
from sprints.contract.contract import Contract, ContractError
from sprints.contract.git_values import Base
from sprints.git.gateway_repo import home_of
from sprints.git.git import GitError
from sprints.git.user_repo import look
from sprints.models import Agent

Ground = Base | str


def ground() -> Ground:
    """Return the commit, or why there is none; empty if no agent has a command.

    This runs git, so call it before a transaction begins.
    """
    if not Agent.objects.exclude(runner=SCRIPTED).exists():
        return ""
    store = settings.STORE
    try:
        return look(store.repo, home_of(store.root))
    except GitError as exc:
        return str(exc)


def grounded(contract: Contract, before: Contract | None, find: Callable[[], Ground]) -> Contract:
    """Return the contract with the base of the previous attempt, or a new one if it needs a base.

    Without a base there is nothing to ship. Raises ``ContractError``.
    """
    if contract.undoes:
        return _shippable(contract)
    if before and before.base:
        return _shippable(_kept(contract, before, before.base))
    if not contract.agents:
        return replace(contract, ship=False, ship_remote="")
    found = find()
    if isinstance(found, str):
        why = found or "an agent has just become a program; try again"
        agent_id = contract.agents[0].agent_id
        text = f"{agent_id} is a program and needs a commit: {why}"
        raise ContractError(Problem(f"agents.{agent_id}", ProblemCode.UNAVAILABLE, text))
    return _shippable(replace(contract, base=found))


def _kept(contract: Contract, before: Contract, base: Base) -> Contract:
    """Return the contract of a further attempt.

    If no agent command is left, the work on the branch is judged and shipped under the terms of the
    previous contract.
    """
    contract = replace(contract, base=base)
    if contract.agents:
        return contract
    paths = before.approvals.protected if before.approvals else ()
    approvals = contract.approvals or (Approvals() if paths else None)
    if approvals:
        approvals = replace(approvals, protected=paths)
    return replace(contract, approvals=approvals, confinement=before.confinement)


def _shippable(contract: Contract) -> Contract:
    """Return the contract. Raises ``ContractError`` if it would ship work that no gate judges."""
    last = contract.rounds[-1].code
    if contract.ship and not any(gate.required for gate in contract.gates_of(last)):
        hint = "see: studio-gateway gate set --help"
        text = f"enable_auto_merge needs a required gate in {last}; {hint}"
        raise ContractError(Problem("enable_auto_merge", ProblemCode.CONFLICT, text))
    return contract


def contract_to_explore(contract: Contract) -> Contract:
    """Return the contract with a placeholder base, for a model check or a plan."""
    return grounded(contract, None, lambda: Base("", "0" * 40))
