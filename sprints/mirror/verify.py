"""Do the files say what the rows say, and do the events explain it all? Is what was printed there?

One pass over the events, each parsed once; what is kept of them is the state that they fold to.
``verify`` looks at the files as they lie and writes nothing; ``differences`` lets them catch up
with the rows first.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sprints.mirror import flush, lines, links, outputs, state
from sprints.mirror.differ import differ, values
from sprints.mirror.fold import apply
from sprints.mirror.frozen import Frozen
from sprints.mirror.moment import Moment, no_collection, one_moment
from sprints.mirror.shown import Shown, Wrong
from sprints.models import Event, Head
from sprints.models.event import FIRST_PREV
from sprints.store import Store

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that does not agree. ``where`` is events.jsonl, state.json, artifacts or
    database; ``line`` counts from 1 (in the database it is the event's seq), 0 where it is none;
    ``pointer`` is a JSON pointer into state.json, empty where it is none.
    """

    where: str
    text: str
    why: str = ""
    line: int = 0
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, and what does not agree. ``behind`` is how many events the file has still
    to be given; that is no difference.
    """

    events: int
    sprints: int
    behind: int
    size_bytes: int
    took_s: float
    difference: Difference | None = None
    outputs: int = 0  # of gates and agents, read whole


class Differs(Exception):
    """What does not agree; whatever comes after it would differ, too."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.text)
        self.difference = difference


@dataclass(slots=True)
class _Seen:
    """How far the pass has come."""

    events: int = 0
    behind: int = 0
    sprints: int = 0


def differences(store: Store) -> list[str]:
    """What does not agree once the files have caught up, a line each; empty when all is well.

    Sprints may run meanwhile. Raises ``Busy``, and ``OSError`` where the files cannot be had.
    """
    try:
        with one_moment(store, catch_up=True) as moment, no_collection():
            _compare(moment, _Seen(), None)
    except lines.Ahead as exc:
        return [str(exc)]
    except Differs as exc:
        return [exc.difference.text]
    flush()  # who found the lock taken has left it to us to look once more
    return []


def verify(store: Store, tell: Tell | None = None, *, read_outputs: bool = True) -> Report:
    """Compare the files as they lie with the rows and with what the events explain, then what lies
    in artifacts with its digests.

    ``tell`` hears now and then how many bytes of how many are done. Raises ``Busy``, ``OSError``.
    """
    began, seen, found, size = time.monotonic(), _Seen(), None, 0
    try:
        with one_moment(store, catch_up=False) as moment, no_collection():
            size = moment.size
            _compare(moment, seen, tell)
    except Differs as exc:
        found = exc.difference
    count = 0
    if read_outputs and not found:
        count, words = outputs.altered(seen.events)
        found = Difference("artifacts", words) if words else None
    took_s = time.monotonic() - began
    return Report(seen.events, seen.sprints, seen.behind, size, took_s, found, count)


def verify_file(path: Path, tell: Tell | None = None) -> Report:
    """Whether a file of events is sound in itself: its chain, its numbers, its patches, its
    contracts. Raises ``OSError``.
    """
    began, seen, found = time.monotonic(), _Seen(), None
    with path.open("rb") as file, no_collection():
        size = os.fstat(file.fileno()).st_size
        told = (lambda done: tell(done, size)) if tell else None
        try:
            folded: dict[str, Any] = {}
            frozen = Frozen()
            for event, _ in links.chained(file, size, told):
                seen.events += 1
                _fold(folded, frozen, event)
            seen.sprints = len(folded.get("sprints", {}))
        except links.Broken as exc:
            line = seen.events + 1
            words = str(exc).partition(": ")[2]
            found = Difference(path.name, f"{path.name} line {line}: {words}", words, line)
        except Differs as exc:
            found = exc.difference
    return Report(seen.events, seen.sprints, 0, size, time.monotonic() - began, found)


def told_by_all(moment: Moment, tell: Tell | None = None) -> Iterator[dict[str, Any]]:
    """The events that file and database agree on, and those that only the database has yet.

    Raises ``Differs``.
    """
    return _told(moment, _Seen(), tell)


