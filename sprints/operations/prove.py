"""An edit of what contracts are made of is kept only where nothing under them breaks a promise.

That is the walk of ``contract check``, cut short: an edit shall not take long. It is made where the
edit changes anything that a walk can tell apart, and says no word of what it has not reached.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from django.db import transaction

from sprints.contract.agent_spec import COMMAND, AgentDefinition
from sprints.contract.contract import DEFAULT_GATE, LEAD, PROFILES, Contract, ContractError, draft
from sprints.contract.git_values import Base
from sprints.operations.base_commit import contract_to_walk
from sprints.operations.contract_builder import contract_for
from sprints.state.refusals import Refused

MOST_STATES = 2_000  # of all walks of one contract; about a second
TOLD = 6  # of the steps to a broken promise

Kept = TypeVar("Kept")


def proved(edit: Callable[[], Kept]) -> Kept:
    """Carry out the edit of a gate, hook or agent. Raises ``Refused`` where a contract that holds
    after it can break a promise, and what ``edit`` raises.
    """
    before = [shape(one) for one in _contracts({})]
    with transaction.atomic():  # to see what would hold; the walk is made without one
        edit()
        after = _contracts({})
        transaction.set_rollback(True)
    prove(after, before)
    return edit()


def prove_switches(values: Mapping[str, Any]) -> None:
    """See that the contracts after these switches are turned break no promise. Raises
    ``Refused``.
    """
    if "enable_auto_merge" in values:  # both profiles are always proved
        prove(_contracts({"enable_auto_merge": values["enable_auto_merge"]}))


def prove_all() -> None:
    """See that the contracts of this store break no promise. Raises ``Refused``."""
    prove(_contracts({}))


def prove(contracts: Iterable[Contract], known: Iterable[str] = ()) -> None:
    """Walk through what can happen under each, as far as that goes in a moment, but for those of a
    ``known`` shape: and of those that most stores have, which the tests walk whole. Raises
    ``Refused`` with the end of the way to the first broken promise.
    """
    from sprints.modelcheck.plan import prove, walks

    seen = {*known, *map(shape, usual())}
    for contract in contracts:
        if shape(contract) in seen:
            continue
        seen.add(shape(contract))
        most = MOST_STATES // len(walks(contract))
        for one in prove(contract, most_states=most).findings:
            way = " > ".join(one.timeline[-TOLD:])
            words = f"{one.promise}: {one.text}; by: … {way}"
            raise Refused(f"under these gates, hooks and agents a promise can be broken, {words}")


def usual() -> Iterator[Contract]:
    """The contracts with the default gate under which nobody but Agent 01 is a program, if that."""
    yield draft({}, [DEFAULT_GATE])
    lead = AgentDefinition(LEAD, LEAD, LEAD, LEAD, COMMAND, ("true",))
    for ship in (False, True):
        found = draft({"enable_auto_merge": ship}, [DEFAULT_GATE], agents=[lead])
        yield replace(found, base=Base("main", "0" * 40))


_SEEN = {  # by a walk, of each of these; all else but what is left out here counts whole
    "rounds": ("code", "acks"),
    "gates": ("gate_id", "rounds", "required"),
    "hooks": ("hook_id", "points", "tries"),
    "agents": ("agent_id",),
}
_LEFT_OUT = ("profile", "budget", "base")


def shape(contract: Contract) -> str:
    """All that a walk can tell apart in a contract: no commands, no titles, no times."""
    told = {key: value for key, value in contract.to_json().items() if key not in _LEFT_OUT}
    for name, keys in _SEEN.items():
        told[name] = [{key: row[key] for key in keys} for row in told.get(name, ())]
    if found := contract.approvals:
        told["approvals"] = [*found.before], bool(found.protected), found.at_deadline
    return json.dumps(told | {"apart": contract.base is not None}, sort_keys=True)


def _contracts(meta: Mapping[str, Any]) -> list[Contract]:
    """Those under which new sprints would start; a profile under which none can has none."""
    found = []
    for profile in PROFILES:
        try:
            found.append(contract_to_walk(contract_for({**meta, "gate_profile": profile})))
        except ContractError:
            continue
    return found
