"""Events to state: a few lines that know nothing of rows."""

from collections.abc import MutableMapping
from typing import Any

from sprints.mirror.shelf import Shelf


def apply(state: dict[str, Any], op: dict[str, Any]) -> None:
    """Apply one RFC 6902 operation (add, replace, remove) on objects, in place."""
    path = op["path"]
    _, *parents, last = path.split("/")
    if "~" in path:
        parents, last = [_plain(part) for part in parents], _plain(last)
    target: MutableMapping[str, Any] = state
    for part in parents:
        target = target[part]
    if op["op"] != "add" and last not in target:
        raise KeyError(path)
    if op["op"] == "remove":
        del target[last]
    elif target is state and last == "sprints":
        state[last] = Shelf()
        state[last].update(op["value"])
    else:
        target[last] = op["value"]


def _plain(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
