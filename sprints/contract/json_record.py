"""Base of the frozen values that stand as an object in JSON: meta, details, events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import NoneType
from typing import ClassVar, Self, get_args, get_type_hints

from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonRecord:
    """A value with one field for each known key. An absent key is None.

    ``more`` holds the keys that this version does not know, so that they survive a change.
    ``KEYS`` names the key of a field whose name is not its key.
    """

    KEYS: ClassVar[Mapping[str, str]] = {}

    more: JsonMapping = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: JsonMapping) -> Self:
        """Return the inverse of ``to_json``.

        Raises ``TypeError`` if a required key is missing or a value has another type.
        """
        rest = dict(data)
        known = {name: rest.pop(key) for name, key in _keys(cls) if key in rest}
        _check_types(cls, known)
        return cls(**cls.parsed(known), more=rest)

    def to_json(self) -> JsonObject:
        """Return the object, without the keys that are None."""
        values = ((key, getattr(self, name)) for name, key in _keys(type(self)))
        return {**self.more, **{key: _plain(one) for key, one in values if one is not None}}

    @classmethod
    def parsed(cls, values: JsonObject) -> JsonObject:
        """Return the fields of ``values``, which are JSON, with their own types."""
        return values


_SCALARS = frozenset((str, int, float, bool))
_known: dict[type, tuple[tuple[str, str], ...]] = {}
_types: dict[type, Mapping[str, frozenset[type]]] = {}


def _keys(kind: type[JsonRecord]) -> tuple[tuple[str, str], ...]:
    """Return each field's name with its key."""
    if kind not in _known:
        names = [one.name for one in fields(kind) if one.name != "more"]
        _known[kind] = tuple((name, kind.KEYS.get(name, name)) for name in names)
    return _known[kind]


def _check_types(kind: type[JsonRecord], values: JsonMapping) -> None:
    """Raise ``TypeError`` for a value of a plain field that has not the field's type."""
    if kind not in _types:
        _types[kind] = _plain_types(kind)
    wanted = _types[kind]
    for name, value in values.items():
        if name in wanted and type(value) not in wanted[name]:
            raise TypeError(f"{name} cannot be {type(value).__name__}")


def _plain_types(kind: type[JsonRecord]) -> Mapping[str, frozenset[type]]:
    """Return the types of each field that holds only a text, number, truth value or None."""
    found = {}
    for name, hint in get_type_hints(kind).items():
        options = {*(get_args(hint) or (hint,))}
        if options <= {*_SCALARS, NoneType}:
            found[name] = frozenset(options | ({int} if float in options else set()))
    return found


def _plain(value: JsonValue) -> JsonValue:
    """Return a field's value as JSON."""
    if value.__class__ in _SCALARS:
        return value
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.to_json() if hasattr(value, "to_json") else value
