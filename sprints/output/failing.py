"""Guess which line of an output names the failure, from the surest sign to the least; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TRACEBACK = "Traceback (most recent call last):"
_SIGNS = (
    re.compile(r"^E {3,}\S"),  # pytest's own mark
    re.compile(r"\bFAILED\b"),
    re.compile(r"\berror\s*(?:\[\w+\])?:", re.IGNORECASE),
    re.compile(r"Error\b"),
)
SURE = len(_SIGNS) + 1  # lower ranks are signs; this one is only the last line


@dataclass(frozen=True, slots=True)
class Failing:
    """The line's index, and the rank of its sign: 0 is the surest."""

    index: int
    rank: int


def failing(lines: Sequence[str]) -> Failing | None:
    """Return the line that names the failure; None if all lines are empty.

    It is the end of the last traceback, else the first line with the surest sign, else the last
    line that is not empty.
    """
    if (index := _end_of_traceback(lines)) is not None:
        return Failing(index, 0)
    for rank, sign in enumerate(_SIGNS, 1):
        for index, line in enumerate(lines):
            if sign.search(line):
                return Failing(index, rank)
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].strip():
            return Failing(index, SURE)
    return None


def _end_of_traceback(lines: Sequence[str]) -> int | None:
    """Return the line of the last traceback that names the exception.

    It is the first one indented no more than the traceback's head.
    """
    for head in range(len(lines) - 1, -1, -1):
        if not lines[head].endswith(_TRACEBACK):
            continue
        indent = len(lines[head]) - len(_TRACEBACK)
        for index in range(head + 1, len(lines)):
            text = lines[index][indent:]
            if text.strip() and not text.startswith((" ", "\t")):
                return index
    return None
