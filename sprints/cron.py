"""When a cron is due: five fields, read on the wall clock of a named zone.

A wall time that the clocks leave out is due at the first instant after the gap; one that they show
twice is due at the first. croniter knows the calendar alone: what it does about a change of the
clocks is not asked for.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE = timedelta(minutes=1)
# What lies furthest apart is 29 February on both sides of 2100.
YEARS = 8
NAMES = "jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat".split()
FIELD = re.compile(rf"(?:[0-9*,/-]|{'|'.join(NAMES)})+", re.ASCII | re.IGNORECASE)
FROM_AND_TO_THE_SAME = re.compile(r"(?<!\w)(\w+)-\1(?!\w)", re.IGNORECASE)


class CannotFire(ValueError):
    """A cron or a zone from which no time follows; the message is one line that says why."""


def next_after(cron: str, zone: str, after: datetime) -> datetime:
    """The first instant later than ``after`` at which ``cron`` is due in ``zone``, in UTC. Raises
    ``CannotFire``.
    """
    where = zone_of(zone)
    wall = after.astimezone(where).replace(tzinfo=None)
    # A time that the clocks have shown before, or have left out, is not later than ``after``.
    instants = (_instant(time, where) for time in _wall_times(cron, wall))
    return next(instant for instant in instants if instant > after)


def _wall_times(cron: str, wall: datetime) -> Iterator[datetime]:
    """The times of ``cron`` on a calendar without zones, later than ``wall``, without end."""
    from croniter import croniter  # felt in the start of every command, needed by few

    _check(cron)
    try:
        times = croniter(cron, wall, datetime, max_years_between_matches=YEARS)
    except ValueError:
        raise CannotFire(f"the cron {cron!a} is out of range or cannot be read") from None
    while True:
        try:
            time: datetime = times.get_next()
        except ValueError:
            raise CannotFire(f"the cron {cron!a} never comes: there is no such day") from None
        yield time


def _check(cron: str) -> None:
    """Refuse what croniter takes and cron does not know: seconds, words, chance. Raises
    ``CannotFire``.
    """
    if len(cron) > 100:
        raise CannotFire("a cron has at most 100 characters")
    fields = cron.split()
    if len(fields) != 5:
        raise CannotFire(
            f"a cron has five fields: minute, hour, day, month, weekday; {cron!a} has {len(fields)}"
        )
    for wrong in (field for field in fields if not FIELD.fullmatch(field)):
        raise CannotFire(f"{wrong!a} in a cron: only numbers, *, ',', '-', '/', names as jan, mon")
    if found := FROM_AND_TO_THE_SAME.search(cron):
        raise CannotFire(f"{found[0]} in a cron is no range; write {found[1]}")


def _instant(wall: datetime, where: ZoneInfo) -> datetime:
    """The first instant at which the clocks show ``wall``, or what follows where they never do."""
    while True:
        instant = wall.replace(tzinfo=where).astimezone(UTC)
        if instant.astimezone(where).replace(tzinfo=None) == wall:
            return instant
        wall += MINUTE


def zone_of(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises ``CannotFire``."""
    try:
        if len(name) > 64:
            raise ValueError
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CannotFire(
            f"there is no time zone {name[:70]!a} on this machine; write it as Europe/Berlin"
        ) from None


def machine_zone(clock: Path = Path("/etc/localtime")) -> str:
    """The name of this machine's zone, as the link ``clock`` tells it; UTC where it does not."""
    try:
        name = str(clock.readlink()).rpartition("zoneinfo/")[2]
        return zone_of(name).key
    except (OSError, CannotFire):
        return "UTC"
