"""Import the journal of another store into an unused gateway: all or nothing."""

import json
import os
from pathlib import Path
from shutil import copyfile, rmtree

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from gates import fault_points
from gates.secret_values import is_named
from sprints.contract.json_types import JsonObject
from sprints.contract.strict_json import strict_json
from sprints.journal.checked_events import Tell
from sprints.journal.consistent_view import no_collection
from sprints.journal.foreign_events import Damaged
from sprints.journal.foreign_state import Unfit
from sprints.models import Event, Head, Hook, Sprint
from sprints.models.event import append
from sprints.models.redaction import clean
from sprints.operations import import_rows, import_source
from sprints.operations.import_rows import Imported
from sprints.operations.import_source import ASIDE, CONFIG, Source
from sprints.operations.store import refuse_path, store
from sprints.state.event_codes import EventKind
from sprints.state.event_format import Draft
from sprints.state.messages import message
from sprints.state.refusals import Refused
from sprints.store.config import RULES, read_config
from sprints.store.file_lock import locked
from sprints.store.layout import write_private

STAGING = ".importing"
HERE = (
    "auth_token",
    "secret_key",
    "bind_host",
    "port",
)  # keys that stay this gateway's own


def import_store(path: Path, tell: Tell | None = None) -> Imported:
    """Import the store at ``path``, or an archive of one.

    Files are prepared next to those of this store, and moved into place by the transaction that
    writes the rows. So the import can be repeated after a crash at any line.

    Raises ``Refused``, ``StoreError`` and ``OSError``.
    """
    refuse_path()
    found = import_source.find(path)
    if found.resolve() == store().root.resolve():
        raise Refused(message("refused.own_store", path=path))
    with locked(store().root / "init.lock"), locked(store().root / "mirror.lock"):
        refuse_if_used()
        staging = _staging()
        try:
            source = import_source.gather(found, staging)
            done = Imported(str(path), files=source.files, left=source.left)
            with no_collection(), transaction.atomic():
                refuse_if_used()
                _take_over(source, staging, done, tell)
                fault_points.point("before_db_commit")
            fault_points.point("after_db_commit")
        except BaseException as exc:
            if not _is_used():
                _clear(staging)
            if isinstance(exc, Unfit):
                raise Refused(message("refused.import_unfit", path=found, error=exc)) from exc
            raise
        rmtree(staging, ignore_errors=True)
    return done


def refuse_if_used() -> None:
    """Raise ``Refused`` if a sprint or its evidence would be overwritten."""
    if _is_used():
        rmtree(store().root / STAGING, ignore_errors=True)  # of an import that died after its end
        raise Refused(message("refused.import_used"))
    if _evidence() and not (store().root / STAGING).is_dir():
        raise Refused(message("refused.import_evidence", folder=store().artifacts))


def _is_used() -> bool:
    recorded = Q(sprint_id__isnull=False) | Q(kind="imported")
    return Sprint.objects.exists() or Event.objects.filter(recorded).exists()


def _evidence() -> list[Path]:
    folder = store().artifacts
    return list(folder.iterdir()) if folder.is_dir() else []


def _staging() -> Path:
    """Return an empty folder in the store.

    Its existence shows that evidence in the store comes from a killed import.
    """
    staging = store().root / STAGING
    if staging.exists():
        _clear(staging)
    staging.mkdir(mode=0o700)
    return staging


def _clear(staging: Path) -> None:
    for child in _evidence():
        rmtree(child)
    (store().root / ASIDE).unlink(missing_ok=True)
    rmtree(staging)


def _take_over(source: Source, staging: Path, done: Imported, tell: Tell | None) -> None:
    """Do the whole import, within the caller's transaction."""
    for folder in import_source.outputs(source.artifacts):
        (folder / "runs" / "1").mkdir(mode=0o700, parents=True)
        for output in folder.glob("std???.txt"):
            copyfile(output, folder / "runs" / "1" / output.name)
    damaged = import_rows.write(source, done, tell)
    values = _settings(source.root / CONFIG, done)
    _tell_of_it(done, values)
    _keep_aside(source, staging, damaged, done)
    Hook.objects.update(seq=Head.objects.get(pk=1).seq)  # old events are not delivered again
    if store().artifacts.is_dir():
        store().artifacts.rmdir()
    source.artifacts.rename(store().artifacts)
    fault_points.point("import_placed")
    if done.unexplained:
        copyfile(source.root / done.unexplained, store().root / f"{done.unexplained}.imported")
        done.unexplained = str(store().root / f"{done.unexplained}.imported")
    if done.aside:
        (staging / ASIDE).replace(store().root / ASIDE)
    if values:
        config = read_config(store().config) | values
        write_private(store().config, json.dumps(config, indent=2, sort_keys=True) + "\n")
    if done.chain:  # the old file has another history; the rows write it again
        store().events.unlink(missing_ok=True)


def _settings(config: Path, done: Imported) -> JsonObject:
    """Return the other config.json's settings that apply here: no secrets, no host values."""
    if not config.is_file():
        return {}
    try:
        given = strict_json(config.read_text("utf-8-sig"))
        if not isinstance(given, dict):
            raise ValueError("it is not an object")
    except (ValueError, OSError) as exc:
        done.left.append(f"{CONFIG} ({exc})")
        return {}
    taken = {}
    if own := ", ".join(key for key in given if key in HERE or is_named(key)):
        done.left.append(f"{own} of {CONFIG} (this gateway has its own)")
    for key, value in given.items():
        rule, holds = RULES.get(key, ("", lambda _: True))
        if key in HERE or is_named(key):
            continue
        if holds(value):
            taken[key] = value
        else:
            done.left.append(f"{key} of {CONFIG} (it must be {rule})")
    return taken


def _tell_of_it(done: Imported, values: JsonObject) -> None:
    data = {
        "from": done.path,
        "sprints": done.sprints,
        "events": done.events,
        "files": done.files,
        "artifacts": str(store().artifacts),
        "config": values,
        "left": done.left,
    }
    about = {"sprints": done.sprints, "events": done.events, "path": done.path}
    words = message("event.imported", **about)
    words, data = clean([words, data])
    append([Draft(EventKind.IMPORTED, words, data=data)], timezone.now())


def _keep_aside(source: Source, staging: Path, damaged: list[Damaged], done: Imported) -> None:
    """Keep the damaged lines in a file, with those of an earlier import."""
    done.damaged = [{"line": one.line, "why": one.why} for one in damaged]
    earlier = source.root / ASIDE
    if not damaged and not earlier.is_file():
        return
    with (staging / f"{ASIDE}.new").open("wb") as file:
        if earlier.is_file():
            file.write(earlier.read_bytes())
        for one in damaged:
            kept = {"line": one.line, "why": one.why, "text": one.text}
            file.write(json.dumps(kept, sort_keys=True).encode("ascii") + b"\n")
        file.flush()
        os.fsync(file.fileno())
    (staging / f"{ASIDE}.new").replace(staging / ASIDE)
    done.aside = str(store().root / ASIDE)
