"""Convert the lines of an events.jsonl without our hash chain to whole events. Pure.

Such a line is imported key by key. ``imported`` records its line number, the missing keys, and the
values it had under our own keys. These events explain no change: an import records the state of
each sprint once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from sprints.contract.json_types import JsonObject
from sprints.contract.meta import BadMeta, plain_json
from sprints.contract.strict_json import strict_json
from sprints.journal.foreign_state import is_time
from sprints.journal.hash_chain import lines

OURS = ("seq", "change", "prev", "hash", "incarnation", "imported")
EMPTY: JsonObject = {
    "ts": None,
    "kind": "note",
    "message": "",
    "sprint_id": None,
    "round_id": None,
    "data": {},
}
DEEP = 64  # maximum nesting of a line


@dataclass(frozen=True, slots=True)
class Damaged:
    """A line that is not an event: its number from 1, the reason, and its bytes without newline."""

    line: int
    why: str
    raw: bytes

    @property
    def text(self) -> str:
        """Return the bytes as text, with lone surrogates for bytes that are not UTF-8."""
        return self.raw.decode("utf-8", "surrogateescape")


def read(
    file: IO[bytes], size: int, ts: str, tell: Callable[[int], None] | None = None
) -> Iterator[JsonObject | Damaged]:
    """Yield each line as an event without our chain, or as ``Damaged``.

    ``ts`` is the time for lines without one before the first line with one.
    """
    for number, line in enumerate(lines(file, size, tell), 1):
        raw = line.removesuffix(b"\n").removesuffix(b"\r")
        try:
            event = _event(raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw, number, ts)
        except (ValueError, BadMeta) as exc:
            yield Damaged(number, str(exc) or "it is not JSON", raw)
            continue
        ts = event["ts"]
        yield event


def _event(raw: bytes, number: int, ts: str) -> JsonObject:
    """Return the line's event. Raises ``ValueError``."""
    try:
        given = strict_json(raw.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise ValueError(f"byte {exc.start} of it is not UTF-8") from exc
    except ValueError as exc:
        raise ValueError("it is empty" if not raw.strip() else f"it is not JSON: {exc}") from exc
    if not isinstance(given, dict):
        raise ValueError("it is not an object")
    plain_json(given, DEEP)  # refuse values that files or databases cannot hold
    event = {key: value for key, value in given.items() if key not in OURS}
    event |= {
        key: ts if key == "ts" else empty for key, empty in EMPTY.items() if given.get(key) is None
    }
    _check(event)
    about: JsonObject = {"line": number}
    if lacks := [key for key in EMPTY if key not in given]:
        about["lacks"] = lacks
    if was := {key: value for key, value in given.items() if event.get(key, OURS) != value}:
        about["was"] = was
    return event | {"imported": about}


def as_it_came(event: JsonObject) -> JsonObject:
    """Return the original object of the line: the inverse of ``read``."""
    about: JsonObject = event["imported"]
    left = {*OURS, *about.get("lacks", ())}
    came = {key: value for key, value in event.items() if key not in left}
    return {**came, **about.get("was", {})}


def _check(event: JsonObject) -> None:
    """Check the documented keys. Raises ``ValueError``."""
    if not is_time(event["ts"]):
        raise ValueError("its ts is no time")
    for key, most in (("kind", 40), ("message", 1 << 20)):
        if not isinstance(event[key], str) or len(event[key]) > most:
            raise ValueError(f"its {key} is no text of at most {most} characters")
    for key in ("sprint_id", "round_id"):
        if event[key] is not None and not (isinstance(event[key], str) and len(event[key]) <= 64):
            raise ValueError(f"its {key} is neither an id nor null")
    if not isinstance(event["data"], dict):
        raise ValueError("its data is not an object")
