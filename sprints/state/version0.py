"""Read what version 0 recorded in words only: which act an event without a code records."""

import re
from typing import Any

from gates.verdict import Cause, Verdict
from sprints.state.event_codes import EventCode, EventKind

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


def act_of(event: dict[str, Any]) -> EventCode | None:
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


def cause_of(event: dict[str, Any]) -> Cause:
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
