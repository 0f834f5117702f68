"""Check this installation: one small function a check, and one line in the table."""

import errno
import itertools
import os
import shlex
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from gates import fault_points, secret_values
from gates.command_line import joining
from gates.models import Gate
from sprints.contract import sandbox as confinements
from sprints.contract.agent_spec import SCRIPTED
from sprints.definitions import secrets_in_clear
from sprints.git.git import GitError, version
from sprints.git.repair import damaged, own_of
from sprints.health import clone_folder, networks
from sprints.health.invariants import CHECKS as INVARIANTS
from sprints.health.invariants import check_rows
from sprints.health.missing_gates import missing_in, setting
from sprints.health.newer_releases import newer
from sprints.journal import events_file, verify
from sprints.journal.checked_events import Difference
from sprints.models import Agent, Head
from sprints.store.config import read_config
from sprints.store.layout import Store, StoreError, is_private, is_shielded, shut
from sprints.store.schema_version import NotReady, check_schema, unusable

GIT_LEAST = (2, 30)


@dataclass(frozen=True, slots=True)
class Finding:
    """One result: ``level`` is ok, warn or bad; ``remedy`` is the fix to type, empty if ok."""

    check: str
    level: str
    text: str
    remedy: str = ""


Check = Callable[[Store], Iterator[Finding]]


def findings(checks: Mapping[str, Check]) -> Iterator[Finding]:
    """Yield the findings of these checks, in their order; an exception is a finding, too."""
    store: Store = settings.STORE
    for name, check in checks.items():
        try:
            yield from check(store)
        except (DatabaseError, Head.DoesNotExist, StoreError, OSError) as exc:
            fault = _fault(store, exc)
            yield Finding(name, "bad", " ".join(fault.what.split()), fault.remedy)


def _fault(store: Store, exc: Exception) -> StoreError:
    """Return the reason why a check failed, with the fix."""
    match exc:
        case StoreError():
            return exc
        case DatabaseError():
            return unusable(exc)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return StoreError(f"the disk of {store.repo} is full", "make room on it")
        case OSError():
            path = exc.filename2 or exc.filename  # a rename fails for its target, if any
            what = f"{path or store.root}: {exc.strerror or exc}"
            return shut(store.root) or StoreError(what, _anew(Path(path)) if path else "")
    return NotReady("this store was never finished")


def python(store: Store) -> Iterator[Finding]:
    """Check the interpreter's version."""
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding(
        "python", "ok" if good else "bad", version, "" if good else "install Python 3.11 or newer"
    )


def git(store: Store) -> Iterator[Finding]:
    """Check that git exists, is recent enough, and that the served folder is a checkout."""
    try:
        text = version()
    except GitError as exc:
        yield Finding("git", "bad", str(exc), "install git")
        return
    numbers = text.split()[2].split(".")[:2]
    old = tuple(int(n) for n in numbers if n.isdigit()) < GIT_LEAST
    yield Finding("git", "warn" if old else "ok", text, "upgrade git" if old else "")
    if not (store.repo / ".git").exists():
        yield Finding(
            "git", "warn", f"{store.repo} is no git checkout", f"git init {_quoted(store.repo)}"
        )
    if not is_shielded(store):
        text = "git clean -xdf would delete the store of this gateway"
        yield Finding("git", "warn", text, "studio-gateway init")


def repository(store: Store) -> Iterator[Finding]:
    """Check that the gateway's own clone is unchanged and has every object that its refs need."""
    own = own_of(store.root)
    if own is None:
        return
    if why := damaged(own):
        yield Finding("repository", "bad", why, "studio-gateway init")
    else:
        yield Finding("repository", "ok", "the gateway's own clone is complete")


def config(store: Store) -> Iterator[Finding]:
    """Check that config.json exists, is valid and private."""
    read_config(store.config)
    if is_private(store.config):
        yield Finding("config", "ok", "config.json is valid, and only you can read it")
    else:
        text = "others on this machine can read config.json, which holds your token"
        yield Finding("config", "bad", text, f"chmod 600 {_quoted(store.config)}")


def database(store: Store) -> Iterator[Finding]:
    """Check that the database answers, is up to date, and keeps acknowledged commits.

    Raises ``StoreError`` and ``DatabaseError``, which ``findings`` turns into a finding.
    """
    if connection.vendor == "sqlite" and not store.database.exists():
        raise NotReady("there is no database yet")
    check_schema()
    if connection.vendor != "sqlite":
        yield Finding("database", "ok", f"{connection.vendor} answers, schema up to date")
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        (synchronous,) = cursor.fetchone()
    if synchronous != 2:
        yield Finding(
            "database", "bad", "SQLite may lose commits in a power cut", "set synchronous=FULL"
        )
    version = sqlite3.sqlite_version
    if wal_reset_bug(sqlite3.sqlite_version_info):
        text = f"SQLite {version} can, very rarely, lose data when several processes write"
        yield Finding("database", "warn", text, "use SQLite 3.51.3 or PostgreSQL for teams")
    else:
        yield Finding("database", "ok", f"SQLite {version}, schema up to date")


def wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Return whether this SQLite release has the WAL-reset race.

    Affected are 3.7.0 to 3.51.2, except the back-ports 3.44.6 and 3.50.7 (sqlite.org/wal.html, "The
    WAL reset bug").
    """
    fixed = (
        version[:2] in ((3, 44), (3, 50))
        and version >= {44: (3, 44, 6), 50: (3, 50, 7)}[version[1]]
    )
    return (3, 7, 0) <= version < (3, 51, 3) and not fixed


def disk(store: Store) -> Iterator[Finding]:
    """Check that there is room for evidence and clones, which may be on two disks."""
    yield from (Finding("disk", *judged) for judged in clone_folder.room(store))


def clones(store: Store) -> Iterator[Finding]:
    """Check that the clones lie where no test runner of the repository looks."""
    yield from (Finding("clones", *judged) for judged in clone_folder.judged(store))


def gates(store: Store) -> Iterator[Finding]:
    """Check that the command of every gate and every agent is found from the repository."""
    check_schema()
    rows = list(Gate.objects.filter(enabled=True))
    if not rows:
        yield Finding(
            "gates", "bad", "no gate is enabled", "studio-gateway gate add ID --command C"
        )
    for row in rows:
        missing = missing_in(store.repo, row.definition.command)
        if why := joining(row.definition.command) or (missing and f"there is no {missing}"):
            text = f"gate {row.gate_id}: {why}"
            yield Finding("gates", "bad", text, setting(row.gate_id, store.repo))
        else:
            yield Finding("gates", "ok", f"gate {row.gate_id}: {' '.join(row.command)}")
    yield from _agents(store)


def _agents(store: Store) -> Iterator[Finding]:
    """Check that every agent with a command has its program; skip scripted ones."""
    for row in Agent.objects.exclude(runner=SCRIPTED):
        if missing := missing_in(store.repo, row.definition.command):
            text = f"{row.agent_id}: there is no {missing}"
            yield Finding("agents", "bad", text, f"studio-gateway agent set {row.pk} --command C")
        else:
            yield Finding("agents", "ok", f"{row.agent_id}: {' '.join(row.command)}")


def secrets(store: Store) -> Iterator[Finding]:
    """Check that the values of variables that are named like secrets can be removed from texts."""
    found = secret_values.everyday(os.environ)
    names = {why: [n for n in sorted(found) if found[n] == why] for why in found.values()}
    for why, some in sorted(names.items()):
        text = f"not removed from output and records, because the value is {why}: "
        remedy = "if such a variable protects something, give it a longer random value"
        yield Finding("secrets", "warn", text + ", ".join(some), remedy)
    check_schema()
    kept = [
        (f"{kind} {row.pk}: {problem.text}", f"studio-gateway {kind} set {row.pk} --help")
        for kind, rows in (("gate", Gate), ("agent", Agent))
        for row in rows.objects.all()
        for problem in secrets_in_clear.problems(row.definition.to_json())
    ]
    for text, remedy in kept:
        yield Finding("secrets", "warn", text, remedy)
    if not found and not kept:
        yield Finding("secrets", "ok", "removed from output and records")


def sandbox(store: Store) -> Iterator[Finding]:
    """Check the sandbox and the limits of the network for commands that work in a clone."""
    mode = read_config(store.config).get("confinement", confinements.AUTO)
    yield from (
        Finding(name, *judged(mode))
        for name, judged in (("sandbox", confinements.judged), ("network", networks.judged))
    )


def journal(store: Store) -> Iterator[Finding]:
    """Check that the files agree with the rows, once they have caught up, and lack no release."""
    check_schema()
    lacks = newer(store)
    if lacks.text:
        level = "bad" if lacks.is_certain else "warn"
        yield Finding("journal", level, lacks.text, "studio-gateway adopt")
    if found := verify.difference(store):
        yield Finding("journal", "bad", found.text, _remedy(store, found))
    else:
        yield Finding("journal", "ok", "events.jsonl, state.json and the rows agree")


def _remedy(store: Store, difference: Difference) -> str:
    """Return the fix: a file that differs from the rows is moved away and written again."""
    if events_file.is_ahead(store.events):
        return "studio-gateway adopt"
    if difference.where == "events.jsonl" and not difference.in_rows:
        return _anew(store.events)
    if difference.where == "state.json":
        return _anew(store.state)
    return "restore the database from a backup: its rows are not what its events say"


def _anew(path: Path) -> str:
    """Return the command that moves a file to a free name and writes it again."""
    names = (path.with_name(f"{path.name}.kept{n or ''}") for n in itertools.count())
    kept = next(name for name in names if not os.path.lexists(name))
    return f"mv {_quoted(path)} {_quoted(kept)} && studio-gateway init"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def invariants(store: Store) -> Iterator[Finding]:
    """Check the invariants of rows and processes."""
    check_schema()
    found = list(check_rows())
    for one in found:
        level = "warn" if one.waits else "bad"
        yield Finding("invariants", level, one.text, one.remedy)
    if not found:
        yield Finding("invariants", "ok", ", ".join(INVARIANTS))


def fault(store: Store) -> Iterator[Finding]:
    """Check that no test has left a fault in the environment."""
    if text := os.environ.get(fault_points.VARIABLE):
        words = f"{fault_points.VARIABLE}={text} breaks this gateway on purpose"
        yield Finding("fault", "bad", words, f"unset {fault_points.VARIABLE}")


CHECKS: dict[str, Check] = {
    "python": python,
    "git": git,
    "repository": repository,
    "config": config,
    "database": database,
    "disk": disk,
    "clones": clones,
    "gates": gates,
    "secrets": secrets,
    "sandbox": sandbox,
    "journal": journal,
    "invariants": invariants,
    "fault": fault,
}
