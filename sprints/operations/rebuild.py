"""Rebuild a database from events.jsonl alone, or compare a database with it."""

import json
import os
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from gates import network
from gates.models import Gate, GateRun
from sprints.contract.agent_spec import PRIVATE, USER
from sprints.contract.json_types import JsonObject, JsonValue
from sprints.definitions import agents
from sprints.journal import hash_chain
from sprints.journal.checked_events import Differs, Seen, Tell, checked_events
from sprints.journal.consistent_view import no_collection, one_moment
from sprints.journal.missing_secrets import agrees, as_it_may_stand
from sprints.journal.rebuild_rows import MOVED, Row, retell
from sprints.models import Agent, Delivery, Event, Head, Hook, Round, Schedule, Sprint, Task
from sprints.models.event import Columns, insert
from sprints.operations.store import make_schema, store
from sprints.prompts.reply_format import Reply
from sprints.state.event_format import moment
from sprints.state.messages import message
from sprints.state.refusals import Refused
from sprints.store.config import make_config
from sprints.store.file_lock import locked
from sprints.store.layout import make_folders

MODELS: dict[str, type[Model]] = {
    "event": Event,
    "head": Head,
    "sprint": Sprint,
    "round": Round,
    "task": Task,
    "gate_run": GateRun,
    "delivery": Delivery,
    "gate": Gate,
    "hook": Hook,
    "agent": Agent,
    "schedule": Schedule,
}
CHUNK = 1000
FREE = {"sprint": {"version"}, "hook": {"seq"}}  # fields that count writes, not events
COUNTED = ("sprint", "round", "task", "gate_run", "gate", "hook")
SETTINGS = ("gate", "agent", "hook", "schedule")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The number of rows of each kind that were made or compared.

    ``lost`` has a line for each setting that events record only in part. ``torn_bytes`` is the size
    of an incomplete last line. ``difference`` is the first difference.
    """

    rows: dict[str, int]
    lost: list[str]
    torn_bytes: int = 0
    difference: str = ""


def rebuild(path: Path | None = None, tell: Tell | None = None) -> Rebuilt:
    """Fill an empty database from the events of ``path``, else of the store: all or nothing.

    Raises ``Refused`` if the database is not empty or the file is damaged, ``StoreError`` and
    ``OSError``.
    """
    path = path or store().events
    with path.open("rb") as file, no_collection():
        _refuse_if_filled()
        make_folders(store())
        with locked(store().root / "init.lock"), locked(store().root / "mirror.lock"):
            _refuse_if_filled()
            make_config(store().config)
            make_schema()
            size = os.fstat(file.fileno()).st_size
            whole = whole_bytes(file, size)
            try:
                with transaction.atomic():
                    rows, lost = written(file, whole, tell)
            except hash_chain.Broken as exc:
                raise Refused(message("refused.rebuild_chain", path=path, error=exc)) from exc
            except (KeyError, TypeError, ValueError) as exc:
                about = {"path": path, "error": repr(exc)}
                raise Refused(message("refused.rebuild_impossible", **about)) from exc
    return Rebuilt(rows, lost, size - whole)


def check_rebuild(tell: Tell | None = None) -> Rebuilt:
    """Compare every row with the events, writing nothing. Raises ``Busy`` and ``OSError``."""
    counts: Counter[str] = Counter()
    lost: list[str] = []
    with one_moment(store(), catch_up=False) as now, no_collection():
        try:
            rows = Event.objects.filter(kind=MOVED).order_by("seq")
            moves = [move for row in rows if (move := _move(row.body))]
            for some in batches(retell(checked_events(now, Seen(), tell), moves), counts, lost):
                for kind, values in some.items():
                    if found := _compared(kind, values):
                        return Rebuilt(dict(counts), lost, difference=found)
        except Differs as exc:
            return Rebuilt(dict(counts), lost, difference=exc.difference.text)
        for kind in COUNTED:
            if (there := MODELS[kind]._default_manager.count()) != counts[kind]:
                words = (
                    f"the database has {there} rows of {kind}, the events tell of {counts[kind]}"
                )
                return Rebuilt(dict(counts), lost, difference=words)
    return Rebuilt(dict(counts), lost)


def _refuse_if_filled() -> None:
    """Raise ``Refused`` unless the database is empty; one without tables is empty."""
    file = connection.settings_dict["NAME"]
    if isinstance(file, Path) and not file.exists():
        return
    try:
        filled = any(model.objects.exists() for model in (Head, Event, Sprint))
    except DatabaseError:
        return
    if filled and isinstance(file, Path):
        kept = shlex.quote(str(file.with_suffix(".kept")))
        here = shlex.quote(str(file))
        remedy = f"mkdir {kept} && mv {here}* {kept}/ && studio-gateway rebuild"
        raise Refused(message("refused.rebuild_used", remedy=remedy))
    if filled:
        raise Refused(message("refused.rebuild_filled"))


def whole_bytes(file: IO[bytes], size: int) -> int:
    """Return the end of the last whole line; a crash may leave an incomplete one after it."""
    at = size
    while at:
        start = max(0, at - (1 << 16))
        file.seek(start)
        newline = file.read(at - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        at = start
    return 0


def written(file: IO[bytes], whole: int, tell: Tell | None) -> tuple[dict[str, int], list[str]]:
    """Write the events of the file's first ``whole`` bytes, their rows and the head.

    Needs an empty database. Return the number of rows of each kind, and a line for each loss.
    Parents come last: foreign keys are checked when the transaction ends. Raises ``Broken`` and
    ``Refused``, and ``KeyError``, ``TypeError`` or ``ValueError`` for an impossible patch.
    """
    moves = [move for line in _lines(file, whole) if (move := _move(line))]
    file.seek(0)
    recorded = hash_chain.chained(file, whole, (lambda done: tell(done, whole)) if tell else None)
    counts: Counter[str] = Counter()
    lost: list[str] = []
    last: JsonObject = {}
    lines: list[Columns] = []

    def passing() -> Iterator[JsonObject]:
        for event, line in recorded:
            seq, digest, at = event["seq"], event["hash"], moment(event["ts"])
            last.update(seq=seq, hash=digest, incarnation=event.get("incarnation", ""))
            lines.append((seq, at, event["kind"], event["sprint_id"], digest, line))
            if len(lines) >= CHUNK:
                insert(lines)  # models would take longer than all the rest
                lines.clear()
            yield event

    agents.seed()  # events hold only the agents that a user has changed
    for some in batches(retell(passing(), moves), counts, lost):
        last.update(some.pop("head", [{}])[0])
        for kind, values in some.items():
            if kind in SETTINGS:
                values = [as_it_may_stand(kind, one) for one in values]
            if kind == "agent":  # seeded above
                for one in map(as_upgraded, values):
                    Agent.objects.update_or_create(pk=one["agent_id"], defaults=one)
            else:
                MODELS[kind]._default_manager.bulk_create([MODELS[kind](**one) for one in values])
    insert(lines)
    if not last:
        raise Refused(message("refused.rebuild_nothing"))
    Head.objects.create(**{"id": 1, **last})
    Hook.objects.update(seq=last["seq"])  # old events are not delivered again
    return {"event": last["seq"], **counts}, lost


def as_upgraded(agent: JsonObject) -> JsonObject:
    """Return the columns of an agent as an upgrade has them, whose older events name neither HOME
    nor network.
    """
    is_set_up = bool(agent.get("command"))
    return {
        "home": USER if is_set_up else PRIVATE,
        "network": network.ALL if is_set_up else network.of_program(),
        **agent,
    }


def _lines(file: IO[bytes], whole: int) -> Iterator[JsonObject]:
    """Yield the events that record a move of the store, whatever else is wrong with the file."""
    file.seek(0)
    for line in hash_chain.lines(file, whole):
        if b'"kind": "%s"' % MOVED.encode() in line:
            with suppress(ValueError):
                yield json.loads(line)


def _move(event: JsonObject) -> tuple[int, str] | None:
    """Return the event's seq and the new artifacts folder, if it records a move of the store."""
    if event.get("kind") == MOVED and "imported" not in event:
        return event["seq"], event["data"]["artifacts"]
    return None


