"""Compute when a cron is due, as Vixie cron does: five fields, read on the clock of a named zone.

If the minute or the hour begins with ``*``, the cron follows the clock: a wall time that a clock
change skips never comes, and one that occurs twice is due twice. Any other cron is due once: at the
first instant after the gap, or at the first of the two. The library croniter is used for the
calendar only: its treatment of clock changes has no effect.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gates.problem import BadSettings, Problem, ProblemCode

MINUTE = timedelta(minutes=1)
REPEATED = timedelta(hours=3)  # clocks are put back by no more
# The longest gap is between 29 February before and after 2100.
YEARS = 8
NAMES = "jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat".split()
FIELD = re.compile(rf"(?:[0-9*,/-]|{'|'.join(NAMES)})+", re.ASCII | re.IGNORECASE)
FROM_AND_TO_THE_SAME = re.compile(r"(?<!\w)(\w+)-\1(?!\w)", re.IGNORECASE)


class CannotFire(BadSettings):
    """No time follows from a cron or a time zone; its one problem says why."""


def next_after(cron: str, zone: str, after: datetime) -> datetime:
    """Return the first instant after ``after`` at which ``cron`` is due in ``zone``, in UTC.

    Raises ``CannotFire``.
    """
    _check(cron)
    where = zone_of(zone)
    wall = after.astimezone(where).replace(tzinfo=None)
    minute, hour, *_ = cron.split()
    if minute.startswith("*") or hour.startswith("*"):
        return _next_shown(cron, where, wall, after)
    # Repeated and skipped wall times are not later than ``after``.
    instants = (_instant(time, where) for time in _wall_times(cron, wall))
    return next(instant for instant in instants if instant > after)


def _next_shown(cron: str, where: ZoneInfo, wall: datetime, after: datetime) -> datetime:
    """Return the first instant after ``after`` at which clocks show a time of ``cron``.

    ``wall`` is what they show at ``after``. Raises ``CannotFire``.
    """
    found = []
    for time in _wall_times(cron, wall - REPEATED):
        first, again = _shown(time, where, 0), _shown(time, where, 1)
        found += [instant for instant in (first, again) if instant and instant > after]
        if first and first > after:  # both instants of every later time come later
            break
    return min(found)


def days_of(cron: str) -> str:
    """Return how the two day fields restrict a day: ``both`` or ``either``; empty if at most one.

    The cron is a sound one.
    """
    _, _, day, _, weekday = cron.split()
    if "*" in (day, weekday):
        return ""
    return "both" if day.startswith("*") or weekday.startswith("*") else "either"


def _wall_times(cron: str, wall: datetime) -> Iterator[datetime]:
    """Yield the times of ``cron`` on a calendar without zones, later than ``wall``, without end.

    A day must match day and weekday if one of these fields begins with ``*``; else it must match
    one of them.
    """
    from croniter import croniter  # slow to import, and few commands need it

    try:
        times = croniter(
            cron, wall, datetime, days_of(cron) == "either", max_years_between_matches=YEARS
        )
    except ValueError:
        text = f"the cron {cron!a} is out of range or cannot be read"
        raise _bad_cron(text, ProblemCode.OUT_OF_RANGE) from None
    while True:
        try:
            time: datetime = times.get_next()
        except ValueError:
            text = f"the cron {cron!a} never comes: there is no such day"
            raise _bad_cron(text, ProblemCode.OUT_OF_RANGE) from None
        yield time


def _check(cron: str) -> None:
    """Refuse extensions of croniter that cron lacks: seconds, words, random values.

    Raises ``CannotFire``.
    """
    if len(cron) > 100:
        raise _bad_cron("a cron has at most 100 characters", ProblemCode.TOO_LONG)
    fields = cron.split()
    if len(fields) != 5:
        raise _bad_cron(
            f"a cron has five fields: minute, hour, day, month, weekday; {cron!a} has {len(fields)}"
        )
    for wrong in (field for field in fields if not FIELD.fullmatch(field)):
        raise _bad_cron(f"{wrong!a} in a cron: only numbers, *, ',', '-', '/', names as jan, mon")
    if found := FROM_AND_TO_THE_SAME.search(cron):
        raise _bad_cron(f"{found[0]} in a cron is no range; write {found[1]}")


def _bad_cron(text: str, code: ProblemCode = ProblemCode.WRONG_FORMAT) -> CannotFire:
    return CannotFire(Problem("cron", code, text))


def _instant(wall: datetime, where: ZoneInfo) -> datetime:
    """Return the first instant at which clocks show ``wall``, or the next time if they never do."""
    while (instant := _shown(wall, where, 0)) is None:
        wall += MINUTE
    return instant


def _shown(wall: datetime, where: ZoneInfo, fold: int) -> datetime | None:
    """Return when clocks show ``wall``: first (``fold`` 0) or last (1); None if never."""
    instant = wall.replace(tzinfo=where, fold=fold).astimezone(UTC)
    return instant if instant.astimezone(where).replace(tzinfo=None) == wall else None


def zone_of(name: str) -> ZoneInfo:
    """Return the zone of that IANA name. Raises ``CannotFire``."""
    try:
        if len(name) > 64:
            raise ValueError
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        text = f"there is no time zone {name[:70]!a} on this machine; write it as Europe/Berlin"
        raise CannotFire(Problem("zone", ProblemCode.UNKNOWN_CHOICE, text)) from None


def machine_zone(clock: Path = Path("/etc/localtime")) -> str:
    """Return the name of this machine's zone by the link ``clock``; UTC if unknown."""
    try:
        name = str(clock.readlink()).rpartition("zoneinfo/")[2]
        return zone_of(name).key
    except (OSError, CannotFire):
        return "UTC"
