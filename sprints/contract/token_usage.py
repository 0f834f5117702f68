"""What programs say that they have used: tokens, and money where they tell that. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

MOST = 10**12  # of anything: what says more is not believed
DIGITS = 6  # of a dollar


@dataclass(frozen=True, slots=True)
class Usage:
    """``input_tokens`` are all that went in, ``cached_tokens`` those of them that came from the
    provider's cache. ``cost_usd`` is None where that is not told, as with 0 by a program that knows
    no price. ``source`` is the rule by which it was read: ``last`` (a final record) or ``each``
    (messages, while it ran).
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    source: str = ""

    @property
    def tokens(self) -> int:
        """What counts against a budget: all but what came from a cache."""
        return max(0, self.input_tokens - self.cached_tokens) + self.output_tokens

    def to_json(self) -> dict[str, Any]:
        """As events and tasks hold it: what is not told is left out."""
        return {key: value for key, value in asdict(self).items() if value or key in LEAST}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse; what else stands there is left out."""
        return cls(**{field.name: data[field.name] for field in fields(cls) if field.name in data})


LEAST = ("input_tokens", "output_tokens")
TRIES = "tries"  # of a task: how many of them have told what they used


def added(kept: Mapping[str, Any] | None, more: Usage) -> dict[str, Any]:
    """What the tries of a task have used in all, as its details hold it, after one ``more``."""
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
