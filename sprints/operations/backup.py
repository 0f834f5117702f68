"""Copy the store as of one moment, while sprints go on.

config.json and its keys are left out. So are the clones of sprints: the gateway's own clone holds
all their commits.
"""

import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from sprints.git import bundle, gateway_repo
from sprints.git.git import GitError
from sprints.journal.consistent_view import one_moment
from sprints.operations.archive_writer import Sink, add_evidence, copy_to
from sprints.operations.import_source import ASIDE
from sprints.operations.store import store
from sprints.state.messages import message
from sprints.state.refusals import Refused


@dataclass(frozen=True, slots=True)
class Backup:
    """The result: the number of files and their bytes before packing."""

    path: str
    files: int
    size_bytes: int


def backup(target: Path) -> Backup:
    """Copy database, events, state, evidence and the agents' commits to ``target``, all or nothing.

    The target is a folder, or one file if its name ends in ``.tar.gz``. Only its owner can read it.

    Raises ``Refused``, ``Busy`` and ``OSError``.
    """
    if connection.vendor != "sqlite":
        raise Refused(message("refused.postgresql", command="pg_dump $DATABASE_URL"))
    with copy_to(target, packed=target.name.endswith(".tar.gz")) as sink:
        _copy(sink)
    return Backup(str(target), sink.files, sink.size_bytes)


def back_up_as_it_lies(target: Path) -> Backup:
    """Pack a store that is not in use, whose database may have an older version.

    No row is read. ``target`` may lie in the store. Raises ``Refused`` and ``OSError``.
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
    """Copy the rows, then work and evidence, so that every file named by a row is copied."""
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
    """Add every commit of agents, by way of the file ``made``. Raises ``Refused``."""
    home = gateway_repo.home_of(store().root)
    try:
        if bundle.write(home, made):
            with made.open("rb") as file:
                sink.add_whole(f"{home.name}/{bundle.NAME}", file)
    except GitError as exc:
        raise Refused(message("refused.work_copy", error=exc)) from exc


def _copy_database(copy: Path) -> None:
    """Copy the database by SQLite, as our read transaction sees it.

    In a transaction that may write, SQLite would wait for itself.
    """
    source: sqlite3.Connection = connection.connection
    target = sqlite3.connect(copy)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, complete without its log
    finally:
        target.close()
