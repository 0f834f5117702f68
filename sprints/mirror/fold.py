"""Events to state: twenty lines that know nothing of rows."""

from collections.abc import Iterable
from typing import Any


def fold(events: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """state.json as the events tell it, from ``{}``. ``KeyError`` for a bad patch."""
    state: dict[str, Any] = {}
    for event in events:
        for op in event["change"]:
            apply(state, op)
    return state


def apply(state: dict[str, Any], op: dict[str, Any]) -> None:
    """Apply one RFC 6902 operation (add, replace, remove) on objects, in place."""
    *parents, last = [
        part.replace("~1", "/").replace("~0", "~") for part in op["path"].split("/")[1:]
    ]
    target = state
    for part in parents:
        target = target[part]
    if op["op"] != "add" and last not in target:
        raise KeyError(op["path"])
    if op["op"] == "remove":
        del target[last]
    else:
        target[last] = op["value"]
