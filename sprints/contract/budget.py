"""Account for the budget of a sprint's agent commands: launches, minutes, tokens and money.

Tokens and money count only as far as the commands report them.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Self

from gates.problem import Problem, ProblemCode
from sprints.contract.json_record import JsonRecord
from sprints.contract.json_types import JsonMapping, JsonObject
from sprints.contract.token_usage import DIGITS, TRIES, Usage

AMOUNTS = ("launches", "minutes", "tokens", "usd")
GRANTED = "agent_budget"  # in a sprint's meta: the budget raised by a human
MOST_LAUNCHES, MOST_MINUTES = 10_000, 100_000.0
MOST_TOKENS, MOST_USD = 10**12, 1_000_000.0
LARGEST = 10**15  # a stored amount above it was not written by a gateway
LEAST_S = 1.0  # with less left, nothing is launched


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted(JsonRecord):
    """The amounts that a human has set, in all; None where the contract's own stands."""

    launches: int | None = None
    minutes: float | None = None
    tokens: int | None = None
    usd: float | None = None

    @classmethod
    def from_json(cls, data: JsonMapping) -> Self:
        """Return the inverse of ``to_json``; malformed amounts are kept, and do not count."""
        sound = {key: one for key, one in data.items() if _is_amount(key, one)}
        return cls(**sound, more={key: one for key, one in data.items() if key not in sound})


@dataclass(frozen=True, slots=True)
class AgentBudget:
    """The budget for a sprint's agent commands, over all its rounds and attempts.

    A contract stores ``tokens`` and ``usd`` only if they differ from these defaults. They also hold
    for older contracts, so they must never change.
    """

    launches: int
    minutes: float
    tokens: int = 5_000_000
    usd: float = 50.0

    def to_json(self) -> JsonObject:
        """Return the budget as JSON data for the contract, without default values."""
        usual = {field.name: field.default for field in fields(self)}
        return {key: value for key, value in asdict(self).items() if value != usual[key]}


AGENT_BUDGET = AgentBudget(launches=40, minutes=240.0)  # the default


