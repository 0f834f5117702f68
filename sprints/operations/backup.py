"""A copy of the store as of one moment, while sprints go on; config.json and its keys stay here,
and so do the clones of sprints, as all that is kept of them lies in the gateway's own.
"""

import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from sprints.git import bundle, gateway_repo
from sprints.git.git import GitError
from sprints.journal.consistent_view import one_moment
from sprints.operations.archive_writer import Sink, add_evidence, copy_to
from sprints.operations.import_source import ASIDE
from sprints.operations.store import store
from sprints.state.refusals import Refused


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied: how many files, how many bytes before they were packed."""

    path: str
    files: int
    size_bytes: int


def backup(target: Path) -> Backup:
    """Copy database, events, state, evidence and the commits of agents to ``target``: a folder, or
    one file where the name ends in ``.tar.gz``. Only its owner can read it. All of it or nothing.

    Raises ``Refused``, ``Busy``, ``OSError``.
    """
    if connection.vendor != "sqlite":
        raise Refused("the database is PostgreSQL's own to back up; type: pg_dump $DATABASE_URL")
    with copy_to(target, packed=target.name.endswith(".tar.gz")) as sink:
        _copy(sink)
    return Backup(str(target), sink.files, sink.size_bytes)


def back_up_as_it_lies(target: Path) -> Backup:
    """The same, packed, of a store in which nobody works and whose database may be of an older
    version: nothing is asked of its rows. ``target`` may lie in the store.

    Raises ``Refused``, ``OSError``.
    """
    with copy_to(target, packed=True, inside=True) as sink:
        with tempfile.TemporaryDirectory(dir=store().root, prefix=".backup-") as folder:
            copy = Path(folder) / store().database.name
            connection.ensure_connection()
            _copy_database(copy)
            for path in (store().events, store().state, store().root / ASIDE, copy):
                if path.is_file():
                    with path.open("rb") as file:
                        sink.add_whole(path.name, file)
        add_evidence(sink)
    return Backup(str(target), sink.files, sink.size_bytes)


def _copy(sink: Sink) -> None:
    """Work and evidence are copied after the rows that name them: a run that ends meanwhile has
    more to show than they say, never less.
    """
    with tempfile.TemporaryDirectory(dir=store().root, prefix=".backup-") as folder:
        copy = Path(folder) / store().database.name
        with one_moment(store(), catch_up=True) as moment:
            _copy_database(copy)
            assert moment.events, "files that have caught up are there"
            assert moment.state, "files that have caught up are there"
            sink.add(store().events.name, moment.events, moment.size)
            sink.add_whole(store().state.name, moment.state)
        for path in (copy, store().root / ASIDE):
            if path.is_file():
                with path.open("rb") as file:
                    sink.add_whole(path.name, file)
        _add_work(sink, Path(folder) / bundle.NAME)
    add_evidence(sink)


def _add_work(sink: Sink, made: Path) -> None:
    """Every commit of agents, by way of the file ``made``. Raises ``Refused``."""
    home = gateway_repo.home_of(store().root)
    try:
        if bundle.write(home, made):
            with made.open("rb") as file:
                sink.add_whole(f"{home.name}/{bundle.NAME}", file)
    except GitError as exc:
        raise Refused(f"the work of agents cannot be copied: {exc}") from exc


def _copy_database(copy: Path) -> None:
    """By SQLite itself: what our transaction sees, if it is one that only reads, is what is copied.
    From within one that may write, SQLite would wait for itself.
    """
    source: Any = connection.connection
    target = sqlite3.connect(copy)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, whole without its log
    finally:
        target.close()
