"""Add up the usage that agent commands report: tokens and money."""

from dataclasses import asdict, dataclass, fields
from typing import Self

from sprints.contract.json_types import JsonMapping, JsonObject

MOST = 10**12  # maximum of any number; larger ones are not believed
DIGITS = 6  # decimals of a dollar amount


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage that one command reports.

    ``input_tokens`` are all input tokens, ``cached_tokens`` those of them from the provider's
    cache. ``cost_usd`` is None if not reported, or reported as 0 by a command without prices.
    ``source`` is the rule that read it: ``last`` (a final record) or ``each`` (messages during the
    run).
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    source: str = ""

    @property
    def tokens(self) -> int:
        """Return the tokens that count against a budget: all but cached ones."""
        return max(0, self.input_tokens - self.cached_tokens) + self.output_tokens

    def to_json(self) -> JsonObject:
        """Return JSON data for events and tasks; missing values are left out."""
        return {key: value for key, value in asdict(self).items() if value or key in LEAST}

    @classmethod
    def from_json(cls, data: JsonMapping) -> Self:
        """Return the usage that ``to_json`` has written; unknown keys are ignored."""
        return cls(**{field.name: data[field.name] for field in fields(cls) if field.name in data})


LEAST = ("input_tokens", "output_tokens")
TRIES = "tries"  # in a task's usage: the number of attempts with a usage report


def added(kept: JsonMapping | None, more: Usage) -> JsonObject:
    """Return the total usage of a task, for its details: the ``kept`` total plus ``more``."""
    before = Usage.from_json(kept or {})
    costs = [one for one in (before.cost_usd, more.cost_usd) if one is not None]
    both = Usage(
        before.input_tokens + more.input_tokens,
        before.cached_tokens + more.cached_tokens,
        before.output_tokens + more.output_tokens,
        round(sum(costs), DIGITS) if costs else None,
        more.source,
    )
    return both.to_json() | {TRIES: (kept or {}).get(TRIES, 0) + 1}
