"""Test that docs/states.md agrees with the code."""

from tools import state_charts


def test_the_page_is_up_to_date():
    assert state_charts.FILE.read_text() == state_charts.text(), (
        "write it: python tools/state_charts.py"
    )
