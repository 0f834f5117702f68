"""Test when a cron is due in its time zone: once, also when the clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sprints.cron import CannotFire, machine_zone, next_after

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


def at(zone: str, text: str, fold: int = 0) -> datetime:
    """That wall time of that zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def firings(cron: str, zone: str, after: datetime, until: datetime) -> list[datetime]:
    found = []
    while (after := next_after(cron, zone, after)) < until:
        found.append(after)
    return found


@pytest.mark.parametrize(
    ("zone", "day", "cron", "due"),
    [
        (BERLIN, "2026-03-29", "30 2 * * *", "2026-03-29T03:00"),
        (NEW_YORK, "2026-03-08", "30 2 * * *", "2026-03-08T03:00"),
        (LORD_HOWE, "2026-10-04", "15 2 * * *", "2026-10-04T02:30"),
    ],
)
def test_a_time_that_the_clocks_leave_out_is_due_once_right_after_the_gap(zone, day, cron, due):
    begin = at(zone, f"{day}T00:00")

    assert firings(cron, zone, begin, begin + timedelta(hours=20)) == [at(zone, due)]


@pytest.mark.parametrize(
    ("zone", "day", "cron", "due"),
    [
        (BERLIN, "2026-10-25", "30 2 * * *", "2026-10-25T02:30"),
        (NEW_YORK, "2026-11-01", "30 1 * * *", "2026-11-01T01:30"),
        (LORD_HOWE, "2026-04-05", "45 1 * * *", "2026-04-05T01:45"),
    ],
)
def test_a_time_that_the_clocks_show_twice_is_due_once_at_the_first(zone, day, cron, due):
    begin = at(zone, f"{day}T00:00")

    assert firings(cron, zone, begin, begin + timedelta(hours=20)) == [at(zone, due)]


@pytest.mark.parametrize(
    ("zone", "begin", "cron", "due"),
    [
        (BERLIN, "2026-10-25T01:40", "*/30 * * * *", "02:00 02:30 02:00 02:30 03:00"),
        (BERLIN, "2026-10-25T01:40", "30 * * * *", "02:30 02:30 03:30"),
        (BERLIN, "2026-10-25T01:40", "*/20 2 * * *", "02:00 02:20 02:40 02:00 02:20 02:40"),
        (BERLIN, "2026-10-25T01:40", "0,30 0-23 * * *", "02:00 02:30 03:00"),
        (NEW_YORK, "2026-11-01T00:40", "45 */1 * * *", "00:45 01:45 01:45 02:45"),
        (LORD_HOWE, "2026-04-05T01:20", "*/15 * * * *", "01:30 01:45 01:30 01:45 02:00"),
        (BERLIN, "2026-03-29T01:20", "*/30 * * * *", "01:30 03:00 03:30"),
        (BERLIN, "2026-03-29T01:20", "30 * * * *", "01:30 03:30"),
        (BERLIN, "2026-03-29T01:20", "30 0-23 * * *", "01:30 03:00 03:30"),
    ],
)
def test_a_wildcard_minute_or_hour_follows_the_clock(zone, begin, cron, due):
    after, found = at(zone, begin), []
    for _ in due.split():
        found.append(after := next_after(cron, zone, after))

    assert " ".join(f"{one.astimezone(ZoneInfo(zone)):%H:%M}" for one in found) == due
    assert found == sorted(set(found))


@pytest.mark.parametrize(
    ("days", "due"),
    [
        ("* * *", "01-01 01-02 01-03"),
        ("13 * *", "01-13 02-13 03-13"),
        ("* * mon", "01-05 01-12 01-19"),
        ("13 * fri", "01-02 01-09 01-13"),  # either
        ("1,*/10 * mon", "01-01 01-05 01-11"),  # the field begins with a number
        ("1-31/2 * mon", "01-01 01-03 01-05"),
        ("*/2 * mon", "01-05 01-19 02-09"),  # both
        ("*/100,1-7 * mon", "01-05 02-02 03-02"),
        ("1-7 * */7", "01-04 02-01 03-01"),
        ("13 * *,fri", "01-13 02-13 03-13"),
        ("*/2 * */2", "01-01 01-03 01-11"),
    ],
)
def test_a_day_field_that_begins_with_a_star_restricts_the_other(days, due):
    after, found = at("UTC", "2025-12-31T23:00"), []
    for _ in due.split():
        found.append(after := next_after(f"0 9 {days}", "UTC", after))

    assert " ".join(f"{one:%m-%d}" for one in found) == due


@given(
    minute=some.integers(0, 59),
    hour=some.integers(0, 23),
    days=some.floats(0, 2000),
    zone=some.sampled_from([BERLIN, NEW_YORK, LORD_HOWE, "UTC", "Asia/Kathmandu"]),
)
def test_a_daily_time_comes_every_day_and_always_later(minute, hour, days, zone):
    begin = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=days)

    found = firings(f"{minute} {hour} * * *", zone, begin, begin + timedelta(days=9))

    assert 8 <= len(found) <= 10
    assert all(begin < first < second for first, second in pairwise(found))


@pytest.mark.parametrize(
    "cron",
    [
        *("", "* * * *", "* * * * * *", "@reboot", "@daily", "61 * * * *", "* 24 * * *"),
        *(
            "0 0 31 2 *",
            "0 0 31 2 */2",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 9",
            "a * * * *",
            "R * * * *",
        ),
        *("H 2 * * *", "*/0 * * * *", "5-1-2 * * * *", "0 0 L * *", "0 0 * * 5#3"),
        *("0 2 * * * ; rm", "1" * 200),
    ],
)
def test_a_cron_that_is_none_is_refused_not_looped_for(cron):
    with pytest.raises(CannotFire):
        next_after(cron, "UTC", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("zone", ["", "Nowhere/City", "../etc/passwd", "/etc/passwd", "x" * 300])
def test_a_zone_that_is_none_is_refused(zone):
    with pytest.raises(CannotFire, match="there is no time zone"):
        next_after("0 2 * * *", zone, datetime(2026, 1, 1, tzinfo=UTC))


def test_the_machines_zone_is_the_one_that_its_clock_points_to(tmp_path):
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Berlin")

    assert machine_zone(tmp_path / "localtime") == BERLIN
    assert machine_zone(tmp_path / "none") == "UTC"
