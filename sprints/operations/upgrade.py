"""Upgrade a store of an older version: back up, migrate, verify."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from sprints.journal import writer
from sprints.journal.checked_events import Tell
from sprints.journal.verify import Report
from sprints.models import Host, Sprint
from sprints.models.lease import holder
from sprints.models.transitions import note
from sprints.operations.backup import Backup, back_up_as_it_lies
from sprints.operations.store import complete, migrate, store
from sprints.operations.verify import verify
from sprints.state.event_codes import EventKind
from sprints.state.messages import message
from sprints.state.refusals import Refused
from sprints.store.clones import seen_of
from sprints.store.file_lock import alone, locked
from sprints.store.layout import StoreError, make_folders
from sprints.store.moved_clones import move
from sprints.store.schema_version import Older, check_schema

BACKUPS = "backups"


@dataclass(slots=True)
class Upgraded:
    """The result: ``migrations`` in their order; ``backup`` is None if none was made."""

    migrations: list[str] = field(default_factory=list)
    backup: Backup | None = None
    report: Report | None = None


def upgrade(
    target: Path | None,
    *,
    backed_up: bool,
    say: Callable[[str], None],
    tell: Tell | None = None,
) -> Upgraded:
    """Back up to ``target``, else into the store, migrate, verify; ``say`` receives each step.

    The upgrade can be repeated after any crash. ``backed_up``: a backup exists already.

    Raises ``Refused``, ``StoreError`` and ``OSError``.
    """
    _check_there()
    done = Upgraded()
    make_folders(store())
    with locked(store().root / "init.lock"), alone(store().web_lock) as unserved:
        if not unserved:
            raise Refused(message("refused.served"))
        refuse_if_at_work()
        done.migrations = pending()
        if done.migrations and not backed_up:
            with locked(store().root / "mirror.lock"):
                done.backup = back_up(target)
            said = f"{done.backup.path}: {done.backup.files} files, {done.backup.size_bytes} bytes"
            say(f"backed up: {said}")
        try:
            if done.migrations:  # including tables of other packages
                migrate()
            complete()
        except StoreError as exc:
            raise StoreError(exc.what, f"{exc.remedy or 'mend that'}, then upgrade again") from exc
        say(f"migrated: {', '.join(done.migrations) or 'nothing to do, it is of this version'}")
        _move_clones(say)
    if done.migrations:
        words = message("event.upgraded", count=len(done.migrations))
        data = {"migrations": done.migrations, "backup": done.backup and done.backup.path}
        note(EventKind.UPGRADED, words, timezone.now(), data)
    writer.flush()
    done.report = verify(tell)
    return done


def _move_clones(say: Callable[[str], None]) -> None:
    """Move the clones out of the checkout, or to where the setting wants them, and say so."""
    try:
        if moved := move(store().root):
            say(f"moved: the clones of sprints, from {moved[0]} to {moved[1]}")
    except StoreError as exc:
        say(f"not moved: the clones of sprints stay in {seen_of(store().root)}: {exc}")
    except OSError as exc:
        why = f"{exc.filename}: {exc.strerror or exc}"
        say(f"not moved: the clones of sprints stay in {seen_of(store().root)}: {why}")


def _check_there() -> None:
    """Raise ``StoreError`` if there is nothing to upgrade, or the store is too new."""
    try:
        check_schema()
    except Older:
        return


def pending() -> list[str]:
    """Return the migrations that the database lacks, in their order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{one.app_label}.{one.name}" for one, _ in plan]


def refuse_if_at_work() -> None:
    """Raise ``Refused`` while a worker lives or a sprint runs, under any version.

    Only columns that exist in every version are read.
    """
    if Sprint._meta.db_table not in connection.introspection.table_names():
        return  # an init was cut short
    for host in Host.objects.only("name", "watch", "seen_at"):
        if host.is_watched():
            raise Refused(message("refused.workers", host=host))
    held = Sprint.objects.exclude(lease_owner="").order_by()
    for row in held.only("lease_owner", "lease_until", "lease_beat"):
        if who := holder(row):
            raise Refused(message("refused.sprint_runs", sprint_id=row.pk, who=who))


def back_up(target: Path | None) -> Backup:
    """Back up the unused store. Raises ``Refused`` if the database has its own backups."""
    if connection.vendor != "sqlite":
        how = "pg_dump $DATABASE_URL > FILE && studio-gateway upgrade --backed-up"
        raise Refused(message("refused.postgresql", command=how))
    if target is None:
        folder = store().root / BACKUPS
        folder.mkdir(mode=0o700, exist_ok=True)
        target = folder / f"before-upgrade-{timezone.now():%Y%m%dT%H%M%S.%f}Z.tar.gz"
    elif not target.name.endswith(".tar.gz"):
        raise Refused(message("refused.archive_name", path=target, option="--backup"))
    return back_up_as_it_lies(target)


def way_back(backup: Backup) -> str:
    """Return the command that restores the store as it was, for its old version."""
    root, kept = shlex.quote(str(store().root)), shlex.quote(f"{store().root}.upgraded")
    packed = shlex.quote(backup.path.replace(str(store().root), f"{store().root}.upgraded", 1))
    return (
        f"mv {root} {kept} && mkdir -m 700 {root} && tar -xzf {packed} -C {root}"
        f" && cp -p {kept}/config.json {root}/"
    )
