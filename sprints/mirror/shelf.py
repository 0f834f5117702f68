"""A mapping of any size in a little memory: what nobody has asked for of late lies in a file."""

import json
import weakref
from collections.abc import Iterator, MutableMapping
from tempfile import TemporaryFile
from typing import Any

AT_HAND = 64


class Shelf(MutableMapping[str, Any]):
    """Names to values of JSON, in the order in which the names came. A value may be changed in
    place until ``AT_HAND`` others have been asked for. Raises ``OSError`` where the file for
    temporary things cannot be had.
    """

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}  # where each lies, and how long it is
        self._at_hand: dict[str, Any] = {}  # the one last asked for comes last
        self._file = TemporaryFile()  # noqa: SIM115 - closed when nobody holds us any more
        weakref.finalize(self, self._file.close)
        self._end = 0

    def __getitem__(self, name: str) -> Any:
        place = self._places[name]
        if name in self._at_hand:
            value = self._at_hand.pop(name)
        else:
            self._file.seek(place[0])
            value = json.loads(self._file.read(place[1]))
        self._take(name, value)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        self._places.setdefault(name, (0, 0))
        self._at_hand.pop(name, None)
        self._take(name, value)

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._at_hand.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _take(self, name: str, value: Any) -> None:
        self._at_hand[name] = value
        if len(self._at_hand) > AT_HAND:
            oldest = next(iter(self._at_hand))
            text = json.dumps(self._at_hand.pop(oldest)).encode("ascii")
            self._file.seek(self._end)
            self._file.write(text)
            self._places[oldest] = self._end, len(text)
            self._end += len(text)
