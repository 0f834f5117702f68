"""What a sprint's programs may use up, and what they have: launches, and minutes of running."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sprints.plan import AgentBudget

GRANTED = "agent_budget"  # in a sprint's meta: what a human has given, in place of its contract's
MOST_LAUNCHES, MOST_MINUTES = 10_000, 100_000.0
LEAST_S = 1.0  # with less left, nothing is begun any more
USED_UP = "budget:"  # how ``last_error`` begins of a sprint that is parked for it


@dataclass(frozen=True, slots=True)
class Spending:
    """What is allowed, and what of it is used; of a program that runs, all that it was given."""

    allowed: AgentBudget
    launches: int
    seconds: float

    @property
    def left_s(self) -> float:
        """Seconds that programs may still run."""
        return max(0.0, self.allowed.minutes * 60 - self.seconds)

    @property
    def out(self) -> str:
        """Which of it is used up: ``launches``, ``minutes``; empty while there is some of both."""
        if self.launches >= self.allowed.launches:
            return "launches"
        return "minutes" if self.left_s < LEAST_S else ""

    def of(self, what: str) -> str:
        """How much of it is used, in words: ``3 of 40 launches``."""
        if what == "launches":
            return f"{self.launches} of {self.allowed.launches} launches"
        return f"{self.seconds / 60:.3g} of {self.allowed.minutes:g} minutes"

    def __str__(self) -> str:
        return f"{self.of('launches')}, {self.of('minutes')}"

    def to_json(self) -> dict[str, Any]:
        """Both, allowed and used."""
        used = {"launches_used": self.launches, "minutes_used": round(self.seconds / 60, 3)}
        return asdict(self.allowed) | used


def spending(
    frozen: AgentBudget | None, meta: Mapping[str, Any], tasks: Iterable[Mapping[str, Any]]
) -> Spending | None:
    """By the budget of a contract, a sprint's meta, and the ``details`` of all its tasks; None
    where there is no budget.
    """
    if frozen is None:
        return None
    asked = [details for details in tasks if details.get("runner")]
    return Spending(
        with_granted(frozen, meta.get(GRANTED)),
        sum(details["try"] for details in asked),
        sum(map(_seconds, asked)),
    )


def with_granted(frozen: AgentBudget, granted: Any) -> AgentBudget:
    """The budget after what a human has given, as far as that can be read."""
    if not granted:
        return frozen
    given = granted if isinstance(granted, dict) else {}
    known = {key: given[key] for key in asdict(frozen) if _is_number(given.get(key))}
    return replace(frozen, **known)


def problems(budget: AgentBudget) -> list[str]:
    """What is wrong with it, a line each."""
    found = []
    launches, minutes = budget.launches, budget.minutes
    if not isinstance(launches, int) or not 1 <= launches <= MOST_LAUNCHES:
        found.append(f"launches must be a whole number from 1 to {MOST_LAUNCHES}")
    if not 0 < minutes <= MOST_MINUTES:
        found.append(f"minutes must be above 0 and at most {MOST_MINUTES:g}")
    return found


def _seconds(details: Mapping[str, Any]) -> float:
    """What the tries of a task have used, and what the one that is under way may use."""
    reserved = 0.0 if "exit_code" in details else details.get("reserved_s", 0.0)
    return float(details.get("spent_s", details.get("duration_s") or 0.0) + reserved)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
