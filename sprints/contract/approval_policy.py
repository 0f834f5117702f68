"""Define where a sprint waits for a human's approval, and what happens at the deadline."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Self

from gates.definition import Definition, is_text
from gates.problem import Problem, ProblemCode
from sprints.contract.gate_inputs import files_of
from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.contract.protected_paths import MOST_PATTERNS, MOST_TOGETHER, PATTERN_LENGTH, PROTECTED

BUILD, SHIP, PATHS = "before_build", "before_ship", "protected_paths"
POINTS = (BUILD, SHIP)  # points that may be set; the third is asked when protected paths differ
REJECT, WAIT = "reject", "wait"  # decisions at the deadline; never an approval
AT_DEADLINE = (REJECT, WAIT)
HOURS, MOST_HOURS = 72.0, 24.0 * 366


@dataclass(frozen=True, slots=True)
class Approvals:
    """The approval policy of a sprint.

    ``before`` are the points at which a human is asked. ``protected`` are patterns of paths that no
    work may change without approval. A request stays open for ``hours``; ``at_deadline`` is the
    decision taken then.
    """

    before: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    hours: float = HOURS
    at_deadline: str = REJECT

    def to_json(self) -> JsonObject:
        """Return the policy as JSON data for the contract."""
        return asdict(self) | {"before": [*self.before], "protected": [*self.protected]}

    @classmethod
    def from_json(cls, data: JsonMapping) -> Self:
        """Return the policy that ``to_json`` has written."""
        lists = {key: tuple(data[key]) for key in ("before", "protected")}
        return cls(**{**data, **lists})


def agreed(meta: JsonMapping, gates: Iterable[Definition], *, works: bool) -> Approvals | None:
    """Return the approval policy for a sprint with this ``meta``; None if it asks for no approval.

    Paths are protected only where agent commands do the work (``works``).
    """
    if problems(meta):
        return None  # the meta is invalid, and nothing starts under it
    paths = meta.get("protected_paths", [*PROTECTED, *files_of(gates)])
    found = Approvals(
        tuple(meta.get("approvals", ())),
        tuple(paths) if works else (),
        meta.get("approval_hours", HOURS),
        meta.get("approval_default", REJECT),
    )
    return found if found.before or found.protected else None


def problems(meta: JsonMapping) -> list[Problem]:
    """Return every setting of approvals in ``meta`` that is refused."""
    found = bad_points(meta.get("approvals", []))
    hours = meta.get("approval_hours", HOURS)
    if not _is_number(hours) or not 0 < hours <= MOST_HOURS:
        text = f"approval_hours must be a number above 0 and at most {MOST_HOURS:g}"
        found.append(Problem("approval_hours", ProblemCode.OUT_OF_RANGE, text))
    if meta.get("approval_default", REJECT) not in AT_DEADLINE:
        text = f"approval_default must be one of {', '.join(AT_DEADLINE)}"
        found.append(Problem("approval_default", ProblemCode.UNKNOWN_CHOICE, text))
    paths = meta.get("protected_paths", [])
    if not isinstance(paths, list) or not all(_is_pattern(one) for one in paths):
        text = f"protected_paths must list patterns of 1 to {PATTERN_LENGTH} characters"
        found.append(Problem("protected_paths", ProblemCode.WRONG_FORMAT, text))
    elif len(paths) > MOST_TOGETHER:
        text = f"protected_paths lists at most {MOST_TOGETHER} patterns"
        found.append(Problem("protected_paths", ProblemCode.TOO_LONG, text))
    return found


def bad_points(value: JsonValue) -> list[Problem]:
    """Return why ``value`` is no list of points that can ask for approval; empty for a list."""
    sound = isinstance(value, list | tuple) and all(one in POINTS for one in value)
    if sound and len(set(value)) == len(value):
        return []
    text = f"approvals must list some of {', '.join(POINTS)}, each once"
    return [Problem("approvals", ProblemCode.UNKNOWN_CHOICE, text)]


def are_patterns(value: JsonValue) -> bool:
    """Return whether ``value`` is a list of patterns that can be protected."""
    return isinstance(value, list) and len(value) <= MOST_PATTERNS and all(map(_is_pattern, value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_pattern(value: JsonValue) -> bool:
    plain = isinstance(value, str) and is_text(value) and value.isprintable()
    return plain and 0 < len(value) <= PATTERN_LENGTH
