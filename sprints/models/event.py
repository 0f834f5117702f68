"""Store the event stream: numbered in commit order, chained by hash, written once."""

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import ClassVar

from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from sprints.contract.json_types import JsonObject
from sprints.state.event_format import FIRST_PREV, Draft, canonical, chain, moment, stamp

Columns = tuple[int, datetime, str, str | None, str, str]  # the columns of an event, in order

# Set for every command that is a hook, and inherited by its children. Events of such a process
# are marked (``data.hook_depth``), so that a hook does not react to itself without end.
HOOK_DEPTH = "STUDIO_HOOK_DEPTH"


class Head(models.Model):
    """The one row that every recording transaction locks: the last seq and hash.

    Numbers are gap-free and in commit order, because they are assigned under this lock.
    ``mirror_fault`` is why the files are behind; empty while they are not. ``extra`` is in
    state.json next to the sprints. ``incarnation`` is the id that new events carry; empty until a
    restored store is adopted, which may give the same ``seq`` once more.
    """

    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=FIRST_PREV)
    mirror_fault = models.CharField(max_length=300, default="", blank=True)
    extra = models.JSONField(default=dict, blank=True, help_text="unknown keys of state.json")
    incarnation = models.CharField(max_length=32, default="", blank=True)

    def __str__(self) -> str:
        return f"head {self.seq}"


class Event(models.Model):
    """One line of events.jsonl. ``line`` is the truth, byte for byte; the columns find it."""

    seq = models.BigIntegerField(primary_key=True)
    ts = models.DateTimeField()
    kind = models.CharField(max_length=40)
    sprint_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 (null in the file)
    hash = models.CharField(max_length=64)
    line = models.TextField()

    class Meta:
        ordering: ClassVar = ["seq"]
        indexes: ClassVar = [
            models.Index(fields=["sprint_id", "seq"], name="event_by_sprint"),
            models.Index(fields=["kind", "seq"], name="event_by_kind"),
            models.Index(fields=["ts"], name="event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"

    @property
    def body(self) -> JsonObject:
        """Return the event as JSON data (FORMATS: events.jsonl)."""
        body: JsonObject = json.loads(self.line)
        return body


def named_in_record(event: Event) -> JsonObject:
    """Return what names an event in a certificate.

    ``chain`` is its hash, ``record`` that of the first event. The incarnation is there if the event
    has one: a ``seq`` alone may have been given before the record was restored from a backup.
    """
    first = Event.objects.values_list("hash", flat=True).get(seq=1)
    incarnation = event.body.get("incarnation", "")
    return {"chain": event.hash, "record": first, **_incarnated(incarnation)}


def append(drafts: Sequence[Draft], at: datetime) -> list[Event]:
    """Write ``drafts`` after the last event; return them numbered. Needs a transaction.

    Raises ``Head.DoesNotExist`` before ``init``. Plain SQL, because these three statements are part
    of every step. The ORM takes longer to build them than the database to run them.
    """
    with connection.cursor() as cursor:
        lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
        cursor.execute(f"SELECT seq, hash, incarnation FROM {_HEAD} WHERE id = 1{lock}")
        head = cursor.fetchone()
        if head is None:
            raise Head.DoesNotExist
        events = _numbered(drafts, at, *head)
        _insert(cursor, [(e.seq, e.ts, e.kind, e.sprint_id, e.hash, e.line) for e in events])
        cursor.execute(
            f"UPDATE {_HEAD} SET seq = %s, hash = %s WHERE id = 1",
            (events[-1].seq, events[-1].hash),
        )
    return events


def insert(rows: Iterable[Columns]) -> None:
    """Write events as they are, without changing the head. Needs a transaction."""
    with connection.cursor() as cursor:
        _insert(cursor, rows)


def _insert(cursor: CursorWrapper, rows: Iterable[Columns]) -> None:
    cursor.executemany(
        f"INSERT INTO {_EVENT} (seq, ts, kind, sprint_id, hash, line)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [(seq, _ts(at), *rest) for seq, at, *rest in rows],
    )


def adopt(bodies: Iterable[JsonObject], *, chunk: int = 1000) -> int:
    """Write imported events with their own times, numbered after the last one; return their number.

    Needs a transaction. ``bodies`` lack ``seq``, ``prev`` and ``hash``.
    """
    head = Head.objects.select_for_update().get(pk=1)
    first, rows = head.seq, iter(bodies)
    while some := list(islice(rows, chunk)):
        events = []
        for body in some:
            head.seq += 1
            whole = body | _incarnated(head.incarnation) | {"seq": head.seq, "prev": head.hash}
            head.hash = whole["hash"] = chain(head.hash, whole)
            at = moment(body["ts"])
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            kind, sprint_id = body["kind"], body["sprint_id"]
            events.append(Event(head.seq, at, kind, sprint_id, head.hash, canonical(whole)))
        Event.objects.bulk_create(events)
    head.save(update_fields=["seq", "hash"])
    return head.seq - first


_HEAD = Head._meta.db_table
_EVENT = Event._meta.db_table


def _ts(at: datetime) -> datetime | str:
    stored: datetime | str = Event._meta.get_field("ts").get_db_prep_save(at, connection)
    return stored


def _incarnated(incarnation: str) -> JsonObject:
    """Return the key of the incarnation, which the first one does not have."""
    return {"incarnation": incarnation} if incarnation else {}


def _numbered(
    drafts: Sequence[Draft], at: datetime, seq: int, prev: str, incarnation: str
) -> list[Event]:
    events = []
    by_hook = {"hook_depth": 1} if os.environ.get(HOOK_DEPTH) else {}
    for draft in drafts:
        seq += 1
        body = {
            "ts": stamp(at),
            "kind": str(draft.kind),
            "message": draft.message,
            "sprint_id": draft.sprint_id,
            "round_id": draft.round_id,
            "data": draft.data | by_hook,
            "seq": seq,
            "change": draft.change,
            "prev": prev,
            **_incarnated(incarnation),
        }
        prev = body["hash"] = chain(prev, body)
        line = canonical(body)
        events.append(Event(seq, at, str(draft.kind), draft.sprint_id, prev, line))
    return events
