"""Provide a mapping of any size in little memory: values not used recently are in a file."""

import json
import weakref
from collections.abc import Callable, Iterator, MutableMapping
from tempfile import TemporaryFile
from typing import NamedTuple

import orjson

from sprints.contract.json_types import JsonObject, JsonValue

AT_HAND = 64


class Place(NamedTuple):
    """The position of a value in the file, its room and size, and the function that parses it."""

    start: int
    room: int
    size: int
    loads: Callable[[bytes], JsonValue]


class Shelf(MutableMapping[str, JsonValue]):
    """A mapping of names to JSON values, in insertion order.

    A value may be changed in place until ``AT_HAND`` others have been used. Raises ``OSError`` if
    no temporary file can be made.
    """

    def __init__(self) -> None:
        self._places: dict[str, Place | None] = {}  # None while the value is only in memory
        self._at_hand: JsonObject = {}  # least recently used first
        self._file = TemporaryFile()  # noqa: SIM115 - closed with this object
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._last: str | None = None  # the most recently loaded one, usually used next

    def __getitem__(self, name: str) -> JsonValue:
        if name == self._last:
            return self._at_hand[name]
        value = self.look(name)
        self._at_hand.pop(name, None)
        self._take(name, value)
        return value

    def look(self, name: str) -> JsonValue:
        """Return the value, which must not be changed: it is not kept in memory."""
        place = self._places[name]
        if name in self._at_hand or place is None:
            return self._at_hand[name]
        self._file.seek(place.start)
        return place.loads(self._file.read(place.size))

    def __setitem__(self, name: str, value: JsonValue) -> None:
        self._places.setdefault(name, None)
        self._at_hand.pop(name, None)
        self._take(name, value)

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._last = None
        self._at_hand.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _take(self, name: str, value: JsonValue) -> None:
        self._at_hand[name] = value
        self._last = name
        if len(self._at_hand) > AT_HAND:
            oldest = next(iter(self._at_hand))
            text, loads = _written(self._at_hand.pop(oldest))
            place = self._places[oldest]
            if place is None or place.room < len(text):  # twice the size, as it will grow
                place = Place(self._end, 2 * len(text), 0, loads)
                self._end += place.room
            self._file.seek(place.start)
            self._file.write(text)
            self._places[oldest] = place._replace(size=len(text), loads=loads)


def _written(value: JsonValue) -> tuple[bytes, Callable[[bytes], JsonValue]]:
    """Return the value as text, and the function that parses it: orjson fails above 64 bits."""
    try:
        return orjson.dumps(value), orjson.loads
    except TypeError:
        return json.dumps(value).encode("ascii"), json.loads
