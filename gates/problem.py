"""A refused setting as a value: the field, a code for programs, a text for people."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from gates import wording


class ProblemCode(StrEnum):
    """Why a setting is refused. The set is closed; texts may change, codes do not."""

    REQUIRED = "required"
    WRONG_TYPE = "wrong_type"
    WRONG_FORMAT = "wrong_format"
    OUT_OF_RANGE = "out_of_range"
    TOO_LONG = "too_long"
    UNKNOWN_CHOICE = "unknown_choice"
    UNKNOWN_KEY = "unknown_key"
    DUPLICATE = "duplicate"
    TAKEN = "taken"
    CONFLICT = "conflict"
    READ_ONLY = "read_only"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Problem:
    """One refused setting. ``field`` is its name, dotted where it is part of another; it is empty
    where no single setting is to blame. ``text`` is one line that says what to type instead.
    """

    field: str
    code: ProblemCode
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", wording.spoken(self.text))

    def within(self, name: str) -> Self:
        """Return the same problem of a setting that is part of ``name``."""
        return replace(self, field=f"{name}.{self.field}" if self.field else name)

    def to_json(self) -> dict[str, str]:
        """Return the three values by name, as the API sends them."""
        return {"field": self.field, "code": self.code.value, "text": self.text}


class BadSettings(ValueError):
    """Settings are refused: ``problems`` lists why, and the message joins their texts."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(joined(problems))
        self.problems = problems


def joined(problems: Iterable[Problem]) -> str:
    """Return the texts of all problems as one line."""
    return "; ".join(problem.text for problem in problems)