@dataclass(frozen=True, slots=True)
class Spending:
    """The budget and the amounts used; a running command counts with its whole reserved time.

    ``unmetered`` launches ended without a usage report; ``unpriced`` ones reported tokens without a
    price.
    """

    allowed: AgentBudget
    launches: int
    seconds: float
    tokens: int = 0
    usd: float = 0.0
    unmetered: int = 0
    unpriced: int = 0

    @property
    def left_s(self) -> float:
        """Return the seconds that agent commands may still run."""
        return max(0.0, self.allowed.minutes * 60 - self.seconds)

    @property
    def tokens_left(self) -> int:
        """Return the tokens that agent commands may still use."""
        return max(0, self.allowed.tokens - self.tokens)

    @property
    def usd_left(self) -> float:
        """Return the US dollars that agent commands may still cost."""
        return max(0.0, self.allowed.usd - self.usd)

    @property
    def out(self) -> str:
        """Return which amount is used up: ``launches``, ``minutes``, ``tokens`` or ``usd``.

        Empty while some of each is left.
        """
        if self.launches >= self.allowed.launches:
            return "launches"
        if self.left_s < LEAST_S:
            return "minutes"
        return "tokens" if not self.tokens_left else "" if self.usd_left else "usd"

    def of(self, what: str) -> str:
        """Return how much of ``what`` is used, in words: ``3 of 40 launches``."""
        return amount(what, self.used(what), getattr(self.allowed, what))

    def used(self, what: str) -> float:
        """Return how much of ``what`` is used: launches, minutes, tokens or usd."""
        used: float = self.seconds / 60 if what == "minutes" else getattr(self, what)
        return used

    def __str__(self) -> str:
        amounts = ", ".join(map(self.of, ("launches", "minutes", "tokens", "usd")))
        more = {"no tokens or cost": self.unmetered, "no cost": self.unpriced}
        silent = [
            f"{count} {'launch' if count == 1 else 'launches'} reported {what}"
            for what, count in more.items()
            if count
        ]
        return amounts + (f" ({', '.join(silent)})" if silent else "")

    def to_json(self) -> JsonObject:
        """Return the budget and the amounts used as JSON data."""
        return asdict(self.allowed) | {
            "launches_used": self.launches,
            "minutes_used": round(self.seconds / 60, 3),
            "tokens_used": self.tokens,
            "usd_used": round(self.usd, DIGITS),
            "unmetered": self.unmetered,
            "unpriced": self.unpriced,
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> Self:
        """Return the spending that ``to_json`` has written."""
        return cls(
            AgentBudget(**{field.name: data[field.name] for field in fields(AgentBudget)}),
            data["launches_used"],
            data["minutes_used"] * 60,
            data["tokens_used"],
            data["usd_used"],
            data["unmetered"],
            data["unpriced"],
        )


def amount(what: str, used: float, allowed: float) -> str:
    """Return how much of launches, minutes, tokens or usd is used: ``3 of 40 launches``."""
    match what:
        case "minutes":
            return f"{used:.3g} of {allowed:g} minutes"
        case "usd":
            return f"{round(used, 4):g} of {allowed:g} USD"
    return f"{used:.0f} of {allowed:.0f} {what}"


def spending(
    frozen: AgentBudget | None, granted: Granted | None, tasks: Iterable[JsonMapping]
) -> Spending | None:
    """Return the spending by a contract's budget, as raised by a human, and the ``details`` of the
    sprint's tasks.

    None if the contract has no budget.
    """
    if frozen is None:
        return None
    asked = [details for details in tasks if details.get("runner")]
    reported = [details["usage"] for details in asked if "usage" in details]
    return Spending(
        with_granted(frozen, granted),
        sum(details["try"] for details in asked),
        sum(map(_seconds, asked)),
        sum(Usage.from_json(usage).tokens for usage in reported),
        sum(usage.get("cost_usd", 0.0) for usage in reported),
        sum(map(_untold, asked)),
        sum(usage[TRIES] for usage in reported if "cost_usd" not in usage),
    )


def with_granted(frozen: AgentBudget, granted: Granted | None) -> AgentBudget:
    """Return the budget as raised by a human."""
    if granted is None:
        return frozen
    given = {key: one for key in AMOUNTS if (one := getattr(granted, key)) is not None}
    return replace(frozen, **given)


def problems(budget: AgentBudget) -> list[Problem]:
    """Return every amount that is not a sound limit."""
    found = {}
    launches, minutes = budget.launches, budget.minutes
    if not isinstance(launches, int) or not 1 <= launches <= MOST_LAUNCHES:
        found["launches"] = f"a whole number from 1 to {MOST_LAUNCHES}"
    if not 0 < minutes <= MOST_MINUTES:
        found["minutes"] = f"above 0 and at most {MOST_MINUTES:g}"
    if not isinstance(budget.tokens, int) or not 1 <= budget.tokens <= MOST_TOKENS:
        found["tokens"] = f"a whole number from 1 to {MOST_TOKENS}"
    if not 0 < budget.usd <= MOST_USD:
        found["usd"] = f"above 0 and at most {MOST_USD:.0f}"
    return [
        Problem(name, ProblemCode.OUT_OF_RANGE, f"{name} must be {rule}")
        for name, rule in found.items()
    ]


def _seconds(details: JsonMapping) -> float:
    """Return the seconds used by the attempts of a task, plus those reserved for a running one."""
    reserved = 0.0 if "exit_code" in details else details.get("reserved_s", 0.0)
    return float(details.get("spent_s", details.get("duration_s") or 0.0) + reserved)


def _untold(details: JsonMapping) -> int:
    """Return how many attempts of a task ended without a usage report."""
    ended: int = details["try"] - (0 if "exit_code" in details else 1)
    reported: int = details.get("usage", {}).get(TRIES, 0)
    return max(0, ended - reported)


def _is_amount(key: str, value: object) -> bool:
    number = int if key in ("launches", "tokens") else (int, float)
    if key not in AMOUNTS or isinstance(value, bool) or not isinstance(value, number):
        return False
    return 0 < value <= LARGEST