def batches(
    rows: Iterable[Row], counts: Counter[str], lost: list[str]
) -> Iterator[dict[str, list[JsonObject]]]:
    """Yield rows in batches, by their kind, as the models have them; count them."""
    rest = iter(rows)
    while some := list(islice(rest, CHUNK)):
        found: dict[str, list[JsonObject]] = {}
        for kind, values in some:
            if kind == "lost":
                lost += values["lines"]
                continue
            if kind == "task":
                reply = values["reply"]  # as text, or in parts
                parts = isinstance(reply, dict)
                values["reply"] = Reply(**reply).text() if parts else reply or ""
            counts[kind] += 1
            found.setdefault(kind, []).append(values)
        yield found


def _compared(kind: str, rows: list[JsonObject]) -> str:
    """Return the first row that the database has differently, in words; empty if there is none."""
    key = MODELS[kind]._meta.pk.attname
    there = MODELS[kind]._default_manager.in_bulk([values[key] for values in rows])
    for values in rows:
        row = there.get(values[key])
        if row is None:
            return f"{kind} {values[key]} is not in the database"
        for name, value in values.items():
            kept = getattr(row, name)
            if kept == value or name in FREE.get(kind, ()):
                continue
            if kind in SETTINGS and agrees(kind, values, name, _public(row, name)):
                continue
            return (
                f"{kind} {values[key]}: {name} is {_short(value)} by the events,"
                f" {_short(kept)} in the database"
            )
    return ""


def _public(row: Model, name: str) -> JsonValue:
    """Return the field as events have it, with an address shortened."""
    if name == "target" and isinstance(row, Hook):
        return row.definition.public()[name]
    return getattr(row, name)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
