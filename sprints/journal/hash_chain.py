"""Check one line of events.jsonl: is it whole, in its place, and linked to the line before?

A line is checked by its bytes: one parse and one hash. Only a faulty line takes longer.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from typing import IO

from sprints.contract.json_types import JsonObject
from sprints.journal.fast_json import loads
from sprints.state.event_format import FIRST_PREV, canonical, chain

MAX_LINE_BYTES = 64 << 20
EACH = 5000  # lines between two progress reports

# Only scalars follow the hash in a line, and a quote inside a text has a backslash: the last
# place with this text is the key.
_KEY = b', "hash": "'
_START, _LENGTH = len(_KEY), len(_KEY) + 64 + 1


class Broken(Exception):
    """A line that is wrong in its place: ``why``. The message adds the line's number, if given."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {why}" if line else why)
        self.why = why


def link(line: bytes, seq: int, prev: str) -> JsonObject:
    """Return the event of ``line`` (without newline), which must have ``seq`` and follow ``prev``.

    ``prev`` is the hash of the event before it. Raises ``Broken``.
    """
    at = line.rfind(_KEY)
    digest = line[at + _START : at + _LENGTH - 1].decode("ascii", "replace")
    bare = b"%s\n%s%s" % (prev.encode(), line[:at], line[at + _LENGTH :])
    if sha256(bare).hexdigest() == digest and line.isascii() and line[:1] + line[-1:] == b"{}":
        try:
            event = loads(line, at)  # after it, only seq is a number
            if event["seq"] == seq and event["prev"] == prev and event["hash"] == digest:
                return event  # type: ignore[no-any-return]
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
    return _look(line, seq, prev)


def bare(line: bytes) -> JsonObject:
    """Return the event of a line whose place has been checked elsewhere. Raises ``Broken``."""
    try:
        event = loads(line, line.rfind(_KEY))
        if event.keys() >= {"seq", "hash", "kind", "sprint_id"}:
            return event  # type: ignore[no-any-return]
    except (ValueError, AttributeError, RecursionError):
        pass
    raise Broken("it is no event")


def _look(line: bytes, seq: int, prev: str) -> JsonObject:
    """Check as ``link`` does, slowly, to find the reason. Raises ``Broken``."""
    try:
        event = json.loads(line.decode("ascii"))
    except UnicodeDecodeError as exc:
        raise Broken(f"byte {exc.start} of it is not ASCII") from exc
    except ValueError as exc:
        raise Broken(f"it is not JSON: {exc}") from exc
    except RecursionError as exc:
        raise Broken("it is nested too deeply") from exc
    if not isinstance(event, dict):
        raise Broken("it is not an object")
    if missing := [key for key in ("seq", "prev", "hash", "change") if key not in event]:
        raise Broken(f"it has no {missing[0]}")
    if event["seq"] != seq:
        raise Broken(f"it is event {event['seq']}, where {seq} belongs")
    if event["prev"] != prev:
        raise Broken("its prev is not the hash of the event before it")
    digest = event.pop("hash")
    if chain(prev, event) != digest:
        raise Broken("its hash is not that of its content")
    event["hash"] = digest
    if canonical(event).encode() != line:
        raise Broken("it is not written as events are")
    return event


def lines(file: IO[bytes], size: int, tell: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """Yield the lines of the first ``size`` bytes with their newlines; the last may have none.

    ``tell`` receives now and then how many bytes are done.
    """
    done = 0
    for count, line in enumerate(iter(partial(file.readline, MAX_LINE_BYTES), b""), 1):
        done += len(line)
        if done > size:
            line = line[: len(line) - (done - size)]
        if line:
            yield line
        if tell and count % EACH == 0:
            tell(done)
        if done >= size:
            return


def whole(line: bytes) -> bytes:
    """Return the line without its newline. Raises ``Broken`` if it has none."""
    if not line.endswith(b"\n"):
        raise Broken("it is torn: it ends without a newline")
    return line[:-1]


def chained(
    file: IO[bytes], size: int, tell: Callable[[int], None] | None = None
) -> Iterator[tuple[JsonObject, str]]:
    """Yield the events of a file with their lines, after checking the link of each.

    Raises ``Broken``, whose message begins with the line's number.
    """
    prev = FIRST_PREV
    for seq, line in enumerate(lines(file, size, tell), 1):
        try:
            event = link(text := whole(line), seq, prev)
        except Broken as exc:
            raise Broken(exc.why, seq) from exc
        prev = event["hash"]
        yield event, text.decode("ascii")
