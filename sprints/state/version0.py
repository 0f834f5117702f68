"""Read what version 0 recorded in words only; its stores keep that for good.

Events: which act one without a code records. Sprints: why one stopped, from its ``last_error``.
"""

import re
from collections.abc import Iterable

from gates.verdict import Cause, Verdict
from sprints.contract.json_types import JsonObject
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.stop_reason import StopCode, StopReason

_LOST = re.compile(r"the gateway ended before the (gate|agent|hook) did")
_TOO_OFTEN = "it may be the gate that ends it"
_BUDGET_ENDED = "the sprint's minutes for agents ended"
_KNOWN = {code.value: code for code in EventCode}
_BY_MESSAGE = {
    EventKind.NOTE: (
        (r"sprint started", EventCode.SPRINT_STARTED),
        (r"sprint retried from ", EventCode.SPRINT_RETRIED),
        (r"sprint paused by ", EventCode.SPRINT_PAUSED),
        (r"sprint resumed by ", EventCode.SPRINT_RESUMED),
        (r"one round asked for", EventCode.STEP_REQUESTED),
        (r"sprint goes on to its end", EventCode.STEP_CLEARED),
        (r"sprint holds after ", EventCode.HELD_AFTER_STEP),
        (r"cancel asked by ", EventCode.CANCEL_REQUESTED),
        (r"sprint cancelled by ", EventCode.SPRINT_CANCELLED),
        (r"sprint succeeded", EventCode.SPRINT_SUCCEEDED),
        (r"evidence is kept in ", EventCode.EVIDENCE_MOVED),
        (r"round \S+ is over its minutes", EventCode.ROUND_OVERDUE),
        (r"gate \S+ is run again", EventCode.GATE_REPEATED),
        (r"advisory gate \S+ said no: ", EventCode.ADVISORY_GATE_FAILED),
    ),
    EventKind.ERROR: (
        (r"overdue: ", EventCode.WAIT_OVERDUE),
        (r"the engine cannot carry", EventCode.ENGINE_ERROR),
    ),
    EventKind.GATE_CHANGED: ((r"gate removed: ", EventCode.REMOVED),),
    EventKind.HOOK_CHANGED: ((r"hook removed: ", EventCode.REMOVED),),
    EventKind.SCHEDULE_CHANGED: ((r"schedule removed: ", EventCode.REMOVED),),
}


def act_of(event: JsonObject) -> EventCode | None:
    """Return what a note, an error or a deletion records: its ``data.code``, or, where version 0
    recorded it, what its message says. None where it is none of these.
    """
    kind, data = event["kind"], event["data"]
    if "code" in data:
        return _KNOWN.get(data["code"])
    for shape, code in _BY_MESSAGE.get(kind, ()):
        if re.match(shape, event["message"]):
            return code
    return None


def gate_of(event: JsonObject) -> str:
    """Return the gate of an event about a gate's run: its ``data.gate_id``, or, in a documented
    store, the third word of its message, as in ``gate started: lint``. Empty for another event.
    """
    if event["kind"] not in (EventKind.GATE_STARTED, EventKind.GATE_FINISHED):
        return ""
    words = str(event["message"]).split()
    data = event["data"] if isinstance(event["data"], dict) else {}
    return str(data.get("gate_id") or (words[2] if len(words) > 2 else ""))


def cause_of(event: JsonObject) -> Cause:
    """Return why the gate, agent or hook of the event ended: its ``data.cause``, or, where version
    0 recorded it, what the engine read from its reason.
    """
    data = event["data"]
    reason = data.get("reason") or ""
    if "cause" in data:
        return Cause(data["cause"])
    if event["kind"] == EventKind.GATE_FINISHED:
        if data["verdict"] == Verdict.INTERRUPTED and _LOST.fullmatch(reason):
            return Cause.LOST
        is_last = data["verdict"] == Verdict.ERROR and reason.endswith(_TOO_OFTEN)
        return Cause.LOST_TOO_OFTEN if is_last else Cause.NONE
    if _BUDGET_ENDED in reason:
        return Cause.BUDGET_ENDED
    if not _LOST.match(reason):
        return Cause.NONE
    return Cause.LOST_TOO_OFTEN if event["kind"] == EventKind.TASK_FAILED else Cause.LOST


_EXIT = re.compile(r"(\S+) exit_code=(None|-?\d+)(?: \((.*)\))?", re.DOTALL)
_RUNS = re.compile(r"(\S+) runs (\d+) and (\d+) of one tree")
_NAMED = re.compile(r"(\S+) (.*)", re.DOTALL)
_REJECTED = re.compile(r"(\S+) by (.*?)(?:: (.*))?", re.DOTALL)
_EXPIRED = re.compile(r"(\S+) until (\S+)")
_USED = re.compile(r"(\S+) of (\S+) (launches|minutes|tokens|USD)")
_MINUTES = re.compile(r"(\S+) minutes=(\S+)")


def stop_reason_of(last_error: str | None) -> StopReason | None:
    """Return the reason that ``last_error`` says; None where there is none."""
    if last_error is None:
        return None
    word, _, rest = last_error.partition(":")
    try:
        found = _read(StopCode(word), rest)
    except ValueError:
        found = None  # no such code, or no such number
    return found or StopReason(StopCode.OTHER, detail=last_error)


def beginnings(codes: Iterable[StopCode]) -> tuple[str, ...]:
    """Return how ``last_error`` begins for each of ``codes``, for a query of the database."""
    return tuple(f"{code}:" for code in codes)


def _read(code: StopCode, rest: str) -> StopReason | None:
    match code:
        case StopCode.GATE_FAILED if found := _EXIT.fullmatch(rest):
            exit_code = None if found[2] == "None" else int(found[2])
            return StopReason(code, gate_id=found[1], exit_code=exit_code, detail=found[3] or "")
        case StopCode.GATE_FLAKY if found := _RUNS.fullmatch(rest):
            return StopReason(code, gate_id=found[1], runs=(int(found[2]), int(found[3])))
        case StopCode.AGENT_FAILED | StopCode.NO_WORKSPACE if found := _NAMED.fullmatch(rest):
            return StopReason(code, agent_id=found[1], detail=found[2])
        case StopCode.AGENT_ASKS if found := _NAMED.fullmatch(rest):
            return StopReason(code, agent_id=found[1], questions=tuple(found[2].split(" / ")))
        case StopCode.HOOK_FAILED if found := _NAMED.fullmatch(rest):
            return StopReason(code, hook_id=found[1], detail=found[2])
        case StopCode.APPROVAL_NEEDED:
            return StopReason(code, point=rest)
        case StopCode.APPROVAL_REJECTED if found := _REJECTED.fullmatch(rest):
            return StopReason(code, point=found[1], by=found[2], detail=found[3] or "")
        case StopCode.APPROVAL_EXPIRED if found := _EXPIRED.fullmatch(rest):
            return StopReason(code, point=found[1], until_ts=found[2])
        case StopCode.BUDGET if found := _USED.fullmatch(rest):
            used, allowed = float(found[1]), float(found[2])
            return StopReason(code, resource=found[3].lower(), used=used, allowed=allowed)
        case StopCode.DEADLINE if found := _MINUTES.fullmatch(rest):
            return StopReason(code, round_id=found[1], minutes=float(found[2]))
        case StopCode.SHIP_REFUSED | StopCode.PATHS_UNKNOWN | StopCode.ENGINE_ERROR:
            return StopReason(code, detail=rest)
        case StopCode.CANCELLED if not rest:
            return StopReason(code)
    return None
