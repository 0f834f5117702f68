"""Why a sprint stopped, as a code with its fields; every text about it is made from these."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from sprints.contract.budget import amount
from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.state.messages import approval, message


class StopCode(StrEnum):
    """Each way in which a sprint stops. ``OTHER`` is of one that stopped in another gateway, which
    kept a text of its own.
    """

    GATE_FAILED = "gate_failed"
    GATE_FLAKY = "gate_flaky"
    AGENT_FAILED = "agent_failed"
    NO_WORKSPACE = "no_workspace"
    AGENT_ASKS = "agent_asks"
    HOOK_FAILED = "hook_failed"
    SHIP_REFUSED = "ship_refused"
    PATHS_UNKNOWN = "paths_unknown"
    APPROVAL_NEEDED = "approval_needed"
    APPROVAL_REJECTED = "approval_rejected"
    APPROVAL_EXPIRED = "approval_expired"
    BUDGET = "budget"
    DEADLINE = "deadline"
    ENGINE_ERROR = "engine_error"
    CANCELLED = "cancelled_by_user"
    OTHER = "other"


FIELDS: Mapping[StopCode, tuple[str, ...]] = {
    StopCode.GATE_FAILED: ("gate_id", "exit_code", "detail"),
    StopCode.GATE_FLAKY: ("gate_id", "runs"),
    StopCode.AGENT_FAILED: ("agent_id", "detail"),
    StopCode.NO_WORKSPACE: ("agent_id", "detail"),
    StopCode.AGENT_ASKS: ("agent_id", "questions"),
    StopCode.HOOK_FAILED: ("hook_id", "detail"),
    StopCode.SHIP_REFUSED: ("detail", "cause"),
    StopCode.PATHS_UNKNOWN: ("detail",),
    StopCode.APPROVAL_NEEDED: ("point",),
    StopCode.APPROVAL_REJECTED: ("point", "by", "detail"),
    StopCode.APPROVAL_EXPIRED: ("point", "until_ts"),
    StopCode.BUDGET: ("resource", "used", "allowed"),
    StopCode.DEADLINE: ("round_id", "minutes"),
    StopCode.ENGINE_ERROR: ("detail",),
    StopCode.CANCELLED: ("by",),
    StopCode.OTHER: ("detail",),
}
LISTS: Mapping[str, type] = {"runs": int, "questions": str}
NUMBERS = ("used", "allowed", "minutes")


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why a sprint stopped. ``FIELDS`` names the fields of each code; the others are empty.

    ``point`` is one of ``approval_policy``, ``until_ts`` a time of the files, ``resource`` one of
    launches, minutes, tokens and usd, ``detail`` what somebody or something outside has said,
    ``cause`` one of ``ShipCause``.
    """

    code: StopCode
    gate_id: str = ""
    exit_code: int | None = None
    runs: tuple[int, ...] = ()
    agent_id: str = ""
    questions: tuple[str, ...] = ()
    hook_id: str = ""
    point: str = ""
    by: str = ""
    until_ts: str = ""
    resource: str = ""
    used: float = 0
    allowed: float = 0
    round_id: str = ""
    minutes: float = 0
    detail: str = ""
    cause: str = ""

    def to_json(self) -> JsonObject:
        """Return the code and its fields, without empty texts: ``meta.stop_reason``."""
        values = {name: _plain(getattr(self, name)) for name in FIELDS[self.code]}
        return {"code": self.code.value} | {key: one for key, one in values.items() if one != ""}

    @classmethod
    def from_json(cls, data: JsonMapping) -> Self:
        """Return the inverse of ``to_json``; keys of other codes are left out.

        Raises ``ValueError`` for an unknown code, as of a later version, and for a value that
        cannot stand in its field.
        """
        code = StopCode(str(data.get("code")))
        values = {name: data[name] for name in FIELDS[code] if name in data}
        wrong = [name for name, value in values.items() if not _fits(name, value)]
        if wrong or (code == StopCode.GATE_FLAKY and not values.get("runs")):
            raise ValueError(f"a stop reason {code} cannot have such {', '.join(wrong) or 'runs'}")
        values |= {name: tuple(values[name]) for name in LISTS if name in values}
        return cls(code, **values)

    def last_error(self) -> str:
        """Return the documented text: ``<code>:<fields>``; docs/troubleshooting.md lists them."""
        return f"{self.code}:{rest}" if (rest := self._rest()) is not None else self._whole()

    def _whole(self) -> str:
        return self.detail if self.code == StopCode.OTHER else self.code.value

    def _rest(self) -> str | None:
        """Return what follows the colon; None where there is no colon."""
        match self.code:
            case StopCode.GATE_FAILED:
                more = f" ({self.detail})" if self.detail else ""
                return f"{self.gate_id} exit_code={self.exit_code}{more}"
            case StopCode.GATE_FLAKY:
                return f"{self.gate_id} runs {self.runs[0]} and {self.runs[-1]} of one tree"
            case StopCode.AGENT_FAILED | StopCode.NO_WORKSPACE:
                return f"{self.agent_id} {self.detail}"
            case StopCode.AGENT_ASKS:
                return f"{self.agent_id} {' / '.join(self.questions)}"
            case StopCode.HOOK_FAILED:
                return f"{self.hook_id} {self.detail}"
            case StopCode.APPROVAL_NEEDED:
                return self.point
            case StopCode.APPROVAL_REJECTED:
                return f"{self.point} by {self.by}" + (f": {self.detail}" if self.detail else "")
            case StopCode.APPROVAL_EXPIRED:
                return f"{self.point} until {self.until_ts}"
            case StopCode.BUDGET:
                return amount(self.resource, self.used, self.allowed)
            case StopCode.DEADLINE:
                return f"{self.round_id} minutes={self.minutes:g}"
            case StopCode.SHIP_REFUSED | StopCode.PATHS_UNKNOWN | StopCode.ENGINE_ERROR:
                return self.detail
        return None

    def text(self) -> str:
        """Return the reason as a sentence for people."""
        match self.code:
            case StopCode.GATE_FAILED if self.detail:
                return message("with_detail", text=self._text(), detail=self.detail)
            case StopCode.APPROVAL_REJECTED if self.detail:
                return message("with_detail", text=self._text(), detail=self.detail)
            case StopCode.CANCELLED if not self.by:
                return message("stop.cancelled_by_somebody")
        return self._text()

    def _text(self) -> str:
        return message(f"stop.{self.code}", **self.words())

    def words(self) -> JsonObject:
        """Return the fields as a message shows them."""
        found = {name: getattr(self, name) for name in FIELDS[self.code]}
        match self.code:
            case StopCode.GATE_FAILED:
                known = self.exit_code is not None
                exit_code = message("exit_code", exit_code=self.exit_code)
                found["exit"] = exit_code if known else message("no_exit_code")
            case StopCode.GATE_FLAKY:
                found |= {"first": self.runs[0], "last": self.runs[-1]}
            case StopCode.AGENT_ASKS:
                found["questions"] = " / ".join(self.questions)
            case StopCode.BUDGET:
                found["amount"] = amount(self.resource, self.used, self.allowed)
            case StopCode.DEADLINE:
                found["minutes"] = f"{self.minutes:g}"
        return found | ({"approval": approval(self.point)} if self.point else {})


def _fits(name: str, value: JsonValue) -> bool:
    """Return whether ``value``, as JSON, can stand in that field of a reason."""
    if name in LISTS:
        kind = LISTS[name]
        return isinstance(value, list | tuple) and all(type(one) is kind for one in value)
    if name == "exit_code":
        return value is None or type(value) is int
    if name in NUMBERS:
        return type(value) in (int, float)
    return isinstance(value, str)


def _plain(value: object) -> object:
    """Return ``value`` as every database gives it back: lists for tuples, whole floats as int."""
    if isinstance(value, tuple):
        return [*value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
