"""Compare files, rows, events and outputs, and report the first difference.

One pass over the events parses each once and keeps only the projected state. For a very large file
a second process checks the hash chain. ``verify`` compares the files as they are and writes
nothing; ``differences`` first brings them up to the rows.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sprints.contract.json_types import JsonObject
from sprints.journal import bulk_rows, chain_check_process, events_file, hash_chain, state_file
from sprints.journal.checked_events import Difference, Differs, Seen, Tell, checked_events
from sprints.journal.consistent_view import Moment, no_collection, one_moment
from sprints.journal.digest_check import Frozen
from sprints.journal.json_diff import differ, values
from sprints.journal.output_digests import Printed
from sprints.journal.projection import apply
from sprints.journal.recorded_work import RecordedWork
from sprints.journal.state_check import Shown, Wrong
from sprints.journal.writer import flush
from sprints.models import Head
from sprints.store.layout import Store


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check. ``behind`` is how many events the file still lacks: no difference."""

    events: int
    sprints: int
    behind: int
    size_bytes: int
    took_s: float
    difference: Difference | None = None
    outputs: int = 0  # of gates and agents, read completely


class Listener(Protocol):
    """A collector of what events say about other files."""

    def add(self, event: JsonObject) -> None:
        """Collect from one event."""


def differences(store: Store) -> list[str]:
    """Return the text of the first difference as ``difference`` finds it; empty if none."""
    found = difference(store)
    return [found.text] if found else []


def difference(store: Store) -> Difference | None:
    """Return the first difference after the files have caught up; None if all agree.

    Sprints may run meanwhile. Raises ``Busy``, and ``OSError`` if the files cannot be read.
    """
    try:
        with one_moment(store, catch_up=True) as moment, no_collection():
            _compare(moment, Seen(), None)
    except events_file.Ahead as exc:
        return Difference("events.jsonl", str(exc))
    except Differs as exc:
        return exc.difference
    flush()  # a writer that found the lock taken relies on this second look
    return None


def verify(
    store: Store,
    tell: Tell | None = None,
    *,
    read_outputs: bool = True,
    work: RecordedWork | None = None,
) -> Report:
    """Compare the files as they are with the rows and the events, then the artifacts' digests.

    ``tell`` receives now and then the bytes done and the size. ``work`` collects the commits that
    the events name. Raises ``Busy`` and ``OSError``.
    """
    began, seen, found, size = time.monotonic(), Seen(), None, 0
    printed = Printed() if read_outputs else None
    listeners = [one for one in (printed, work) if one]
    try:
        with one_moment(store, catch_up=False) as moment, no_collection():
            size = moment.size
            if not (
                chain_check_process.helps(size) and _agrees(store, moment, tell, seen, listeners)
            ):
                seen, printed = Seen(), Printed() if read_outputs else None
                _compare(moment, seen, tell, [one for one in (printed, work) if one])
    except Differs as exc:
        found = exc.difference
    count = 0
    if printed and not found:
        count, words = printed.altered()
        found = Difference("artifacts", words) if words else None
    took_s = time.monotonic() - began
    return Report(seen.events, seen.sprints, seen.behind, size, took_s, found, count)


def _agrees(
    store: Store,
    moment: Moment,
    tell: Tell | None,
    seen: Seen,
    listeners: Sequence[Listener],
) -> bool:
    """Return whether everything agrees, with the help of a second process.

    False may also mean that this process must check again, alone.
    """
    try:
        with chain_check_process.Beside(store.events, moment.size) as other:
            _compare(moment, seen, tell, listeners, chained=True)
            if other.says_yes():
                return True
    except (Differs, OSError):
        pass
    for file in (moment.events, moment.state):
        if file:
            file.seek(0)
    return False


def verify_file(path: Path, tell: Tell | None = None) -> Report:
    """Check a file of events by itself: its chain, numbers, patches and contracts.

    Raises ``OSError``.
    """
    began, seen, found = time.monotonic(), Seen(), None
    with path.open("rb") as file, no_collection():
        size = os.fstat(file.fileno()).st_size
        heard = (lambda done: tell(done, size)) if tell else None
        try:
            folded: JsonObject = {}
            frozen = Frozen()
            for event, _ in hash_chain.chained(file, size, heard):
                seen.events += 1
                _fold(folded, frozen, event)
            seen.sprints = len(folded.get("sprints", {}))
        except hash_chain.Broken as exc:
            line = seen.events + 1
            found = Difference(path.name, f"{path.name} line {line}: {exc.why}", exc.why, line)
        except Differs as exc:
            found = exc.difference
    return Report(seen.events, seen.sprints, 0, size, time.monotonic() - began, found)


def _compare(
    moment: Moment,
    seen: Seen,
    tell: Tell | None,
    listeners: Sequence[Listener] = (),
    *,
    chained: bool = False,
) -> None:
    """Compare everything. Raises ``Differs`` at the first difference.

    ``listeners`` collect what is to be compared later. ``chained`` is as for ``checked_events``.
    """
    folded: JsonObject = {}
    frozen, shown = Frozen(), Shown(moment.state, moment.sealed)
    wrong = None
    for event in checked_events(moment, seen, tell, chained=chained):
        _fold(folded, frozen, event)
        for listener in listeners:
            listener.add(event)
        try:
            shown.add(event, folded)
        except Wrong as exc:
            wrong = wrong or exc
    seen.sprints = len(folded.get("sprints", {}))
    _compare_rows(folded)  # first: a file made from wrong rows is wrong, too
    try:
        shown.end(folded)
    except Wrong as exc:
        wrong = wrong or exc
    if wrong:
        text = f"state.json {wrong}"
        raise Differs(Difference("state.json", text, wrong.why, pointer=wrong.pointer))


def _fold(folded: JsonObject, frozen: Frozen, event: JsonObject) -> None:
    try:
        apply(folded, event["change"])
    except (KeyError, TypeError, AttributeError, ValueError) as exc:
        text = f"the change of event {event['seq']} cannot be made: {exc}"
        found = Difference("events.jsonl", text, line=event["seq"], in_rows=True)
        raise Differs(found) from exc
    if why := frozen.altered(event):
        text = f"event {event['seq']} contradicts itself: {why}"
        raise Differs(Difference("events.jsonl", text, why, event["seq"], in_rows=True))


def _compare_rows(folded: JsonObject) -> None:
    """Compare the rows with the projected state. Raises ``Differs``."""
    sprints, names = folded.get("sprints", {}), state_file.all_ids()
    beside = {key: value for key, value in folded.items() if key not in ("sprints", "version")}
    if path := differ(beside, extra := Head.objects.get(pk=1).extra):
        words = f"the events differ from the rows at {path}"
        raise Differs(Difference("database", words, values(beside, extra, path), pointer=path))
    for name, row in bulk_rows.many(names):
        there = sprints.look(name) if name in sprints else {}
        if there != row and there != (row := dict(state_file.many([name]))[name]):
            path = differ(there, row) if there else ""
            pointer = f"/sprints/{name}{path}"
            why = values(there, row, path) if there else ""
            words = f"the events differ from the rows at {pointer}"
            raise Differs(Difference("database", words, why, pointer=pointer))
    if missing := sorted(set(sprints) - set(names)):
        pointer = f"/sprints/{missing[0]}"
        words = f"the events differ from the rows at {pointer}"
        raise Differs(Difference("database", words, "the row is not there", pointer=pointer))
