"""Do the files say what the rows say, and do the events explain it all?"""

import json
from collections.abc import Iterator
from typing import Any

from sprints.mirror.fold import fold
from sprints.mirror.state import consistent
from sprints.models import Event, Head, Sprint
from sprints.models.event import FIRST_PREV, canonical, chain
from sprints.store import Store


def differences(store: Store) -> list[str]:
    """What does not agree, a line each, the first of every kind; empty when all is well."""
    head = Head.objects.filter(pk=1).first()
    if head is None:
        return ["the database is not initialised; run: studio-gateway init"]
    try:
        text = store.events.read_bytes().decode("ascii")
    except (OSError, ValueError) as exc:
        return [f"events.jsonl cannot be read: {exc}"]
    lines = text.split("\n")
    found = [] if lines.pop() == "" else ["events.jsonl does not end with a newline"]
    found += _chain(lines, head)
    if found:
        return found
    folded = fold(json.loads(line) for line in lines)
    rows = {"version": 1, "sprints": {i: consistent(i) for i in _ids()}}
    found += _compare("the events", folded, rows)
    try:
        found += _compare("state.json", json.loads(store.state.read_text()), rows)
    except (OSError, ValueError) as exc:
        found.append(f"state.json cannot be read: {exc}")
    if not found and store.state.read_text() != json.dumps(folded, indent=2, sort_keys=True):
        found.append("state.json is not written as the events would have it")
    return found


def _ids() -> list[str]:
    return list(Sprint.objects.order_by("sprint_id").values_list("sprint_id", flat=True))


def _chain(lines: list[str], head: Head) -> Iterator[str]:
    prev = FIRST_PREV
    rows = Event.objects.order_by("seq").values_list("line", flat=True).iterator()
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
            digest = event.pop("hash")
        except (ValueError, KeyError, AttributeError):
            yield f"events.jsonl line {number} is no event"
            return
        if event.get("seq") != number:
            yield f"events.jsonl line {number} has seq {event.get('seq')}"
            return
        if event.get("prev") != prev or chain(prev, event) != digest:
            yield f"events.jsonl line {number} breaks the hash chain"
            return
        if line != next(rows, None) or line != canonical(event | {"hash": digest}):
            yield f"events.jsonl line {number} is not what the database has"
            return
        prev = digest
    if (len(lines), prev) != (head.seq, head.hash):
        yield f"events.jsonl ends at {len(lines)}, the database at {head.seq}"


def _compare(what: str, mine: Any, rows: dict[str, Any]) -> Iterator[str]:
    """The first difference between two states, as a path."""
    if path := _differ(mine, rows, ""):
        yield f"{what} differ from the rows at {path}"


def _differ(a: Any, b: Any, path: str) -> str:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            if key not in a or key not in b:
                return f"{path}/{key}"
            if deeper := _differ(a[key], b[key], f"{path}/{key}"):
                return deeper
        return ""
    return "" if a == b else path or "/"
