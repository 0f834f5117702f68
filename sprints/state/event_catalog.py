"""List the events that a hook can subscribe to: named points of a sprint, and event kinds."""

from collections.abc import Iterable
from datetime import datetime

from sprints.contract.json_types import JsonObject
from sprints.state.event_codes import EventKind
from sprints.state.event_format import stamp
from sprints.state.messages import message

# A point and the kind of event that marks it. An event may also name its point itself, as the
# "sprint started" note does: ``data.point``.
MARKED_BY = {
    "round_start": EventKind.ROUND_STARTED.value,
    "round_done": EventKind.ROUND_DONE.value,
    "gate_start": EventKind.GATE_STARTED.value,
    "gate_done": EventKind.GATE_FINISHED.value,
    "release_ready": EventKind.SHIPPED.value,
}
TEST = "test"  # the point of a test delivery
POINTS = ("sprint_start", *MARKED_BY)

NAMES = tuple(dict.fromkeys((*POINTS, *(kind.value for kind in EventKind))))


def kinds_of(wanted: Iterable[str]) -> set[str]:
    """Return the kinds of event that can match one of these names."""
    return {kind for name in wanted for kind in (name, MARKED_BY.get(name, EventKind.NOTE.value))}


def point_of(wanted: Iterable[str], event: JsonObject) -> str | None:
    """Return the first of the ``wanted`` names that the event matches; None if none does.

    A report of a failed delivery is never delivered: two failing hooks would report each other
    without end.
    """
    if "undelivered" in event["data"]:
        return None
    names = {event["kind"], event["data"].get("point")}
    names |= {point for point, kind in MARKED_BY.items() if kind == event["kind"]}
    return next((name for name in wanted if name in names), None)


def payload(point: str, event: JsonObject) -> JsonObject:
    """Return the payload of the event: the form of Standard Webhooks, with the event's own data."""
    about = {key: event[key] for key in ("sprint_id", "round_id", "message")}
    return {
        "type": point,
        "timestamp": event["ts"],
        "seq": event["seq"],
        **({"incarnation": event["incarnation"]} if "incarnation" in event else {}),
        "data": about | event["data"],
    }


def payload_of_a_test(at: datetime) -> JsonObject:
    """Return the payload of a test delivery."""
    data = {"sprint_id": None, "round_id": None, "message": message("payload.test")}
    return {"type": TEST, "timestamp": stamp(at), "seq": None, "data": data}
