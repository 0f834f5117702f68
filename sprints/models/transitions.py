"""Record transitions: the only way in which a row changes.

A transition is an event and the changes that it reports. ``record`` writes any number of
transitions of one sprint in one database transaction: guarded updates, then their events under the
head's lock.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Field
from django.dispatch import Signal

from gates import fault_points
from sprints.contract.json_types import JsonObject
from sprints.models import redaction
from sprints.models.event import Event, append
from sprints.models.row_types import MODELS, field_of
from sprints.models.sprint import Sprint
from sprints.state.event_codes import EventKind
from sprints.state.event_format import Draft
from sprints.state.messages import Message, message
from sprints.state.refusals import RefusalCode
from sprints.state.transitions import (
    Change,
    Create,
    ExpectedVersion,
    MoveRefused,
    Transition,
    Update,
    draft_of,
    net,
)

Stored = bool | int | float | str | bytes | datetime | None  # in a column of our rows

# Sent after commit with ``events``: a list of Event, in order. Errors of receivers have no effect.
event_committed = Signal()

# Sent several times a second while the runner waits for an outside effect, for postponed work;
# with ``resting=True`` after a worker has finished a sprint.
runner_idle = Signal()


def record(
    sprint_id: str, moves: Sequence[Transition], hold: ExpectedVersion | None, at: datetime
) -> list[Event]:
    """Write ``moves`` of one sprint, all or nothing, and return their events.

    The sprint's own row comes first: a writer without the right to it is refused before anything
    else, and waits there for other writers.

    ``hold`` is None only for the transition that creates the sprint. Raises ``MoveRefused`` if the
    sprint has changed since, if another process holds the lease, or if a row has another status
    than required.
    """
    moves = _without_secrets(moves)
    with transaction.atomic():
        changes = net(change for move in moves for change in move.changes)
        if not any(change.row == "sprint" for change in changes):
            changes.append(Update("sprint", sprint_id, (), {}))
        for change in sorted(changes, key=lambda one: one.row != "sprint"):
            _write(change, hold if change.row == "sprint" else None)
        events = append([draft_of(sprint_id, move) for move in moves], at)
        transaction.on_commit(lambda: _committed(events))
        fault_points.point("before_db_commit")
    return events


def note(
    kind: EventKind,
    message: Message,
    at: datetime,
    data: JsonObject | None = None,
    change: list[JsonObject] | None = None,
) -> list[Event]:
    """Record an event without a sprint; ``change`` is its patch against state.json."""
    data = data or {}
    if ours := redaction.needed([message, data]):
        message, data = Message(ours.clean(message)), redaction.clean_data(ours, data)
    with transaction.atomic():
        events = append([Draft(kind, message, data=data, change=change or [])], at)
        transaction.on_commit(lambda: _committed(events))
        fault_points.point("before_db_commit")
    return events


def _without_secrets(moves: Sequence[Transition]) -> Sequence[Transition]:
    recorded = [[move.message, move.data, [c.values for c in move.changes]] for move in moves]
    ours = redaction.needed(recorded)
    if ours is None:
        return moves
    return [
        replace(
            move,
            message=Message(ours.clean(move.message)),
            data=redaction.clean_data(ours, move.data),
            changes=tuple(
                replace(one, values=redaction.clean_values(ours, one.row, one.values))
                for one in move.changes
            ),
        )
        for move in moves
    ]


def _committed(events: list[Event]) -> None:
    fault_points.point("after_db_commit")
    event_committed.send_robust(sender=Event, events=events)


def _write(change: Change, hold: ExpectedVersion | None) -> None:
    """Write one row by one statement of plain SQL, for the same reason as in ``event.append``."""
    model = MODELS[change.row]
    meta = model._meta
    if isinstance(change, Create):
        row = model(pk=change.id, **change.values)
        names = ", ".join(f'"{field.column}"' for field in meta.concrete_fields)
        marks = ", ".join("%s" for _ in meta.concrete_fields)
        values = [_stored(field, getattr(row, field.attname)) for field in meta.concrete_fields]
        _execute(f"INSERT INTO {meta.db_table} ({names}) VALUES ({marks})", values)
        return
    fields = [(field_of(change.row, name), value) for name, value in change.values.items()]
    sets = [f'"{field.column}" = %s' for field, _ in fields]
    values = [_stored(field, value) for field, value in fields]
    where = [f'"{meta.pk.column}" = %s']
    values.append(change.id)
    if change.only_from:
        where.append(f"status IN ({', '.join('%s' for _ in change.only_from)})")
        values += change.only_from
    if hold:
        sets.append("version = version + 1")
        where.append("version = %s")
        values.append(hold.version)
        if hold.token is not None:
            where.append("lease_token = %s")
            values.append(hold.token)
    if not _execute(
        f"UPDATE {meta.db_table} SET {', '.join(sets)} WHERE {' AND '.join(where)}", values
    ):
        raise _refusal(change, hold)


def _stored(field: "Field[object, object]", value: object) -> Stored:
    stored: Stored = field.get_db_prep_save(value, connection)
    return stored


def _execute(sql: str, values: Sequence[Stored]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        count: int = cursor.rowcount
        return count


def _refusal(change: Update, hold: ExpectedVersion | None) -> MoveRefused:
    """Return the refusal; the row is read afterwards, so it may have changed again."""
    row = MODELS[change.row].objects.filter(pk=change.id).first()
    if row is None:
        return MoveRefused(message("refused.no_row", row=change.row, id=change.id))
    if change.only_from and row.status not in change.only_from:
        wanted = change.values.get("status", "changed")
        about = {"row": change.row, "id": change.id, "wanted": wanted, "status": row.status}
        return MoveRefused(message("refused.row_status", **about))
    if isinstance(row, Sprint) and hold and hold.token not in (None, row.lease_token):
        return MoveRefused(message("refused.row_held", id=change.id), RefusalCode.HELD)
    text = message("refused.row_changed", row=change.row, id=change.id)
    return MoveRefused(text, RefusalCode.CHANGING)
