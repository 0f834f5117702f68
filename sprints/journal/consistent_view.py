"""Open the files of a store and the rows of the same moment."""

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Protocol, cast

from django.db import connection, transaction

from sprints.journal import events_file, state_file
from sprints.models import Head
from sprints.store.file_lock import locked
from sprints.store.layout import Store


@dataclass(slots=True)
class Moment:
    """The files of one moment. ``sealed`` is the event up to which ``state`` is sealed, or None."""

    events: IO[bytes] | None
    size: int
    state: IO[bytes] | None
    sealed: int | None


@contextmanager
def one_moment(store: Store, *, catch_up: bool) -> Iterator[Moment]:
    """Open events.jsonl and state.json, and a transaction that reads rows of the same moment.

    Writers wait only while the files are opened: new events are appended beyond the recorded size,
    and state.json is replaced, never changed.
    """
    with ExitStack() as stack:
        with locked(store.root / "mirror.lock"):
            if catch_up:
                _catch_up(store)  # repairs record events, so this runs before the view
            stack.enter_context(_snapshot())
            if catch_up:
                _catch_up(store)
            Head.objects.get(pk=1)  # the first read fixes the view's moment
            files: list[IO[bytes] | None] = []
            for path in (store.events, store.state):
                files.append(None)
                with suppress(FileNotFoundError):
                    files[-1] = stack.enter_context(path.open("rb"))
            size = os.fstat(files[0].fileno()).st_size if files[0] else 0
            sealed = state_file.sealed(store.state)
        yield Moment(files[0], size, files[1], sealed)


def _catch_up(store: Store) -> None:
    head = Head.objects.get(pk=1)
    events_file.catch_up(store.events, durable=True)
    state_file.write(store.state, head)


class _Sqlite(Protocol):
    """A connection to SQLite, with the mode of its transactions."""

    transaction_mode: str | None


@contextmanager
def _snapshot() -> Iterator[None]:
    """Open a read transaction whose view starts with the first row that is read.

    An IMMEDIATE transaction would stop all writers.
    """
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        database = cast(_Sqlite, connection)
        usual, database.transaction_mode = database.transaction_mode, "DEFERRED"
        try:
            with transaction.atomic():
                yield
        finally:
            database.transaction_mode = usual
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


@contextmanager
def no_collection() -> Iterator[None]:
    """Turn garbage collection off: it would take a tenth of the time and find no cycles."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
