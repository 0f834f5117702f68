"""Where two pieces of JSON differ first, and what they say there."""

import json
from typing import Any


def differ(a: Any, b: Any) -> str:
    """The first difference as a JSON pointer; empty where there is none, or it is the whole."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            if key not in a or key not in b:
                return f"/{_escaped(key)}"
            if a[key] != b[key]:
                return f"/{_escaped(key)}{differ(a[key], b[key])}"
    return ""


def values(a: Any, b: Any, pointer: str) -> str:
    """What either has at that pointer, cut short: ``"x" instead of nothing``."""
    return f"{_at(a, pointer)} instead of {_at(b, pointer)}"


def _at(whole: Any, pointer: str) -> str:
    try:
        for key in pointer.split("/")[1:]:
            whole = whole[key.replace("~1", "/").replace("~0", "~")]
    except (KeyError, TypeError):
        return "nothing"
    text = json.dumps(whole)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
