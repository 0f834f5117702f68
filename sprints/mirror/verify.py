"""Do the files say what the rows say, and do the events explain it all?"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any

from django.db import connection, transaction

from sprints.lock import locked
from sprints.mirror import flush, lines, state
from sprints.mirror.fold import fold
from sprints.models import Event, Head
from sprints.models.event import FIRST_PREV, canonical, chain
from sprints.snapshot import consistent
from sprints.store import Store


class _Differs(Exception):
    """What does not agree; whatever comes after it would differ, too."""


def differences(store: Store) -> list[str]:
    """What does not agree once the files have caught up, a line each; empty when all is well.

    Sprints may run meanwhile. Raises ``Busy``, and ``OSError`` where the files cannot be had.
    """
    try:
        with _one_moment(store) as (events, size, shown):
            folded = _folded(events, size)
            rows = {"version": 1, "sprints": {i: consistent(i) for i in state.all_ids()}}
            if path := _differ(folded, rows, ""):
                raise _Differs(f"the events differ from the rows at {path}")
            if shown != json.dumps(folded, indent=2, sort_keys=True).encode("ascii"):
                raise _Differs(f"state.json {_what_differs(shown, folded)}")
    except (lines.Ahead, _Differs) as exc:
        return [str(exc)]
    flush()  # who found the lock taken has left it to us to look once more
    return []


@contextmanager
def _one_moment(store: Store) -> Iterator[tuple[IO[bytes], int, bytes]]:
    """events.jsonl, its bytes and state.json as of one moment, as are all rows read within.

    Nobody who writes has to wait for longer than it takes to open the files: what is appended to
    the one lies beyond its bytes, and the other is replaced, never changed.
    """
    with ExitStack() as stack:
        with locked(store.root / "mirror.lock"):
            _catch_up(store)  # repairs, and tells of it: not within the moment
            stack.enter_context(_snapshot())
            _catch_up(store)
            events = stack.enter_context(store.events.open("rb"))
            size, shown = os.fstat(events.fileno()).st_size, store.state.read_bytes()
        yield events, size, shown


def _catch_up(store: Store) -> None:
    lines.catch_up(store.events, durable=False)
    state.write(store.state)


@contextmanager
def _snapshot() -> Iterator[None]:
    """Rows as of the first that is read. An IMMEDIATE transaction would stop all writers."""
    database: Any = connection
    database.ensure_connection()
    if database.vendor == "sqlite":
        usual, database.transaction_mode = database.transaction_mode, "DEFERRED"
        try:
            with transaction.atomic():
                yield
        finally:
            database.transaction_mode = usual
    else:
        with transaction.atomic():
            with database.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def _folded(file: IO[bytes], size: int) -> dict[str, Any]:
    """state.json as the events tell it. Raises ``_Differs``."""
    try:
        return fold(_told(file, size))
    except (KeyError, TypeError) as exc:
        raise _Differs(f"the change of an event cannot be made: {exc}") from exc


def _told(file: IO[bytes], size: int) -> Iterator[dict[str, Any]]:
    """The events of the database, each once it is seen to be sound and the file to have it."""
    head = Head.objects.get(pk=1)
    seq, prev = 0, FIRST_PREV
    rows = Event.objects.order_by("seq").values_list("line", "hash").iterator()
    for seq, (line, digest) in enumerate(rows, 1):
        event = _linked(line, seq, prev)
        if event is None or event["hash"] != digest:
            raise _Differs(f"event {seq} of the database breaks the hash chain")
        if file.readline() != f"{line}\n".encode("ascii"):
            raise _Differs(f"events.jsonl line {seq} is not what the database has")
        prev = digest
        yield event
    if (seq, prev) != (head.seq, head.hash):
        raise _Differs(f"the database has {seq} events, and {head.seq} by its head")
    if file.tell() != size:
        raise _Differs(f"events.jsonl goes on after its last event, {seq}")


def _linked(line: str, seq: int, prev: str) -> dict[str, Any] | None:
    """The event of ``line``, if it is the one that follows ``prev``, written as all are."""
    try:
        event: dict[str, Any] = json.loads(line)
        digest = event.pop("hash")
        if (event["seq"], event["prev"], digest) != (seq, prev, chain(prev, event)):
            return None
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    event["hash"] = digest
    return event if canonical(event) == line else None


def _what_differs(shown: bytes, folded: dict[str, Any]) -> str:
    try:
        path = _differ(json.loads(shown), folded, "")
    except ValueError:
        return "is not JSON"
    return f"differs from the rows at {path}" if path else "is not written as it should be"


def _differ(a: Any, b: Any, path: str) -> str:
    """The first difference, as a path; empty where there is none."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            if key not in a or key not in b:
                return f"{path}/{key}"
            if deeper := _differ(a[key], b[key], f"{path}/{key}"):
                return deeper
        return ""
    return "" if a == b else path or "/"
