"""Iterate over events, checking each database row against its line in the file.

To compare line by line would take half of the time: equal lines are compared in blocks.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from sprints.contract.json_types import JsonObject
from sprints.journal import hash_chain
from sprints.journal.consistent_view import Moment
from sprints.journal.json_diff import differ
from sprints.journal.lost_lines import once_there
from sprints.models import Event, Head
from sprints.state.event_format import FIRST_PREV

Tell = Callable[[int, int], None]
AT_ONCE = 500
_ROWS = f"SELECT line, hash, seq, kind, sprint_id FROM {Event._meta.db_table} ORDER BY seq"


@dataclass(frozen=True, slots=True)
class Difference:
    """The first difference found.

    ``where`` is events.jsonl, state.json, artifacts or database. ``line`` counts from 1 (in the
    database it is the event's seq); 0 if there is none. ``pointer`` is a JSON pointer into
    state.json, empty if there is none. ``in_rows``: the database has the same faulty event, so a
    new file does not help.
    """

    where: str
    text: str
    why: str = ""
    line: int = 0
    pointer: str = ""
    in_rows: bool = False


class Differs(Exception):
    """A difference; everything after it would differ, too."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.text)
        self.difference = difference


@dataclass(slots=True)
class Seen:
    """The progress of the check. ``behind`` is how many events the file still lacks."""

    events: int = 0
    behind: int = 0
    sprints: int = 0


def checked_events(
    moment: Moment, seen: Seen, tell: Tell | None = None, *, chained: bool = False
) -> Iterator[JsonObject]:
    """Yield the events of the database after checking each, and its line in the file.

    The file may end before the database. ``tell`` receives the bytes done and the size.
    ``chained``: another process checks the file's hash chain. Raises ``Differs``.
    """
    head = Head.objects.get(pk=1)
    file, prev, number = _File(moment, tell), FIRST_PREV, 0
    with connection.chunked_cursor() as cursor:  # plain rows: a model takes as long as a hash
        cursor.execute(_ROWS)
        while some := cursor.fetchmany(AT_ONCE):
            # text that is not ASCII then has another hash
            texts = [row[0].encode("ascii", "replace") for row in some]
            there = file.goes_on_with(texts)
            for text, row in zip(texts, some, strict=True):
                number += 1
                event = _sound(text, row, number, None if chained and there else prev)
                if not there:
                    _compare(file.line(), text, event, prev, seen)
                prev = event["hash"]
                seen.events = number
                yield event
    if (seen.events, prev) != (head.seq, head.hash):
        words = f"the database has {seen.events} events, and {head.seq} by its head"
        raise Differs(Difference("database", words, line=seen.events))
    if seen.events and event.get("incarnation", "") != head.incarnation:
        words = "the incarnation of the database is not that of its last event"
        raise Differs(Difference("database", words, line=seen.events))
    lines = seen.events - seen.behind
    if seen.behind and lines < (
        last := min(head.seq, once_there(moment.sealed, settings.STORE.place))
    ):
        words = f"events.jsonl has lost the events {lines + 1} to {last}"
        why = "the next command that writes restores and records them"
        raise Differs(Difference("events.jsonl", words, why, lines + 1))
    if file.line() is not None:
        words = f"events.jsonl goes on after its last event, {seen.events}"
        raise Differs(Difference("events.jsonl", words, line=seen.events + 1))


def _sound(text: bytes, row: tuple[object, ...], number: int, prev: str | None) -> JsonObject:
    """Return the event of a row with line ``text``, after checking it. Raises ``Differs``.

    Without ``prev``, its place in the chain is not checked.
    """
    try:
        event = hash_chain.bare(text) if prev is None else hash_chain.link(text, number, prev)
    except hash_chain.Broken as exc:
        words = f"event {number} of the database breaks the hash chain"
        raise Differs(Difference("database", words, str(exc), number)) from exc
    if (event["hash"], number, event["kind"], event["sprint_id"]) != row[1:]:
        words = f"event {number} of the database breaks the hash chain"
        why = "its columns are not what its line says"
        raise Differs(Difference("database", words, why, number))
    return event


def _compare(line: bytes | None, text: bytes, event: JsonObject, prev: str, seen: Seen) -> None:
    """Compare the line of the file with the event. Raises ``Differs``."""
    if line is None:
        seen.behind += 1
    elif line != b"%s\n" % text:
        number = event["seq"]
        words = f"events.jsonl line {number} is not what the database has"
        raise Differs(Difference("events.jsonl", words, _why(line, number, prev, event), number))


def _why(line: bytes, number: int, prev: str, event: JsonObject) -> str:
    """Return what is wrong with a line of the file, in which ``event`` is expected."""
    try:
        other = hash_chain.link(hash_chain.whole(line), number, prev)
    except hash_chain.Broken as exc:
        return str(exc)
    return f"another history, sound in itself: it differs at {differ(other, event)}"


class _File:
    """A reader of events.jsonl up to its size in the view; a missing file counts as empty."""

    def __init__(self, moment: Moment, tell: Tell | None) -> None:
        self._file, self._tell = moment.events, tell
        self._size = moment.size if moment.events else 0
        self._at = 0

    def goes_on_with(self, texts: Sequence[bytes]) -> bool:
        """Skip these lines if they come next, and return whether they do."""
        whole = b"%s\n" % b"\n".join(texts)
        if self._file is None or self._at + len(whole) > self._size:
            return False
        if self._file.read(len(whole)) != whole:
            self._file.seek(self._at)
            return False
        self._at += len(whole)
        if self._tell:
            self._tell(self._at, self._size)
        return True

    def line(self) -> bytes | None:
        """Return the next line with its newline, which a torn line lacks; None at the end."""
        if self._file is None or self._at >= self._size:
            return None
        line = self._file.readline(min(hash_chain.MAX_LINE_BYTES, self._size - self._at))
        self._at += len(line)
        return line or None
