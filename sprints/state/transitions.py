"""Define transitions as values: an event, and the guarded row changes that it records."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.state.event_codes import EventKind
from sprints.state.event_format import Draft
from sprints.state.messages import Message
from sprints.state.refusals import RefusalCode
from sprints.state.state_mapping import KEYS, fragment, plain, pointer


class MoveRefused(Exception):
    """A row was not in the required state; nothing was written. ``code`` says which, as every
    refusal does.
    """

    def __init__(self, text: Message, code: RefusalCode = RefusalCode.WRONG_STATUS) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Create:
    """A new row."""

    row: str
    id: str
    values: JsonObject


@dataclass(frozen=True, slots=True)
class Update:
    """New values for a row whose status is one of ``only_from``."""

    row: str
    id: str
    only_from: tuple[str, ...]
    values: JsonObject


Change = Create | Update


@dataclass(frozen=True, slots=True)
class Transition:
    """An event and its row changes. ``patch`` holds further operations on state.json."""

    kind: EventKind
    message: Message
    changes: tuple[Change, ...] = ()
    round_id: str | None = None
    data: JsonObject = field(default_factory=dict)
    patch: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectedVersion:
    """The sprint's version that the writer has read, and its lease's fencing token."""

    version: int
    token: int | None = None


def net(changes: Iterable[Change]) -> list[Change]:
    """Return one change a row, in order of first appearance: the first guard, the last values.

    Values in between appear only in the events.
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


def draft_of(sprint_id: str, move: Transition) -> Draft:
    """Return the event of a transition, without a number yet."""
    patch = [*(op for change in move.changes for op in patch_of(change)), *move.patch]
    return Draft(move.kind, move.message, sprint_id, move.round_id, move.data, patch)


def patch_of(change: Change) -> list[JsonObject]:
    """Return the change as RFC 6902 operations against state.json."""
    if change.row not in KEYS:
        return []
    where = pointer(change.row, change.id)
    if isinstance(change, Create):
        return [{"op": "add", "path": where, "value": fragment(change.row, change.values)}]
    keys, values = KEYS[change.row], change.values
    names = sorted((name for name in values if name in keys), key=lambda name: "/" in keys[name])
    return [  # what stands in an object comes after the object
        _operation(f"{where}/{keys[name]}", keys[name], plain(values[name]))
        for name in names
        if values[name] is not None or not _goes_anyway(keys[name], values)
    ]


def _goes_anyway(key: str, values: JsonMapping) -> bool:
    """Return whether the key goes with the object in which it stands, which is written anew."""
    where, slash, _ = key.partition("/")
    return bool(slash) and where in values


def _operation(path: str, key: str, value: JsonValue) -> JsonObject:
    if "/" not in key:
        return {"op": "replace", "path": path, "value": value}
    if value is None:
        return {"op": "remove", "path": path}
    return {"op": "add", "path": path, "value": value}
