"""A copy of the store as of one moment, while sprints go on; config.json and its keys stay here."""

import os
import sqlite3
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj, rmtree
from typing import IO, Any, Protocol

from django.db import connection

from sprints.mirror import lines
from sprints.mirror.moment import one_moment
from sprints.operations.store_acts import store
from sprints.queries import Refused

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied: how many files, how many bytes before they were packed."""

    path: str
    files: int
    size_bytes: int


def backup(target: Path) -> Backup:
    """Copy database, events, state and evidence to ``target``: a folder, or one file where the name
    ends in ``.tar.gz``. Only its owner can read it. All of it or nothing.

    Raises ``Refused``, ``Busy``, ``OSError``.
    """
    if connection.vendor != "sqlite":
        raise Refused("the database is PostgreSQL's own to back up; type: pg_dump $DATABASE_URL")
    if os.path.lexists(target):
        raise Refused(f"{target} is there already; name another")
    if store().root in target.resolve().parents:
        raise Refused(f"{target} lies in the store itself; name a place outside")
    unfinished = target.with_name(f".{target.name}.unfinished-{os.getpid()}")
    packed = target.name.endswith(".tar.gz")
    try:
        sink: _Sink = _Packed(unfinished) if packed else _Folder(unfinished)
        files, size = _copied(sink)
        sink.close()
        unfinished.rename(target)
    except BaseException as exc:
        with suppress(OSError):
            unfinished.unlink() if packed else rmtree(unfinished)
        if isinstance(exc, lines.Ahead):
            raise Refused(f"{exc}; see: studio-gateway doctor") from exc
        raise
    return Backup(str(target), files, size)


def _copied(sink: "_Sink") -> tuple[int, int]:
    """How many files went in, and how many bytes. Evidence is copied after the rows that name it:
    a run that ends meanwhile has more to show than they say, never less.
    """
    counts: list[int] = []
    with tempfile.TemporaryDirectory(dir=store().root, prefix=".backup-") as folder:
        copy = Path(folder) / store().database.name
        with one_moment(store(), catch_up=True) as moment:
            _copy_database(copy)
            for name, file in ((store().events.name, moment.events), (_STATE, moment.state)):
                assert file is not None, "files that have caught up are there"
                size = moment.size if file is moment.events else os.fstat(file.fileno()).st_size
                sink.add(name, file, size)
                counts.append(size)
        with copy.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            sink.add(copy.name, file, size)
            counts.append(size)
    for path in _evidence():
        with suppress(FileNotFoundError), _opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            sink.add(path.relative_to(store().root).as_posix(), file, size)
            counts.append(size)
    return len(counts), sum(counts)


_STATE = "state.json"


def _copy_database(copy: Path) -> None:
    """By SQLite itself, from within our transaction: what it sees is what is copied."""
    source: Any = connection.connection
    target = sqlite3.connect(copy)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, whole without its log
    finally:
        target.close()


def _evidence() -> Iterator[Path]:
    """Every regular file; what a gate has put there as a link or a device is left out."""
    for folder, _, names in os.walk(store().artifacts):
        for name in sorted(names):
            path = Path(folder) / name
            with suppress(FileNotFoundError):
                if stat.S_ISREG(path.lstat().st_mode):
                    yield path


def _opened(path: Path) -> IO[bytes]:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.fdopen(os.open(path, flags), "rb")


class _Sink(Protocol):
    """Where the copy goes."""

    def add(self, name: str, file: IO[bytes], size: int) -> None:
        """The first ``size`` bytes of ``file``, under that name."""

    def close(self) -> None:
        """Everything is in, and on disk."""


class _Folder:
    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700)
        self._path = path

    def add(self, name: str, file: IO[bytes], size: int) -> None:
        path = self._path / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as copy:
            copyfileobj(_Begin(file, size), copy, CHUNK)
            copy.flush()
            os.fsync(copy.fileno())

    def close(self) -> None:
        pass


class _Packed:
    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w:gz", compresslevel=6)  # noqa: SIM115

    def add(self, name: str, file: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        entry.mtime = int(os.fstat(file.fileno()).st_mtime)
        self._tar.addfile(entry, _Begin(file, size))

    def close(self) -> None:
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


class _Begin:
    """The first ``left`` bytes of a file that may go on growing, or be cut: then zeros follow."""

    def __init__(self, file: IO[bytes], left: int) -> None:
        self._file, self._left = file, left

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes more."""
        want = self._left if size < 0 else min(size, self._left)
        data = self._file.read(want)
        self._left -= want
        return data + bytes(want - len(data))
