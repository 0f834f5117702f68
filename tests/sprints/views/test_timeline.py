"""Test the timeline: bars on one axis, without long idle times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprints.views.timeline import WIDE, Axis, Item, timeline

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_bars_lie_where_their_time_lies():
    items = [
        Item("R0", "round", "done", at(0), at(100)),
        Item("Agent 01", "task", "done", at(0), at(50)),
        Item("Gate g", "gate", "failed", at(50), at(100)),
        Item("R4", "round", "pending", None, None),
    ]

    shown = timeline(items, at(0), at(100))

    assert [bar.spans for bar in shown.bars] == [
        ((0, 1000),),
        ((0, 500),),
        ((500, 500),),
        (),
    ]
    assert [bar.seconds for bar in shown.bars] == [100, 50, 50, None]
    assert [round(seconds) for _, seconds in shown.marks] == [0, 25, 50, 75, 100]


def test_what_runs_still_ends_now():
    shown = timeline([Item("Gate g", "gate", "running", at(60), None)], at(0), at(120))

    assert shown.bars[0].spans == ((500, 500),)
    assert shown.bars[0].seconds == 60


def test_waiting_is_what_nobody_was_busy_in():
    items = [
        Item("R0", "round", "done", at(0), at(100)),
        Item("Agent 01", "task", "done", at(20), at(50)),
    ]

    shown = timeline(items, at(0), at(100))

    assert shown.bars[-1].label == "Waiting"
    assert shown.bars[-1].seconds == 70
    assert shown.bars[-1].spans == ((0, 200), (500, 500))


def test_a_week_between_two_attempts_is_cut_out():
    week = 7 * 24 * 3600
    items = [
        Item("Gate g", "gate", "failed", at(0), at(600)),
        Item("Gate g", "gate", "passed", at(week), at(week + 600)),
    ]

    shown = timeline(items, at(0), at(week + 600))

    (first,), (second,) = shown.bars[0].spans, shown.bars[1].spans
    assert first[1] == pytest.approx(second[1], abs=0.1)
    assert first[1] > 450
    assert len(shown.cuts) == 1
    assert first[1] < shown.cuts[0] < second[0]


def test_what_took_no_time_is_seen():
    shown = timeline([Item("Agent 01", "task", "done", at(100), at(100))], at(0), at(100))

    ((x, width),) = shown.bars[0].spans
    assert width > 0
    assert x + width <= WIDE


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), max_size=8), st.floats(0, 1e6))
def test_an_axis_never_runs_backwards(pairs, end):
    busy = [(at(min(pair)), at(max(pair))) for pair in pairs]

    axis = Axis(busy, at(0), at(end))

    places = [axis.at(at(end * part / 50)) for part in range(51)]
    assert places == sorted(places)
    assert 0 <= places[0] <= places[-1] <= WIDE
