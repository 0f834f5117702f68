"""Define a hook as a value: its events, its target, its timeout and its retries."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self
from urllib.parse import urlsplit

from gates.problem import Problem, ProblemCode
from sprints.contract.json_types import JsonObject

MAX_TIMEOUT_S = 3600.0
MAX_TRIES = 20
# Attempts unless a user sets another number: with the usual back-off, those to another machine
# outlast an outage of five hours.
USUAL_TRIES = {"command": 3, "webhook": 12, "notify": 12}
MAX_BACKOFF_S = 3600.0
MAX_WAIT_S = 24 * 3600.0
WAITS_AT = ("sprint_start", "round_start", "gate_start", "gate_done", "round_done")


@dataclass(frozen=True, slots=True)
class HookDefinition:
    """One hook: where and when events are delivered.

    ``points`` are names of points or of event kinds. ``target`` is the argv of a command, never a
    shell line, or one URL. The delay after a failed attempt doubles from ``backoff_s`` seconds.
    ``blocking``: a sprint that starts with the hook waits at its points, and is blocked if it
    fails.
    """

    hook_id: str
    kind: str
    points: tuple[str, ...]
    target: tuple[str, ...]
    timeout_s: float = 10.0
    tries: int = 3
    backoff_s: float = 10.0
    blocking: bool = False
    allow_private: bool = False

    def problems(self) -> Iterator[Problem]:
        """Yield every refused setting except a target that its kind refuses."""
        if self.is_cut:
            option = "--url" if self.kind == "webhook" else "--notify"
            text = f"events do not keep the URL of a hook; give it again with {option} URL"
            yield Problem("target", ProblemCode.REQUIRED, text)
        if not 0 < self.timeout_s <= MAX_TIMEOUT_S:
            text = f"a hook's timeout must be above 0 and at most {MAX_TIMEOUT_S:g} seconds"
            yield Problem("timeout_s", ProblemCode.OUT_OF_RANGE, text)
        if not 1 <= self.tries <= MAX_TRIES:
            text = f"a hook is tried 1 to {MAX_TRIES} times"
            yield Problem("tries", ProblemCode.OUT_OF_RANGE, text)
        if not 0 <= self.backoff_s <= MAX_BACKOFF_S:
            text = f"a hook's backoff must be 0 to {MAX_BACKOFF_S:g} seconds"
            yield Problem("backoff_s", ProblemCode.OUT_OF_RANGE, text)
        if self.blocking and self.kind != "command":
            text = "only a command can be blocking: no round waits for somebody else's server"
            yield Problem("blocking", ProblemCode.CONFLICT, text)
        if self.blocking and not set(self.points) <= set(WAITS_AT):
            text = f"a sprint can wait at: {', '.join(WAITS_AT)}"
            yield Problem("points", ProblemCode.CONFLICT, text)
        if self.allow_private and self.kind != "webhook":
            text = "only a webhook can be allowed private addresses"
            yield Problem("allow_private", ProblemCode.CONFLICT, text)

    def wait_s(self, failures: int) -> float:
        """Return the seconds to wait after the ``failures``-th failed attempt."""
        return min(MAX_WAIT_S, self.backoff_s * 2.0 ** (failures - 1))

    @property
    def is_cut(self) -> bool:
        """Return whether the URL is only the shortened form that events contain."""
        return self.kind != "command" and any(one.endswith("…") for one in self.target)

    @property
    def shown(self) -> str:
        """Return the target for display: a URL is shortened, because it may be a secret."""
        if self.kind == "command":
            return " ".join(self.target)
        parts = urlsplit(self.target[0])
        host = f"{parts.netloc}/" if self.kind == "webhook" else ""
        return f"{parts.scheme}://{host}…"

    def to_json(self) -> JsonObject:
        """Return the definition as JSON data: plain lists and dicts."""
        return asdict(self) | {"points": [*self.points], "target": [*self.target]}

    @classmethod
    def from_json(cls, data: JsonObject) -> Self:
        """Return the definition that ``to_json`` has written."""
        words = {"points": tuple(data["points"]), "target": tuple(data["target"])}
        return cls(**{**data, **words})

    def public(self) -> JsonObject:
        """Return the JSON for events and contracts, with the URL shortened for secrecy."""
        return self.to_json() | ({} if self.kind == "command" else {"target": [self.shown]})
