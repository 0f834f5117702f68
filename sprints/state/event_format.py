"""Define the format of an event: its canonical line and its place in the hash chain."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sprints.contract.json_types import JsonObject
from sprints.state.event_codes import EventKind
from sprints.state.messages import Message

FIRST_PREV = "0" * 64


@dataclass(frozen=True, slots=True)
class Draft:
    """An event without a number yet. ``change`` is an RFC 6902 patch against state.json."""

    kind: EventKind
    message: Message
    sprint_id: str | None = None
    round_id: str | None = None
    data: JsonObject = field(default_factory=dict)
    change: list[JsonObject] = field(default_factory=list)


def stamp(at: datetime) -> str:
    """Return ``at`` in the format of every file: UTC, ``2026-11-24T09:57:01.123456Z``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def moment(text: str) -> datetime:
    """Return the time that ``stamp`` wrote as ``text``. Raises ``ValueError``."""
    return datetime.fromisoformat(text)


def moment_or_none(text: str | None) -> datetime | None:
    """Return the time that ``stamp`` wrote as ``text``; None for None. Raises ``ValueError``."""
    return None if text is None else moment(text)


def canonical(body: JsonObject) -> str:
    """Return ``body`` as a line of events.jsonl, without newline. Raises ``ValueError`` on NaN."""
    return json.dumps(body, sort_keys=True, allow_nan=False)


def chain(prev: str, body: JsonObject) -> str:
    """Return the hex SHA-256 of ``prev``, a newline and the line without its hash."""
    return hashlib.sha256(f"{prev}\n{canonical(body)}".encode()).hexdigest()
