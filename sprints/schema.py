"""Is the database ready for this version? Asked before every command, so it costs two queries."""

from pathlib import Path

from django.db import DatabaseError, connection

OURS = ("gates", "sprints")
NOWHERE = "no gateway is set up here; run: studio-gateway init"


class NotReady(Exception):
    """The database cannot be used yet; the message is one line that says what to type."""


def check_schema() -> None:
    """Raises ``NotReady`` where migrations are missing, or were made by a newer version."""
    name = connection.settings_dict["NAME"]
    if isinstance(name, Path) and not name.exists():  # SQLite would make an empty one
        raise NotReady(NOWHERE)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT app, name FROM django_migrations WHERE app IN ('gates', 'sprints')"
            )
            applied = set(cursor.fetchall())
    except DatabaseError as exc:
        if "django_migrations" in str(exc) or "unable to open" in str(exc):
            raise NotReady(NOWHERE) from exc
        raise NotReady(f"the database cannot be used: {str(exc).strip().splitlines()[0]}") from exc
    wanted = {(app, name) for app in OURS for name in _names(app)}
    if wanted - applied:
        raise NotReady("the database is of an older version; run: studio-gateway init")
    if newer := sorted(applied - wanted):
        raise NotReady(f"the database was made by a newer version ({newer[-1][1]})")


def _names(app: str) -> list[str]:
    folder = Path(__file__).parent.parent / app / "migrations"
    return [path.stem for path in folder.glob("[0-9]*.py")]
