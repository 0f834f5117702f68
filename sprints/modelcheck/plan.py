"""Split the proof of a contract into explorations: one for everything, or several smaller ones.

Agents, gates, hooks and shipping together have more states than a minute allows. So they are
explored in turn, each with the gates. Parts of different explorations are not combined.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from sprints.contract.approval_policy import SHIP
from sprints.contract.contract import Contract
from sprints.core.fix_loop import FIX
from sprints.modelcheck.explore import MOST_STATES, Finding, Report, explore

ASKED = ("ack", "lead", "plan", "build", "polish")
WHOLE = "everything at once"


@dataclass(frozen=True, slots=True)
class Part:
    """One exploration; ``name`` says which parts it combines.

    The behaviour of agent commands that are asked one of ``kinds`` is explored; all other agents
    answer at once.
    """

    name: str
    contract: Contract
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """The results of all explorations, by their names."""

    parts: tuple[tuple[Part, Report], ...]

    @property
    def holds(self) -> bool:
        """Return whether every invariant is proved in each exploration."""
        return all(report.holds for _, report in self.parts)

    @property
    def complete(self) -> bool:
        """Return whether no exploration reached its limit."""
        return all(report.complete for _, report in self.parts)

    @property
    def states(self) -> int:
        """Return the total number of states."""
        return sum(report.states for _, report in self.parts)

    @property
    def steps(self) -> int:
        """Return the total number of steps."""
        return sum(report.steps for _, report in self.parts)

    @property
    def took_s(self) -> float:
        """Return the total time in seconds."""
        return sum(report.took_s for _, report in self.parts)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the broken invariants, each once."""
        found: dict[str, Finding] = {}
        for _, report in self.parts:
            for one in report.findings:
                found.setdefault(one.promise, one)
        return tuple(found.values())


def parts(contract: Contract, *, whole: bool = False) -> tuple[Part, ...]:
    """Return the explorations that prove the contract; ``whole``: a single, complete one."""
    if whole or not contract.agents:
        return (Part(WHOLE, contract, (*ASKED, FIX) if contract.agents else ()),)
    plain = replace(contract, fix_attempts=0, rerun_red=False, ship=False, hooks=(), approvals=None)
    found = [Part("agents and gates", plain, ASKED)]
    if contract.fix_attempts or contract.rerun_red:
        back = replace(contract, ship=False, hooks=(), approvals=None)
        found.append(Part("gates and what goes back to agents", back, (FIX,)))
    if contract.ship:
        found.append(Part("gates and shipping", replace(plain, ship=True)))
    if contract.approvals:
        asked = replace(plain, approvals=contract.approvals)
        found.append(Part("gates and approvals", asked))
        if contract.ship and SHIP in contract.approvals.before:
            paths = replace(contract.approvals, protected=())
            found.append(Part("shipping and approvals", replace(asked, ship=True, approvals=paths)))
    if contract.hooks:
        found.append(Part("gates and hooks", replace(plain, hooks=contract.hooks)))
    return tuple(found)


def prove(
    contract: Contract,
    tell: Callable[[int], None] | None = None,
    *,
    whole: bool = False,
    most_states: int = MOST_STATES,
    most_s: float = math.inf,
) -> Proof:
    """Run all explorations, each up to ``most_states``, and together up to ``most_s`` seconds.

    ``tell`` receives now and then the number of states.
    """
    end = time.monotonic() + most_s
    found: list[tuple[Part, Report]] = []
    before = 0

    def tell_all(states: int) -> None:
        if tell:
            tell(before + states)

    for part in parts(contract, whole=whole):
        report = explore(part.contract, most_states, tell_all, part.kinds, end=end)
        found.append((part, report))
        before += report.states
    return Proof(tuple(found))
