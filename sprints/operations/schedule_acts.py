"""Schedules: kept as rows, and fired when they are due: a sprint each time, one after another."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from sprints.contract import ContractError
from sprints.cron import CannotFire, machine_zone, next_after
from sprints.ids import BadId, check_id
from sprints.models import Schedule
from sprints.models.event import stamp
from sprints.models.moves import note
from sprints.operations.sprint_acts import check_wish, create, start
from sprints.queries import Refused
from sprints.switches import switches

LATE = timedelta(minutes=2)  # from there on it is said how late a schedule fired


def get_schedule(schedule_id: str) -> Schedule:
    """The schedule of that id. Raises ``Refused``."""
    row = Schedule.objects.filter(pk=_checked(schedule_id)).first()
    if row is None:
        raise Refused(f"no schedule {schedule_id!r}; see: studio-gateway schedule list")
    return row


def add_schedule(schedule_id: str, by: str, **values: str) -> Schedule:
    """A new schedule, which is on. ``values`` are the texts of the row: cron, zone (empty: this
    machine's), title, brief, profile, deadline. Raises ``Refused``.
    """
    there = Schedule.objects.filter(pk__iexact=_checked(schedule_id)).first()
    if there:
        raise Refused(f"schedule {there.pk} already exists; change it: schedule set {there.pk}")
    values["zone"] = values.get("zone") or machine_zone()
    return _keep(Schedule(schedule_id=schedule_id, **values), "added", by)


def set_schedule(schedule_id: str, by: str, **values: str) -> Schedule:
    """Change what ``values`` names; a schedule that is off stays off. Raises ``Refused``."""
    row = get_schedule(schedule_id)
    is_on = row.enabled
    for name, value in values.items():
        setattr(row, name, value)
    return _keep(row, "changed", by, on=is_on)


def turn_schedule(schedule_id: str, by: str, *, on: bool) -> Schedule:
    """Let it fire from its next time on, or not any more. Raises ``Refused``."""
    return _keep(get_schedule(schedule_id), "turned on" if on else "turned off", by, on=on)


def remove_schedule(schedule_id: str, by: str) -> None:
    """Forget it; its sprints stay. Raises ``Refused``."""
    row = get_schedule(schedule_id)
    with transaction.atomic():
        row.delete()
        data = {"schedule_id": schedule_id, "by": by}
        note("schedule_changed", f"schedule removed: {schedule_id}", timezone.now(), data)


def fire_schedules() -> None:
    """Make and start a sprint for each schedule that is due, unless automation is paused. Times
    that were missed are made up for once.
    """
    now = timezone.now()
    due = Schedule.objects.filter(next_at__lte=now)
    if not due.exists() or switches().automation_paused:
        return
    for row in due:
        try:
            _fire(row, now)
        except CannotFire as exc:
            _stop(row, f"schedule {row.pk} is turned off: {exc}", now)
        except (Refused, ContractError) as exc:
            _skip(row, f"schedule {row.pk} could not start a sprint: {exc}", now)


def _fire(row: Schedule, now: datetime) -> None:
    """All of it or nothing. Raises ``CannotFire``, ``Refused``, ``ContractError``."""
    assert row.next_at is not None, "it is due"
    following = next_after(row.cron, row.zone, now)
    wall = row.next_at.astimezone(ZoneInfo(row.zone))
    sprint_id = f"{row.pk}-{wall:%Y%m%d-%H%M}"
    late = now - row.next_at
    with transaction.atomic():
        if not _claim(row, next_at=following, last_sprint_id=sprint_id):
            return  # another host has fired it
        data = {"schedule_id": row.pk, "sprint_id": sprint_id, "due_ts": stamp(row.next_at)}
        words = f", {late.total_seconds() / 60:.0f} minutes late" if late > LATE else ""
        note("schedule_fired", f"schedule {row.pk} is due: {sprint_id}{words}", now, data)
        create(
            sprint_id,
            title=row.title,
            by=f"schedule {row.pk}",
            brief=row.brief,
            profile=row.profile,
            deadline=row.deadline,
        )
        start(sprint_id)


def _claim(row: Schedule, **values: Any) -> bool:
    """Who moves ``next_at`` on has the firing."""
    return bool(Schedule.objects.filter(pk=row.pk, next_at=row.next_at).update(**values))


def _skip(row: Schedule, words: str, now: datetime) -> None:
    with transaction.atomic():
        if _claim(row, next_at=next_after(row.cron, row.zone, now)):
            note("error", words, now, {"schedule_id": row.pk})


def _stop(row: Schedule, words: str, now: datetime) -> None:
    with transaction.atomic():
        if _claim(row, next_at=None):
            note("error", words, now, {"schedule_id": row.pk})


def _keep(row: Schedule, how: str, by: str, *, on: bool = True) -> Schedule:
    """Check the row, keep it, tell it. Raises ``Refused``."""
    check_wish(row.title, row.brief, row.profile, row.deadline)
    now = timezone.now()
    try:
        following = next_after(row.cron, row.zone, now)
    except CannotFire as exc:
        raise Refused(str(exc)) from exc
    row.next_at = following if on else None
    texts = ("cron", "zone", "title", "profile", "deadline")
    data = {"schedule_id": row.pk, "by": by, **{name: getattr(row, name) for name in texts}}
    with transaction.atomic():
        row.save()
        data["next_ts"] = row.next_at and stamp(row.next_at)
        note("schedule_changed", f"schedule {how}: {row.pk}", now, data)
    return row


def _checked(schedule_id: str) -> str:
    try:
        check_id(schedule_id, "schedule id")
    except BadId as exc:
        raise Refused(str(exc)) from exc
    if len(schedule_id) > Schedule.ID_LENGTH:
        raise Refused(f"a schedule id has at most {Schedule.ID_LENGTH} characters")
    return schedule_id
