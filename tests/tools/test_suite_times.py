"""Test that the page of times has every file, the slowest first."""

from tools.suite_times import page

REPORT = """\
<testsuites><testsuite>
<testcase classname="tests.gates.test_process" name="test_a" time="0.25"/>
<testcase classname="tests.e2e.test_ships" name="test_b[x]" time="2.0"/>
<testcase classname="tests.gates.test_process" name="test_c" time="0.5"><skipped/></testcase>
</testsuite></testsuites>
"""


def test_the_page_has_the_tests_and_the_seconds_of_each_file():
    text = page(REPORT)

    assert "3 tests in 2 files, 3 s in all." in text
    assert text.splitlines()[-2:] == [
        "| `tests/e2e/test_ships.py` | 1 | 2.0 |",
        "| `tests/gates/test_process.py` | 2 | 0.8 |",
    ]
