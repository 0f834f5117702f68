"""Keep schedules as rows, and fire them when they are due: one sprint each, one after another."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from gates.problem import Problem, ProblemCode
from sprints.contract.contract import ContractError
from sprints.contract.json_types import JsonObject
from sprints.cron import CannotFire, machine_zone, next_after, zone_of
from sprints.ids import BadId, check_id
from sprints.models import Schedule, Sprint
from sprints.models.transitions import note
from sprints.operations.base_commit import Ground, ground
from sprints.operations.lifecycle import check_wish, create, start
from sprints.queries.impossible_times import schedules_too_late
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.event_format import stamp
from sprints.state.messages import Message, message
from sprints.state.refusals import RefusalCode, Refused, Unknown
from sprints.store.config_values import current_config

BY_GATEWAY = "gateway"
TOLD = ("cron", "zone", "title", "brief", "profile", "deadline", "last_sprint_id")
LATE = timedelta(minutes=2)  # a later start is reported as late


def add_schedule(schedule_id: str, by: str, **values: str) -> Schedule:
    """Add a schedule that is on.

    ``values`` are the texts of the row: cron, zone (empty: this machine's), title, brief, profile,
    deadline. Raises ``Refused``.
    """
    values["zone"] = values.get("zone") or machine_zone()
    row = Schedule(schedule_id=_checked(schedule_id), **values)
    try:
        with transaction.atomic():
            _keep(row, "added", by, on=True)
    except IntegrityError:
        there = Schedule.objects.filter(pk__iexact=schedule_id).first()
        if there is None:
            raise
        text = message("refused.schedule_taken", schedule_id=there.pk)
        taken = Problem("schedule_id", ProblemCode.TAKEN, text)
        raise Refused(code=RefusalCode.ALREADY_EXISTS, problems=[taken]) from None
    return row


def set_schedule(schedule_id: str, by: str, **values: str) -> Schedule:
    """Change the fields in ``values``; a schedule that is off stays off. Raises ``Refused``."""
    with transaction.atomic():
        row = _locked(schedule_id)
        for name, value in values.items():
            setattr(row, name, value)
        _keep(row, "changed", by, on=row.enabled)
    return row


def turn_schedule(schedule_id: str, by: str, *, on: bool) -> Schedule:
    """Turn the schedule on, from its next time, or off. Raises ``Refused``."""
    with transaction.atomic():
        row = _locked(schedule_id)
        _keep(row, "enabled" if on else "disabled", by, on=on)
    return row


def remove_schedule(schedule_id: str, by: str) -> None:
    """Delete the schedule; its sprints stay. Raises ``Refused``."""
    with transaction.atomic():
        _locked(schedule_id).delete()
        data = {"code": EventCode.REMOVED.value, "schedule_id": schedule_id, "by": by}
        words = message("event.schedule_removed", schedule_id=schedule_id)
        note(EventKind.SCHEDULE_CHANGED, words, timezone.now(), data)


def fire_schedules() -> None:
    """Create and start a sprint for each schedule that is due, unless automation is paused.

    Several missed times give one sprint. A next time that a clock ahead has left is corrected.
    """
    now = timezone.now()
    for row, following in schedules_too_late(now):
        _correct(row.pk, following, now)
    due = list(Schedule.objects.filter(next_at__lte=now).values_list("pk", flat=True))
    if not due or current_config().automation_paused:
        return
    found = ground()
    for schedule_id in due:
        try:
            _fire(schedule_id, now, found)
        except CannotFire as exc:
            about = {"schedule_id": schedule_id, "reason": exc}
            _give_up(schedule_id, message("event.schedule_given_up", **about), now)
        except (Refused, ContractError) as exc:
            about = {"schedule_id": schedule_id, "reason": exc}
            _skip(schedule_id, message("event.schedule_failed", **about), now)


def _correct(schedule_id: str, following: datetime, now: datetime) -> None:
    """Set and record the next time of the schedule, unless it has changed meanwhile."""
    with transaction.atomic():
        row = Schedule.objects.select_for_update().filter(pk=schedule_id).first()
        if row is None or row.next_at is None or row.next_at <= following:
            return
        before, row.next_at = row.next_at, following
        row.save(update_fields=["next_at"])
        about = {"schedule_id": row.pk, "before": stamp(before), "after": stamp(following)}
        words = message("event.schedule_corrected", **about)
        note(EventKind.SCHEDULE_CHANGED, words, now, _as_told(row, BY_GATEWAY))


def _fire(schedule_id: str, now: datetime, found: Ground) -> None:
    """Fire the schedule, all or nothing; do nothing if another worker has fired it.

    No sprint is made while the last one runs, because sprints would pile up. Raises ``CannotFire``,
    ``Refused`` and ``ContractError``.
    """
    with transaction.atomic():
        row = _due(schedule_id, now)
        if row is None or row.next_at is None:
            return
        if _is_at_work(row.last_sprint_id):
            about = {"schedule_id": row.pk, "running": row.last_sprint_id}
            words = message("event.schedule_skipped", **about)
            _skip(row.pk, words, now, EventKind.SCHEDULE_SKIPPED)
            return
        was_due = row.next_at
        wall = was_due.astimezone(zone_of(row.zone))
        # Clocks that are put back show this time again.
        sprint_id = f"{row.pk}-{wall:%Y%m%d-%H%M}{'-2' if wall.fold else ''}"
        row.next_at = next_after(row.cron, row.zone, now)
        row.last_sprint_id = sprint_id
        row.save(update_fields=["next_at", "last_sprint_id"])
        data = {"schedule_id": row.pk, "sprint_id": sprint_id, "due_ts": stamp(was_due)}
        data["next_ts"] = stamp(row.next_at)
        late = now - was_due
        words = message(
            "event.schedule_fired.late" if late > LATE else "event.schedule_fired",
            schedule_id=row.pk,
            sprint_id=sprint_id,
            minutes=f"{late.total_seconds() / 60:.0f}",
        )
        note(EventKind.SCHEDULE_FIRED, words, now, data)
        create(
            sprint_id,
            title=row.title,
            by=f"schedule {row.pk}",
            brief=row.brief,
            profile=row.profile,
            deadline=row.deadline,
        )
        start(sprint_id, found=found)


def _is_at_work(sprint_id: str) -> bool:
    """Return whether the sprint runs; one that is blocked does not count."""
    return Sprint.objects.filter(pk=sprint_id, status=Sprint.Status.RUNNING).exists()


def _skip(
    schedule_id: str, words: Message, now: datetime, kind: EventKind = EventKind.ERROR
) -> None:
    with transaction.atomic():
        if row := _due(schedule_id, now):
            row.next_at = next_after(row.cron, row.zone, now)
            row.save(update_fields=["next_at"])
            data = {"schedule_id": schedule_id, "next_ts": stamp(row.next_at)}
            if kind == EventKind.ERROR:
                data["code"] = EventCode.SCHEDULE_FAILED.value
            note(kind, words, now, data)


def _give_up(schedule_id: str, words: Message, now: datetime) -> None:
    with transaction.atomic():
        if row := _due(schedule_id, now):
            row.next_at = None
            row.save(update_fields=["next_at"])
            data = {"code": EventCode.SCHEDULE_FAILED.value, "schedule_id": schedule_id}
            note(EventKind.ERROR, words, now, data | {"next_ts": None})


def _due(schedule_id: str, now: datetime) -> Schedule | None:
    """Return the row, locked, if it is still due; None if not."""
    rows = Schedule.objects.select_for_update()
    return rows.filter(pk=schedule_id, next_at__lte=now).first()


def _locked(schedule_id: str) -> Schedule:
    """Return the row, locked until the transaction ends. Raises ``Refused``."""
    rows = Schedule.objects.select_for_update()
    row = rows.filter(pk=_checked(schedule_id)).first()
    if row is None:
        raise Unknown(message("refused.no_schedule", name=repr(schedule_id)))
    return row


def _keep(row: Schedule, how: str, by: str, *, on: bool) -> None:
    """Check, save and record the row. A due schedule stays due. Raises ``Refused``."""
    check_wish(row.title, row.brief, row.profile, row.deadline)
    now = timezone.now()
    try:
        following = next_after(row.cron, row.zone, now)
    except CannotFire as exc:
        raise Refused(problems=exc.problems) from exc
    is_due = row.next_at is not None and row.next_at <= now
    row.next_at = (row.next_at if is_due else following) if on else None
    row.save(force_insert=row._state.adding)
    words = message(f"event.schedule_{how}", schedule_id=row.pk)
    note(EventKind.SCHEDULE_CHANGED, words, now, _as_told(row, by))


def _as_told(row: Schedule, by: str) -> JsonObject:
    """Return the data of an event that changes the schedule."""
    told: JsonObject = {name: getattr(row, name) for name in TOLD}
    next_ts = row.next_at and stamp(row.next_at)
    return {"schedule_id": row.pk, "by": by, **told, "next_ts": next_ts}


def _checked(schedule_id: str) -> str:
    try:
        check_id(schedule_id, "schedule id")
    except BadId as exc:
        raise Refused(problems=exc.problems) from exc
    if len(schedule_id) > Schedule.ID_LENGTH:
        text = message("refused.schedule_id", longest=Schedule.ID_LENGTH)
        raise Refused(problems=[Problem("schedule_id", ProblemCode.TOO_LONG, text)])
    return schedule_id
