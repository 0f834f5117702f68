"""Transitions as values: an event, and the guarded row changes that it records."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


class MoveRefused(Exception):
    """A row was not in the state that the move names; nothing was written."""


@dataclass(frozen=True, slots=True)
class Create:
    """A new row."""

    row: str
    id: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """New values for a row whose status is one of ``only_from``."""

    row: str
    id: str
    only_from: tuple[str, ...]
    values: dict[str, Any]


Change = Create | Update


@dataclass(frozen=True, slots=True)
class Move:
    """An event, and the changes that it tells of. ``patch`` is what becomes of state.json beside
    what the changes say.
    """

    kind: str
    message: str
    changes: tuple[Change, ...] = ()
    round_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    patch: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """What the writer knows of the sprint: the version that it read, and its lease's token."""

    version: int
    token: int | None = None


def net(changes: Iterable[Change]) -> list[Change]:
    """One change a row, in the order in which the rows first appear: the first guard, the last
    values. What happens in between is told by the events, not seen by anyone.
    """
    found: dict[tuple[str, str], Change] = {}
    for change in changes:
        before = found.get((change.row, change.id))
        match before:
            case None:
                merged = change
            case Create():
                merged = Create(change.row, change.id, before.values | change.values)
            case Update():
                only_from = before.only_from or getattr(change, "only_from", ())
                merged = Update(change.row, change.id, only_from, before.values | change.values)
        found[change.row, change.id] = merged
    return list(found.values())
