"""Keep an edit of gates, agents, hooks or settings only if no invariant can break under it.

The proof is a bounded ``contract check``, because an edit must not take long. It runs if the edit
changes anything that the model check distinguishes, and does not report unexplored states.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from django.db.models import Model

from sprints.contract.agent_spec import COMMAND, AgentDefinition
from sprints.contract.contract import DEFAULT_GATE, LEAD, PROFILES, Contract, ContractError, draft
from sprints.contract.git_values import Base
from sprints.contract.json_types import JsonMapping
from sprints.operations.base_commit import contract_to_explore
from sprints.operations.contract_builder import Definitions, contract_for
from sprints.state.messages import message
from sprints.state.refusals import RefusalCode, Refused

MOST_STATES = 2_000  # states of all explorations of one contract; about a second
TOLD = 6  # last steps of a failing trace

Row = TypeVar("Row", bound=Model)


def prove_edit(after: Definitions) -> None:
    """See that the contracts of ``after``, which are the definitions once an edit is saved, break
    no promise. Raises ``Refused``.
    """
    prove(_contracts({}, after), [shape(one) for one in _contracts({})])


def with_row(rows: tuple[Row, ...], row: Row) -> tuple[Row, ...]:
    """Return the rows with ``row`` in the place of the row of its id, or at the end."""
    if any(one.pk == row.pk for one in rows):
        return tuple(row if one.pk == row.pk else one for one in rows)
    return (*rows, row)


def without_row(rows: tuple[Row, ...], pk: str) -> tuple[Row, ...]:
    """Return the rows without the row of that id."""
    return tuple(one for one in rows if one.pk != pk)


def prove_settings(values: JsonMapping) -> None:
    """Prove that the contracts under these new settings break no invariant. Raises ``Refused``."""
    if "enable_auto_merge" in values:  # both profiles are always proved
        prove(_contracts({"enable_auto_merge": values["enable_auto_merge"]}))


def prove_all() -> None:
    """Prove that the contracts of this store break no invariant. Raises ``Refused``."""
    prove(_contracts({}))


def prove(contracts: Iterable[Contract], known: Iterable[str] = ()) -> None:
    """Check each contract in bounded time. Raises ``Refused`` with the end of a failing trace.

    Contracts of a ``known`` shape are skipped, and so are the usual ones: ``make test-faults``
    checks them in full for each version, and each test run checks their parts.
    """
    from sprints.modelcheck.invariant_texts import TEXTS
    from sprints.modelcheck.plan import parts, prove

    seen = {*known, *map(shape, usual())}
    for contract in contracts:
        if shape(contract) in seen:
            continue
        seen.add(shape(contract))
        most = MOST_STATES // len(parts(contract))
        for one in prove(contract, most_states=most).findings:
            way = " > ".join(one.timeline[-TOLD:])
            about = {"invariant": TEXTS[one.promise], "text": one.text, "path": way}
            text = message("refused.breaks_invariant", **about)
            raise Refused(text, RefusalCode.BREAKS_INVARIANT)


def usual() -> Iterator[Contract]:
    """Yield the contracts with the default gate and at most Agent 01 as a command."""
    yield draft({}, [DEFAULT_GATE])
    lead = AgentDefinition(LEAD, LEAD, LEAD, LEAD, COMMAND, ("true",))
    for ship in (False, True):
        found = draft({"enable_auto_merge": ship}, [DEFAULT_GATE], agents=[lead])
        yield replace(found, base=Base("main", "0" * 40))


_SEEN = {  # the fields that the model check reads; other keys count whole, unless left out here
    "rounds": ("code", "acks"),
    "gates": ("gate_id", "rounds", "required"),
    "hooks": ("hook_id", "points", "tries"),
    "agents": ("agent_id",),
}
_LEFT_OUT = ("profile", "budget", "base")


def shape(contract: Contract) -> str:
    """Return the parts of a contract that the model check uses: no commands, titles or times."""
    reported = {key: value for key, value in contract.to_json().items() if key not in _LEFT_OUT}
    for name, keys in _SEEN.items():
        reported[name] = [{key: row[key] for key in keys} for row in reported.get(name, ())]
    if found := contract.approvals:
        reported["approvals"] = [*found.before], bool(found.protected), found.at_deadline
    return json.dumps(reported | {"apart": contract.base is not None}, sort_keys=True)


def _contracts(meta: JsonMapping, definitions: Definitions | None = None) -> list[Contract]:
    """Return the contracts of new sprints, one for each profile that allows one."""
    found = []
    for profile in PROFILES:
        try:
            found.append(
                contract_to_explore(contract_for({**meta, "gate_profile": profile}, definitions))
            )
        except ContractError:
            continue
    return found
