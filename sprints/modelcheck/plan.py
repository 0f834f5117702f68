"""Which walks prove a contract: one through everything, or several where that would be too much.

What programs may do beside all that gates, hooks and shipping may do is more than can be walked
through in a minute. So it is walked through in turn, each with the gates; what stands in different
walks is not combined.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sprints.contract.approval_policy import SHIP
from sprints.contract.contract import Contract
from sprints.core.fix_loop import FIX
from sprints.modelcheck.explore import MOST_STATES, Finding, Report, explore

ASKED = ("ack", "lead", "plan", "build", "polish")
WHOLE = "everything at once"


@dataclass(frozen=True, slots=True)
class Walk:
    """One of them: ``name`` says what is combined in it. What programs may do that are asked one
    of ``kinds`` is walked through, and all other agents answer at once.
    """

    name: str
    contract: Contract
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """What all walks have found; each finding by the name of its walk."""

    walks: tuple[tuple[Walk, Report], ...]

    @property
    def holds(self) -> bool:
        """Every promise is proved, in each of them."""
        return all(report.holds for _, report in self.walks)

    @property
    def complete(self) -> bool:
        """None of them was given up."""
        return all(report.complete for _, report in self.walks)

    @property
    def states(self) -> int:
        """How many were seen, in all."""
        return sum(report.states for _, report in self.walks)

    @property
    def steps(self) -> int:
        """How many were made, in all."""
        return sum(report.steps for _, report in self.walks)

    @property
    def took_s(self) -> float:
        """Seconds, in all."""
        return sum(report.took_s for _, report in self.walks)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """A broken promise each, told once."""
        found: dict[str, Finding] = {}
        for _, report in self.walks:
            for one in report.findings:
                found.setdefault(one.promise, one)
        return tuple(found.values())


def walks(contract: Contract, *, whole: bool = False) -> tuple[Walk, ...]:
    """Those that prove the contract. ``whole``: all that can happen in one, however long that
    takes.
    """
    if whole or not contract.agents:
        return (Walk(WHOLE, contract, (*ASKED, FIX) if contract.agents else ()),)
    plain = replace(contract, fix_attempts=0, rerun_red=False, ship=False, hooks=(), approvals=None)
    found = [Walk("agents and gates", plain, ASKED)]
    if contract.fix_attempts or contract.rerun_red:
        back = replace(contract, ship=False, hooks=(), approvals=None)
        found.append(Walk("gates and what goes back to agents", back, (FIX,)))
    if contract.ship:
        found.append(Walk("gates and shipping", replace(plain, ship=True)))
    if contract.approvals:
        asked = replace(plain, approvals=contract.approvals)
        found.append(Walk("gates and approvals", asked))
        if contract.ship and SHIP in contract.approvals.before:
            paths = replace(contract.approvals, protected=())
            found.append(Walk("shipping and approvals", replace(asked, ship=True, approvals=paths)))
    if contract.hooks:
        found.append(Walk("gates and hooks", replace(plain, hooks=contract.hooks)))
    return tuple(found)


def prove(
    contract: Contract,
    tell: Callable[[int], None] | None = None,
    *,
    whole: bool = False,
    most_states: int = MOST_STATES,
) -> Proof:
    """Walk them all; no walk sees more than ``most_states``. ``tell`` hears now and then how many
    states have been seen.
    """
    found: list[tuple[Walk, Report]] = []
    before = 0

    def tell_all(states: int) -> None:
        if tell:
            tell(before + states)

    for walk in walks(contract, whole=whole):
        report = explore(walk.contract, most_states, tell_all, walk.kinds)
        found.append((walk, report))
        before += report.states
    return Proof(tuple(found))
