"""Test which line of an output the banner quotes."""

import pytest

from sprints.output.failing import SURE, failing

TRACEBACK = """\
Traceback (most recent call last):
  File "a.py", line 1, in <module>
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 9, in f
    raise ValueError("no")
ValueError: no
done
"""
PYTEST = """\
collected 3 items
tests/test_x.py F..
______ test_wave ______
>       assert 4 >= 6
E       AssertionError: assert 4 >= 6
E        +  where 4 = f()
FAILED tests/test_x.py::test_wave
1 failed, 2 passed
"""
GCC = "main.c: In function 'main':\nmain.c:3:5: error: expected ';'\nmake: *** [main] Error 1\n"


@pytest.mark.parametrize(
    ("output", "line", "rank"),
    [
        (TRACEBACK, "ValueError: no", 0),
        (PYTEST, "E       AssertionError: assert 4 >= 6", 1),
        ("FAILED (errors=1)\nError: x\n", "FAILED (errors=1)", 2),
        (GCC, "main.c:3:5: error: expected ';'", 3),
        ("error[E0308]: mismatched types\n", "error[E0308]: mismatched types", 3),
        ("npm ERR! x\nTypeError\nlast\n", "TypeError", 4),
        ("ok\nnothing to see\n\n  \n", "nothing to see", SURE),
        ("[worker] Traceback (most recent call last):\n[worker]   File\n", "[worker]   File", SURE),
    ],
)
def test_the_surest_sign_wins(output, line, rank):
    lines = output.splitlines()

    found = failing(lines)

    assert found is not None
    assert (lines[found.index], found.rank) == (line, rank)


@pytest.mark.parametrize("output", ["", "\n\n", "  \n\t"])
def test_of_nothing_no_line_is_the_worst(output):
    assert failing(output.splitlines()) is None
