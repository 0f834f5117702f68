"""Test the positions of bars."""

import pytest

from sprints.views.charts import LEAST, Point, bars


def row(*values: float | None, kind: str = "passed") -> list[Point]:
    return [Point(value, kind, f"run {n}", f"/sprints/s{n}/") for n, value in enumerate(values)]


def test_nothing_is_an_empty_drawing():
    chart = bars([], width=100, height=50)

    assert (chart.bars, chart.top) == ([], 0.0)


def test_the_highest_fills_the_height_and_the_others_their_share():
    chart = bars(row(10, 20, 5), width=300, height=100)

    assert [bar.height for bar in chart.bars] == [50, 100, 25]
    assert [bar.y + bar.height for bar in chart.bars] == [100, 100, 100]
    assert chart.top == 20


def test_one_alone_takes_one_place_of_many():
    (alone,) = bars(row(7), width=240, height=100, places=24).bars

    assert (alone.height, alone.x + alone.width < 10) == (100, True)


@pytest.mark.parametrize("value", [0, 0.0, None, -3.0])
def test_what_took_no_time_is_seen_all_the_same(value):
    chart = bars(row(value, value), width=100, height=50)

    assert [bar.height for bar in chart.bars] == [LEAST, LEAST]
    assert chart.top == 0


def test_equal_values_are_equal_bars_side_by_side():
    first, second, third = bars(row(4, 4, 4), width=90, height=30).bars

    assert first.height == second.height == third.height == 30
    assert first.x + first.width < second.x < second.x + second.width < third.x
    assert third.x + third.width <= 90


def test_one_long_night_does_not_flatten_the_others():
    chart = bars(row(10, 10, 10, 10, 5000), width=100, height=100)

    assert chart.bars[0].height == 25
    assert (chart.bars[4].height, chart.bars[4].sign) == (100, "⇡")
    assert [bar.sign for bar in chart.bars[:4]] == [""] * 4


def test_most_took_no_time_and_one_did():
    chart = bars(row(0, 0, 0, 8), width=100, height=100)

    assert [bar.height for bar in chart.bars] == [LEAST, LEAST, LEAST, 100]


def test_what_became_of_it_is_told_without_colour():
    signs = {kind: bars(row(1, kind=kind), width=9, height=9).bars[0].sign for kind in KINDS}

    assert signs["passed"] == signs["succeeded"] == ""
    assert len({signs[kind] for kind in ("failed", "running", "blocked", "cancelled")}) == 4
    assert all(signs[kind] for kind in KINDS if kind not in ("passed", "succeeded"))


KINDS = "passed succeeded failed error timed_out running blocked cancelled interrupted".split()
