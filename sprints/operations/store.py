"""Make the store, change its settings, bring its files up to date."""

from contextlib import suppress
from dataclasses import asdict

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from gates import fault_points
from gates.models import Gate
from gates.problem import Problem, ProblemCode
from sprints.contract.contract import DEFAULT_GATE, PROFILES
from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.contract.strict_json import strict_json
from sprints.definitions import agents
from sprints.definitions import gates as gate_rows
from sprints.git import repair
from sprints.git.git import GitError
from sprints.journal import writer
from sprints.models import Head
from sprints.models.transitions import note
from sprints.operations.prove import prove_settings
from sprints.queue import tasks
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.messages import message
from sprints.state.refusals import Refused
from sprints.store import clones, orphaned_clones
from sprints.store.config import bad_value, make_config, turn
from sprints.store.config_values import current_config
from sprints.store.file_lock import locked
from sprints.store.layout import Store, StoreError, make_folders, shut
from sprints.store.schema_version import NotReady, check_schema, unusable


def store() -> Store:
    """Return the store that this process serves."""
    found: Store = settings.STORE
    return found


def refuse_path() -> None:
    """Raise ``Refused`` if no row can hold the paths of this store."""
    if why := store().fault:
        raise Refused(message("refused.path", why=why))


def initialise() -> None:
    """Make or complete the store: folders, config.json, database, roster, default gate.

    Repeatable, and safe for several processes at once. Raises ``StoreError``.
    """
    make_folders(store())
    try:
        with locked(store().root / "init.lock"):
            is_new = complete()
            clones.settle(store().root)
            if is_new:  # else they may be its own: it has only lost the file that names them
                orphaned_clones.clear_orphans(store().root)
            _mend()
    except OSError as exc:
        plain = StoreError(f"cannot write in {store().root}: {exc.strerror or exc}")
        raise shut(store().root) or plain from exc


def complete() -> bool:
    """Complete the store after the folders are made; return whether its record begins now.

    The caller holds ``init.lock``.
    """
    make_config(store().config)
    make_schema()
    agents.seed()
    if Head.objects.exists():
        return False
    with transaction.atomic():
        Head.objects.create(pk=1)
        if not Gate.objects.exists():
            gate_rows.put(DEFAULT_GATE, PROFILES, recorded=False)
        words = message("event.store_initialized")
        note(EventKind.NOTE, words, timezone.now(), *_first_event())
    return True


def _mend() -> None:
    """Fetch what the gateway's own clone lacks; ``doctor`` reports what cannot be fetched."""
    own = repair.own_of(store().root)
    if own and repair.damaged(own):
        with suppress(GitError):
            repair.mend(own, store().repo)


def make_schema() -> None:
    """Make the tables, or bring them up to date. Raises ``StoreError``."""
    try:
        check_schema()
    except NotReady:
        migrate()


def migrate() -> None:
    """Bring every table up to date. Raises ``StoreError``."""
    from django.core.management import call_command
    from django.core.management.commands.migrate import Command

    class Migrate(Command):
        """Django's command, with a fault point before and after each step."""

        def migration_progress_callback(self, *args: object, **kwargs: object) -> None:
            fault_points.point("migration_step")

    try:
        call_command(Migrate(), verbosity=0, interactive=False)
    except DatabaseError as exc:
        raise unusable(exc) from exc


def _first_event() -> tuple[JsonObject, list[JsonObject]]:
    """Return data and change of event 1: the patches of all events begin at ``{}``."""
    change: list[JsonObject] = [
        {"op": "add", "path": "/version", "value": 1},
        {"op": "add", "path": "/sprints", "value": {}},
    ]
    gates = [gate_rows.as_told(row) for row in Gate.objects.all()]
    code = EventCode.STORE_INITIALIZED.value
    return {"code": code, "version": settings.VERSION, "gates": gates}, change


def configuration() -> JsonObject:
    """Return the present settings of config.json. Raises ``StoreError``."""
    return asdict(current_config())


def configure(key: str, text: str, by: str) -> JsonValue:
    """Change a setting of config.json, and return its value: ``text`` as JSON, or else unchanged.

    Raises ``Refused`` and ``StoreError``.
    """
    value: JsonValue = text
    with suppress(ValueError):
        value = strict_json(text)
    return configure_all({key: value}, by)[key]


def configure_all(values: JsonMapping, by: str) -> JsonObject:
    """Change all these settings of config.json, or none of them; return all settings.

    Raises ``Refused`` and ``StoreError``.
    """
    now = configuration()
    for key, value in values.items():
        if key not in now:
            text = message("refused.no_setting", name=repr(key), names=", ".join(sorted(now)))
            raise Refused(problems=[Problem(key, ProblemCode.UNKNOWN_KEY, text)])
        if problem := bad_value(key, value):
            raise Refused(problems=[problem])
    prove_settings(values)
    for key, value in values.items():
        _turn(key, value, by)
    return configuration()


def _turn(key: str, value: JsonValue, by: str) -> None:
    with locked(store().root / "init.lock"), transaction.atomic():
        before = turn(store().config, key, value)
        data = {"key": key, "before": before, "after": value, "by": by}
        words = message("event.config_changed", key=key, value=value, by=by)
        note(EventKind.CONFIG_CHANGED, words, timezone.now(), data)
    if key in ("automation_paused", "max_concurrent_global"):
        tasks.reconcile()  # there may be room for a sprint now


def settle_files() -> None:
    """Bring events.jsonl and state.json up to the last committed event."""
    writer.flush()
