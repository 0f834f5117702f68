"""The commit from which a sprint whose agents are programs would begin now."""

from collections.abc import Callable
from dataclasses import replace

from django.conf import settings

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
    """That commit, or why there is none; empty where no agent is a program. It runs git, so it is
    asked for before a transaction begins.
    """
    if not Agent.objects.exclude(runner=SCRIPTED).exists():
        return ""
    store = settings.STORE
    try:
        return look(store.repo, home_of(store.root))
    except GitError as exc:
        return str(exc)


def grounded(contract: Contract, before: Contract | None, find: Callable[[], Ground]) -> Contract:
    """The contract with the base of the attempt before, or with the one found where it needs one.
    Without a base there is nothing to ship.

    Raises ``ContractError``.
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
        raise ContractError(f"{contract.agents[0].agent_id} is a program and needs a commit: {why}")
    return _shippable(replace(contract, base=found))


def _kept(contract: Contract, before: Contract, base: Base) -> Contract:
    """The contract of a further attempt. Where no program is left that it could ask, what they have
    left on the branch is judged and shipped as under the contract before.
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
    """Nothing is shipped that no gate judges. Raises ``ContractError``."""
    last = contract.rounds[-1].code
    if contract.ship and not any(gate.required for gate in contract.gates_of(last)):
        hint = "see: studio-gateway gate set --help"
        raise ContractError(f"enable_auto_merge needs a required gate in {last}; {hint}")
    return contract


def contract_to_walk(contract: Contract) -> Contract:
    """The contract as it would be with a commit to begin from, for whoever only looks at it."""
    return grounded(contract, None, lambda: Base("", "0" * 40))
