"""Parse JSON by the standard, which Python's own parser does not."""

import json

from sprints.contract.json_types import JsonObject, JsonValue


def _no_twice(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    keys = [key for key, _ in pairs]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"the key {twice!r} stands twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def strict_json(text: str) -> JsonValue:
    """Parse JSON by the standard.

    Raises ``ValueError`` for NaN, repeated keys, too deep nesting, and anything else that is not
    JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=_no_twice, parse_constant=_no_constant)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc
