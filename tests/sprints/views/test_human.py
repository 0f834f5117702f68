"""Test times and durations in words."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils import timezone as clock

from sprints.templatetags import human


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "\N{EN DASH}"),
        (-1, "0.0s"),
        (0.04, "0.0s"),
        (9.94, "9.9s"),
        (10, "10s"),
        (59.6, "1m 00s"),
        (1485, "24m 45s"),
        (3600, "1h 00m"),
        (86399, "23h 59m"),
        (200_000, "2d 7h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds, words):
    assert human.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (-3, "just now"),
        (42, "42 s ago"),
        (200, "3 min ago"),
        (-200, "in 3 min"),
        (-(72 * 3600 - 5), "in 3 d"),
        (-(48 * 3600 - 5), "in 48 h"),
        (7300, "2 h ago"),
        (6 * 86400 + 5, "6 d ago"),
    ],
)
def test_how_long_ago_it_was(seconds, words):
    assert human.ago(seconds) == words


@pytest.mark.parametrize("as_text", [True, False])
def test_a_time_says_both_how_long_ago_and_when_exactly(as_text):
    at = clock.now().astimezone(timezone(timedelta(hours=5))) - timedelta(minutes=3, seconds=1)

    told = human.when(at.isoformat() if as_text else at)

    assert told.endswith(">3 min ago</time>")
    assert f'datetime="{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"' in told
    assert datetime.fromisoformat(json.loads(told.split("=")[1].split(" ")[0])).tzinfo


def test_no_time_is_nothing():
    assert human.when(None) == ""


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, "\N{EN DASH}"),
        (0, "0 %"),
        (0.0001, "1 %"),
        (0.857, "86 %"),
        (0.9999, "99 %"),
        (1, "100 %"),
    ],
)
def test_only_all_is_a_hundred_percent(share, words):
    assert human.percent(share) == words


def test_control_characters_are_seen_and_play_no_tricks():
    assert human.plain("a\x1b[31m\x00\u202eb ü ☃") == "a\\x1b[31m\\x00\\x202eb ü ☃"


def test_rounds_are_read_out():
    cells = human.round_cells(
        [("R0_SETUP", "done"), ("R1_CONTRACTS", "blocked"), ("R2_PLAN_CONFIRM", "pending")],
        "failed",
    )

    assert cells["label"] == "R0 done, R1 failed, R2 pending"
    assert [sign for _, _, sign in cells["cells"]] == ["✓", "✕", ""]
