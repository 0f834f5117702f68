"""Find times that a clock which was ahead has left in the rows."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from sprints.cron import CannotFire, next_after
from sprints.models import Schedule, Sprint

AHEAD = timedelta(days=1)  # a firing further in the future was by a clock that was wrong


def schedules_too_late(now: datetime) -> Iterator[tuple[Schedule, datetime]]:
    """Yield each schedule whose next time its cron cannot have, and the right next time.

    The right one follows both ``now`` and the last firing.
    """
    for row in Schedule.objects.filter(next_at__gt=now):
        fired = Sprint.objects.filter(pk=row.last_sprint_id, created_at__lte=now + AHEAD)
        last = fired.values_list("created_at", flat=True).first()
        with suppress(CannotFire):  # reported when the schedule is due
            following = next_after(row.cron, row.zone, max(now, last or now))
            if row.next_at and following < row.next_at:
                yield row, following