def _compare(moment: Moment, seen: _Seen, tell: Tell | None) -> None:
    """Raises ``Differs`` at the first thing that does not agree."""
    folded: dict[str, Any] = {}
    frozen, shown = Frozen(), Shown(moment.state, moment.sealed)
    wrong = None
    for event in _told(moment, seen, tell):
        _fold(folded, frozen, event)
        try:
            shown.heed(event, folded)
        except Wrong as exc:
            wrong = wrong or exc
    seen.sprints = len(folded.get("sprints", {}))
    _compare_rows(folded)  # first: where the rows are wrong, a file made of them is, too
    try:
        shown.end(folded)
    except Wrong as exc:
        wrong = wrong or exc
    if wrong:
        text = f"state.json {wrong}"
        raise Differs(Difference("state.json", text, wrong.why, pointer=wrong.pointer))


def _fold(folded: dict[str, Any], frozen: Frozen, event: dict[str, Any]) -> None:
    try:
        for op in event["change"]:
            apply(folded, op)
    except (KeyError, TypeError, AttributeError, ValueError) as exc:
        text = f"the change of event {event['seq']} cannot be made: {exc}"
        raise Differs(Difference("events.jsonl", text, line=event["seq"])) from exc
    if why := frozen.altered(event):
        text = f"event {event['seq']} contradicts itself: {why}"
        raise Differs(Difference("events.jsonl", text, why, event["seq"]))


def _told(moment: Moment, seen: _Seen, tell: Tell | None) -> Iterator[dict[str, Any]]:
    """The events of the database, each once it is seen to be sound and the file to have it, or to
    have ended before it.
    """
    head = Head.objects.get(pk=1)
    told = (lambda done: tell(done, moment.size)) if tell else None
    file = links.lines(moment.events, moment.size, told) if moment.events else iter(())
    prev = FIRST_PREV
    names = ("line", "hash", "seq", "kind", "sprint_id")
    rows = Event.objects.order_by("seq").values_list(*names).iterator(2000)
    for number, (text, *columns) in enumerate(rows, 1):
        line = next(file, None)
        row = text.encode("ascii", "replace")  # what is not ASCII then has another hash
        try:
            event = links.link(row, number, prev)
        except links.Broken as exc:
            words = f"event {number} of the database breaks the hash chain"
            raise Differs(Difference("database", words, str(exc), number)) from exc
        if (event["hash"], number, event["kind"], event["sprint_id"]) != tuple(columns):
            words = f"event {number} of the database breaks the hash chain"
            why = "its columns are not what its line says"
            raise Differs(Difference("database", words, why, number))
        if line is None:
            seen.behind += 1
        elif line != b"%s\n" % row:
            words = f"events.jsonl line {number} is not what the database has"
            why = _why(line, number, prev, event)
            raise Differs(Difference("events.jsonl", words, why, number))
        prev = event["hash"]
        seen.events = number
        yield event
    if (seen.events, prev) != (head.seq, head.hash):
        words = f"the database has {seen.events} events, and {head.seq} by its head"
        raise Differs(Difference("database", words, line=seen.events))
    if next(file, None) is not None:
        words = f"events.jsonl goes on after its last event, {seen.events}"
        raise Differs(Difference("events.jsonl", words, line=seen.events + 1))


def _why(line: bytes, number: int, prev: str, event: dict[str, Any]) -> str:
    """What is wrong with a line of the file, where ``event`` belongs."""
    try:
        other = links.link(links.whole(line), number, prev)
    except links.Broken as exc:
        return str(exc)
    return f"another history, sound in itself: it differs at {differ(other, event)}"


def _compare_rows(folded: dict[str, Any]) -> None:
    """Whether the rows are what the events explain."""
    sprints, names = folded.get("sprints", {}), state.all_ids()
    beside = {key: value for key, value in folded.items() if key not in ("sprints", "version")}
    if path := differ(beside, extra := Head.objects.get(pk=1).extra):
        words = f"the events differ from the rows at {path}"
        raise Differs(Difference("database", words, values(beside, extra, path), pointer=path))
    for name, row in state.many(names):
        told = sprints.look(name) if name in sprints else {}
        if told != row:
            path = differ(told, row) if told else ""
            pointer = f"/sprints/{name}{path}"
            why = values(told, row, path) if told else ""
            words = f"the events differ from the rows at {pointer}"
            raise Differs(Difference("database", words, why, pointer=pointer))
    if missing := sorted(set(sprints) - set(names)):
        pointer = f"/sprints/{missing[0]}"
        words = f"the events differ from the rows at {pointer}"
        raise Differs(Difference("database", words, "the row is not there", pointer=pointer))
