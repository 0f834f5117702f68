"""Project events to state, without any knowledge of rows."""

from collections.abc import Iterable, MutableMapping

from sprints.contract.json_types import JsonObject, JsonValue
from sprints.journal.spill_dict import Shelf
from sprints.state.state_mapping import unescaped


def apply(state: JsonObject, change: Iterable[JsonObject]) -> None:
    """Apply RFC 6902 operations (add, replace, remove) on objects, in place.

    Raises ``KeyError``, ``TypeError``, ``AttributeError`` or ``ValueError`` at the first impossible
    operation.
    """
    target: MutableMapping[str, JsonValue] = state
    there = ""
    for op in change:
        above, slash, last = op["path"].rpartition("/")
        if not slash:
            raise ValueError(f"{op['path']!r} is no place")
        if above != there:  # otherwise the parent object is still the same
            target, there = _found(state, above), above
        if "~" in last:
            last = unescaped(last)
        if op["op"] != "add" and last not in target:
            raise KeyError(op["path"])
        if op["op"] == "remove":
            del target[last]
        elif target is state and last == "sprints":
            state[last] = Shelf()
            state[last].update(op["value"])
        else:
            target[last] = op["value"]


def _found(state: JsonObject, path: str) -> MutableMapping[str, JsonValue]:
    found: MutableMapping[str, JsonValue] = state
    _, *parts = path.split("/") if path else [""]
    for part in parts:
        found = found[unescaped(part) if "~" in part else part]
    return found
