"""Check whether the database fits this version, with two queries before every command."""

import shlex
import shutil
import sqlite3
from pathlib import Path

from django.db import DatabaseError, connection

from sprints.store.layout import StoreError, shut

OURS = ("gates", "sprints")
INIT = "run: studio-gateway init"
FOLD = "149b912"  # the last commit with the migrations that 0016_policy and its like stand for
LITTLE = 1 << 20  # bytes; without room for its log's index, SQLite reports an I/O error


class NotReady(StoreError):
    """The database cannot be used yet; ``init`` fixes this."""

    def __init__(self, what: str, remedy: str = INIT) -> None:
        super().__init__(what, remedy)


class Older(NotReady):
    """An older version has made the database."""


def check_schema() -> None:
    """Raise ``NotReady`` if migrations are missing.

    Raises ``StoreError`` if a newer version or a far older one has made the database, or it cannot
    be read.
    """
    file = _file()
    try:
        if file and not file.exists():  # SQLite would make an empty one
            raise NotReady("no gateway is set up here")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT app, name FROM django_migrations WHERE app IN ('gates', 'sprints')"
            )
            applied = cursor.fetchall()
    except DatabaseError as exc:
        if _is_empty():
            raise NotReady("no gateway is set up here") from exc
        raise unusable(exc) from exc
    for app in OURS:
        _check_newest(app, max((name for of, name in applied if of == app), default=""))
    if {(app, name) for app in OURS for name in _names(app)} - {*applied}:
        raise Older("the database is of an older version", "run: studio-gateway upgrade")


def _check_newest(app: str, applied: str) -> None:
    """Raise ``StoreError`` if no migration leads on from the newest that is applied."""
    names = _names(app)
    if applied > max(names):
        raise StoreError(f"the database was made by a newer version ({applied})")
    if applied and applied not in names:
        what = f"the database is too old for this version ({app}.{applied})"
        raise StoreError(what, f"upgrade it with commit {FOLD} first")


def unusable(fault: DatabaseError) -> StoreError:
    """Return the error for ``fault`` of the database, in one line, with the fix."""
    said, _, _ = str(fault).strip().partition("\n")
    what = f"the database cannot be used: {said}"
    file = _file()
    if file is None:
        return StoreError(what)
    code = getattr(fault.__cause__, "sqlite_errorcode", 0) & 0xFF  # the primary code
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StoreError(what, _restore(file))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(what, f"see who keeps it: fuser {shlex.quote(str(file))}")
    if code == sqlite3.SQLITE_FULL or (
        code == sqlite3.SQLITE_IOERR and shutil.disk_usage(file.parent).free < LITTLE
    ):
        return StoreError(what, f"make room on the disk of {file.parent}")
    return shut(file.parent) or shut(file) or StoreError(what)


def _is_empty() -> bool:
    """Return whether the database can be read and has no tables of Django's migrations."""
    try:
        with connection.cursor() as cursor:
            names = connection.introspection.table_names(cursor)
    except DatabaseError:
        return False
    return "django_migrations" not in names


def _file() -> Path | None:
    """Return the path of the embedded database; None for any other."""
    name = connection.settings_dict["NAME"]
    return name if isinstance(name, Path) else None


def _restore(file: Path) -> str:
    store, database = shlex.quote(str(file.parent)), shlex.quote(str(file))
    away = f"mkdir {store}/broken && mv {database}* {store}/broken/"
    return (
        f"put a backup in its place: {away} && cp BACKUP {database}; "
        f"without one, from its events: {away} && studio-gateway rebuild"
    )


def _names(app: str) -> list[str]:
    folder = Path(__file__).parents[2] / app / "migrations"
    return [path.stem for path in folder.glob("[0-9]*.py")]
