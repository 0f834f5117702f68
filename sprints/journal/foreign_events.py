"""Lines of an events.jsonl that has no chain of ours, as whole events. Pure.

Such a line is taken over as it is, key by key; ``imported`` tells its number there, what it lacked
and was given, and what it had under the names of our own keys. It explains no change: the state
that such a store has come to is told once, sprint by sprint.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from sprints.contract.meta import BadMeta, plain_json
from sprints.journal.foreign_state import is_time
from sprints.journal.hash_chain import lines
from sprints.store.config import strict_json

OURS = ("seq", "change", "prev", "hash", "imported")
EMPTY: dict[str, Any] = {
    "ts": None,
    "kind": "note",
    "message": "",
    "sprint_id": None,
    "round_id": None,
    "data": {},
}
DEEP = 64  # how deeply a line may be nested


@dataclass(frozen=True, slots=True)
class Damaged:
    """A line that is no event: its number from 1, why, and its bytes without their newline."""

    line: int
    why: str
    raw: bytes

    @property
    def text(self) -> str:
        """The bytes as text; those that are not UTF-8 as lone surrogates, so that none is lost."""
        return self.raw.decode("utf-8", "surrogateescape")


def read(
    file: IO[bytes], size: int, ts: str, tell: Callable[[int], None] | None = None
) -> Iterator[dict[str, Any] | Damaged]:
    """Each line as the event that it tells of, without our chain. ``ts`` is the time of one that
    has none, where none before it has one.
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


def _event(raw: bytes, number: int, ts: str) -> dict[str, Any]:
    """Raises ``ValueError``."""
    try:
        given = strict_json(raw.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise ValueError(f"byte {exc.start} of it is not UTF-8") from exc
    except ValueError as exc:
        raise ValueError("it is empty" if not raw.strip() else f"it is not JSON: {exc}") from exc
    if not isinstance(given, dict):
        raise ValueError("it is not an object")
    plain_json(given, DEEP)  # what cannot stand in a file or a database cannot stand in this one
    event = {key: value for key, value in given.items() if key not in OURS}
    event |= {
        key: ts if key == "ts" else empty for key, empty in EMPTY.items() if given.get(key) is None
    }
    _check(event)
    about: dict[str, Any] = {"line": number}
    if lacks := [key for key in EMPTY if key not in given]:
        about["lacks"] = lacks
    if was := {key: value for key, value in given.items() if event.get(key, OURS) != value}:
        about["was"] = was
    return event | {"imported": about}


def as_it_came(event: dict[str, Any]) -> dict[str, Any]:
    """The object that the line held: the inverse of ``read``."""
    about: dict[str, Any] = event["imported"]
    left = {*OURS, *about.get("lacks", ())}
    came = {key: value for key, value in event.items() if key not in left}
    return {**came, **about.get("was", {})}


def _check(event: dict[str, Any]) -> None:
    """Raises ``ValueError``."""
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
