"""Find the first difference between two JSON values, and display both sides."""

import json

from sprints.contract.json_types import JsonValue
from sprints.state.state_mapping import escaped, unescaped


def differ(a: JsonValue, b: JsonValue) -> str:
    """Return the first difference as a JSON pointer; empty if there is none, or if all differs."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            if key not in a or key not in b:
                return f"/{escaped(key)}"
            if a[key] != b[key]:
                return f"/{escaped(key)}{differ(a[key], b[key])}"
    return ""


def values(a: JsonValue, b: JsonValue, pointer: str) -> str:
    """Return both values at that pointer, shortened: ``"x" instead of nothing``."""
    return f"{_at(a, pointer)} instead of {_at(b, pointer)}"


def _at(whole: JsonValue, pointer: str) -> str:
    try:
        for key in pointer.split("/")[1:]:
            whole = whole[unescaped(key)]
    except (KeyError, TypeError):
        return "nothing"
    text = json.dumps(whole)
    return text if len(text) <= 60 else f"{text[:59]}…"
