"""Read what the engine keeps in a sprint's meta as values; the user's own keys stay apart.

The file and the rows hold one object, ``stored``. A part that is not as the engine writes it, from
an older store or another gateway, is None here and stays in ``stored``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeVar

from sprints.contract.budget import GRANTED, Granted
from sprints.contract.json_record import JsonRecord
from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.contract.meta import OURS, same
from sprints.contract.protected_paths import Touched

SHIPPING, APPROVAL = "shipping", "approval"
STEP = "pause_after"
FIRST = "queue_first_ts"  # when it was moved to the head of the queue
UNSHIPS, UNSHIPPED_BY, CREATED_BY = "unships", "unshipped_by", "created_by"
HELD = "automation_paused"
PAUSE = (HELD, "paused_by", "paused_ts", "paused_why")  # the keys of a pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipping(JsonRecord):
    """The progress of shipping. ``after`` is the last run of each gate before the merge."""

    KEYS: ClassVar[Mapping[str, str]] = {"tries": "try"}

    status: str
    attempt: int | None = None
    tries: int | None = None
    since_ts: str | None = None
    branch: str | None = None
    base: str | None = None
    head: str | None = None
    remote: str | None = None
    url: str | None = None
    commit: str | None = None
    tree: str | None = None
    after: Mapping[str, int] | None = None
    reason: str | None = None
    cause: str | None = None
    rebased: str | None = None
    tag: str | None = None
    unfinished: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest(JsonRecord):
    """An open request for an approval at ``what``, and the subject that it is about."""

    what: str
    number: int
    round_id: str
    attempt: int
    since_ts: str
    until_ts: str
    plan: str | None = None
    tree: str | None = None
    digest: str | None = None
    count: int | None = None
    paths: tuple[str, ...] | None = None
    branch: str | None = None
    commit: str | None = None

    @property
    def name(self) -> str:
        """Return the request's name in its sprint, as in ``before_ship/2``."""
        return f"{self.what}/{self.number}"

    @property
    def unnamed(self) -> int:
        """Return how many changed paths are not named."""
        return (self.count or 0) - len(self.paths or ())

    @classmethod
    def parsed(cls, values: JsonObject) -> JsonObject:
        """Return the fields with their own types."""
        return values | {"paths": tuple(values["paths"])} if "paths" in values else values


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(JsonRecord):
    """A decision on a request and its subject; ``by`` is empty if the request expired."""

    what: str
    verdict: str
    number: int | None = None
    round_id: str | None = None
    attempt: int | None = None
    plan: str | None = None
    tree: str | None = None
    digest: str | None = None
    by: str | None = None
    why: str | None = None
    ts: str | None = None

    @property
    def name(self) -> str:
        """Return the name of the request that was decided."""
        return f"{self.what}/{self.number}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The last comparison of protected paths, made after so many works in that attempt."""

    touched: Touched
    after: int
    attempt: int

    def to_json(self) -> JsonObject:
        """Return JSON data for meta and events."""
        return {**self.touched.to_json(), "after": self.after, "attempt": self.attempt}

    @classmethod
    def from_json(cls, data: JsonMapping) -> "Comparison":
        """Return the inverse of ``to_json``. Raises ``KeyError`` if a key is missing."""
        return cls(Touched.from_json(data), data["after"], data["attempt"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalState(JsonRecord):
    """The open request, the number of requests so far, the decisions, the last comparison."""

    asked: ApprovalRequest | None = None
    number: int | None = None
    given: tuple[Decision, ...] | None = None
    compared: Comparison | None = None

    @classmethod
    def parsed(cls, values: JsonObject) -> JsonObject:
        """Return the fields with their own types."""
        found = dict(values)
        if asked := values.get("asked"):
            found["asked"] = ApprovalRequest.from_json(asked)
        if compared := values.get("compared"):
            found["compared"] = Comparison.from_json(compared)
        found["given"] = tuple(map(Decision.from_json, values.get("given") or ())) or None
        return found


@dataclass(frozen=True, slots=True)
class Pause:
    """A hold by an operator; ``by`` is empty if the user's own settings hold the sprint."""

    by: str
    since_ts: str | None
    why: str

    def to_json(self) -> JsonObject:
        """Return the keys of a pause in meta."""
        return dict(zip(PAUSE, (True, self.by, self.since_ts, self.why), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(JsonRecord):
    """The round at whose end the sprint is to hold, and who asked for that."""

    round_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unships(JsonRecord):
    """The sprint and commit that this sprint reverts, and the commit ``head`` that does it."""

    sprint: str
    commit: str
    branch: str
    head: str
    remote: str | None = None
    why: str | None = None


Part = TypeVar("Part", bound=JsonRecord)


@dataclass(frozen=True)
class SprintMeta:
    """A sprint's meta; each part is parsed once. A change returns another one."""

    stored: JsonObject

    @cached_property
    def own(self) -> JsonObject:
        """Return the keys that a user may write: settings, and free keys."""
        return {key: value for key, value in self.stored.items() if key not in OURS}

    @property
    def brief(self) -> JsonValue:
        """Return the brief; empty if there is none."""
        return self.stored.get("brief", "")

    @property
    def created_by(self) -> str:
        """Return who created the sprint; empty if that is unknown."""
        return str(self.stored.get(CREATED_BY, ""))

    @cached_property
    def pause(self) -> Pause | None:
        """Return the hold; None if the sprint is not held."""
        if self.stored.get(HELD) is not True:
            return None
        _, by, since, why = (self.stored.get(key) for key in PAUSE)
        return Pause(by or "", since, why or "")

    @cached_property
    def step(self) -> Step | None:
        """Return the round after which the sprint is to hold; None if it goes on."""
        return self._part(STEP, Step)

    @cached_property
    def shipping(self) -> Shipping | None:
        """Return the progress of shipping, of whatever attempt; None before the first step."""
        return self._part(SHIPPING, Shipping)

    @cached_property
    def approval(self) -> ApprovalState | None:
        """Return the requests for approvals and the decisions; None before the first."""
        return self._part(APPROVAL, ApprovalState)

    @cached_property
    def granted(self) -> Granted | None:
        """Return the budget as raised by a human; None if none has raised it."""
        return self._part(GRANTED, Granted)

    @cached_property
    def unships(self) -> Unships | None:
        """Return what this sprint reverts; None for any other sprint."""
        return self._part(UNSHIPS, Unships)

    @property
    def unshipped_by(self) -> str:
        """Return the id of the sprint that reverts this one; empty if there is none."""
        return str(self.stored.get(UNSHIPPED_BY, ""))

    def having(self, key: str, part: JsonRecord | str | bool) -> "SprintMeta":
        """Return the meta with that part."""
        value = part.to_json() if isinstance(part, JsonRecord) else part
        return SprintMeta(self.stored | {key: value})

    def held(self, pause: Pause) -> "SprintMeta":
        """Return the meta with that hold."""
        return SprintMeta(self.stored | pause.to_json())

    def without(self, *keys: str) -> "SprintMeta":
        """Return the meta without these keys; itself if it has none of them."""
        if self.stored.keys().isdisjoint(keys):
            return self
        return SprintMeta({key: one for key, one in self.stored.items() if key not in keys})

    def differing(self, other: "SprintMeta") -> list[str]:
        """Return the keys whose values differ, sorted."""
        one, two = self.stored, other.stored
        both = one.keys() & two.keys()
        return sorted((one.keys() ^ two.keys()) | {k for k in both if not same(one[k], two[k])})

    def _part(self, key: str, kind: type[Part]) -> Part | None:
        value = self.stored.get(key)
        try:
            return kind.from_json(value) if isinstance(value, dict) else None
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
