"""What a sprint waits for, as a code with its fields; every text about it is made from these."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NotRequired, TypedDict, cast

from sprints.contract.json_types import JsonObject
from sprints.state.messages import approval, message


class WaitCode(StrEnum):
    """Each thing for which a sprint waits."""

    START = "start"
    RETRY = "retry"
    FOREIGN = "foreign"  # a retry of one that another gateway has run
    RESUME = "resume"
    ALL_PAUSED = "all_paused"  # automation_paused of the whole store
    ANSWER = "answer"
    APPROVAL = "approval"
    BUDGET = "budget"
    HOOK = "hook"
    AGENT = "agent"
    GATE = "gate"
    SHIP = "ship"
    TURN = "turn"  # another sprint is in the repository
    LIMIT = "limit"  # as many sprints run as may
    QUEUED = "queued"
    NO_WORKER = "no_worker"  # no host is alive
    NO_ANSWER = "no_answer"  # the host is alive, and its workers are silent
    NEXT_STEP = "next_step"


FIELDS: dict[WaitCode, tuple[str, ...]] = {
    WaitCode.RETRY: ("reason",),
    WaitCode.RESUME: ("paused_by",),
    WaitCode.ANSWER: ("agent_id", "questions"),
    WaitCode.APPROVAL: ("point",),
    WaitCode.BUDGET: ("resource", "amount"),
    WaitCode.HOOK: ("hook_id", "point"),
    WaitCode.AGENT: ("agent_id", "kind", "cancel_by"),
    WaitCode.GATE: ("gates", "cancel_by"),
    WaitCode.SHIP: ("step",),
    WaitCode.TURN: ("before", "place", "places"),
    WaitCode.LIMIT: ("most", "place", "places"),
    WaitCode.QUEUED: ("place", "places"),
    WaitCode.NO_WORKER: ("place", "places"),
    WaitCode.NO_ANSWER: ("place", "places"),
}
# The waits of a sprint that is in the hands of the workers, and that no process runs.
IN_QUEUE = (
    WaitCode.TURN,
    WaitCode.LIMIT,
    WaitCode.QUEUED,
    WaitCode.NO_WORKER,
    WaitCode.NO_ANSWER,
)
KEYS = ("what", "who", "since_ts", "until_ts")  # of every wait, also of a version before codes


class Wait(TypedDict):
    """A wait as JSON: ``KEYS``, the code and its fields; without a code in an old store."""

    what: str
    who: str
    since_ts: str | None
    until_ts: str | None
    code: NotRequired[str]
    reason: NotRequired[str]
    paused_by: NotRequired[str]
    agent_id: NotRequired[str]
    questions: NotRequired[list[str]]
    point: NotRequired[str]
    resource: NotRequired[str]
    amount: NotRequired[str]
    hook_id: NotRequired[str]
    kind: NotRequired[str]
    cancel_by: NotRequired[str]
    gates: NotRequired[list[str]]
    step: NotRequired[str]
    before: NotRequired[str]
    most: NotRequired[int]
    place: NotRequired[int]
    places: NotRequired[int]
    overdue: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class WaitReason:
    """What a sprint waits for. ``FIELDS`` names the fields of each code; the others are empty.

    ``who`` is asked, since ``since_ts`` and, where the wait has an end, until ``until_ts``.
    ``reason`` is the ``last_error`` of a sprint that waits for a retry, ``point`` that of an
    approval or of a hook, ``step`` the state of shipping, ``before`` the id of another sprint.
    ``place`` is that in the queue, from 1, of ``places``; ``most`` is how many sprints may run.
    """

    code: WaitCode
    who: str
    since_ts: str | None
    until_ts: str | None = None
    sprint_id: str = ""
    reason: str = ""
    paused_by: str = ""
    agent_id: str = ""
    questions: tuple[str, ...] = ()
    point: str = ""
    resource: str = ""
    amount: str = ""
    hook_id: str = ""
    kind: str = ""
    cancel_by: str = ""
    gates: tuple[str, ...] = ()
    step: str = ""
    before: str = ""
    most: int = 0
    place: int = 0
    places: int = 0

    def to_json(self) -> Wait:
        """Return ``KEYS``, the code and its fields: ``meta.waiting_for`` in state.json."""
        known: JsonObject = {"what": self.text(), "who": self.who}
        known |= {"since_ts": self.since_ts, "until_ts": self.until_ts, "code": self.code.value}
        fields = {name: getattr(self, name) for name in FIELDS.get(self.code, ())}
        listed = {key: [*one] if isinstance(one, tuple) else one for key, one in fields.items()}
        return cast(Wait, known | {key: one for key, one in listed.items() if one})

    def text(self) -> str:
        """Return what it waits for in words: ``an answer to agent_01: red or blue?``."""
        found = {name: getattr(self, name) for name in FIELDS.get(self.code, ())}
        found |= {name: join.join(found[name]) for name, join in JOINS.items() if name in found}
        found["sprint_id"] = self.sprint_id
        if self.code in IN_QUEUE:
            next_or_later = "wait.is_next" if self.place == 1 else "wait.place"
            found["turn"] = message(next_or_later, place=self.place, places=self.places)
        if self.code == WaitCode.APPROVAL:
            found["approval"] = approval(self.point)
        if self.code == WaitCode.RESUME and not self.paused_by:
            found["paused_by"] = message("paused_by_settings")
        text = message(f"wait.{self.code}", **found)
        return message("wait.cancelled", text=text, by=self.cancel_by) if self.cancel_by else text


def is_queued(wait: Wait | None) -> bool:
    """Return whether a sprint with that wait is in the queue."""
    return wait is not None and wait.get("code") in IN_QUEUE


JOINS = {"questions": " / ", "gates": ", "}
