"""Refusals that every face translates: a code for programs, one line for people."""

from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar

from gates import wording
from gates.problem import Problem, joined


class RefusalCode(StrEnum):
    """Why an operation is refused. The set is closed; texts may change, codes do not."""

    INVALID = "invalid"  # a setting; ``problems`` says which, where one setting is to blame
    MISSING = "missing"  # a value that must be given
    BREAKS_INVARIANT = "breaks_invariant"  # sprints could go wrong after the edit
    UNKNOWN = "unknown"  # gate, hook, agent, schedule, user, token, delivery or file
    UNKNOWN_SPRINT = "unknown_sprint"
    ALREADY_EXISTS = "already_exists"
    WRONG_STATUS = "wrong_status"
    PAUSED = "paused"
    FROZEN = "frozen"  # a key of meta, while the sprint runs
    EXPIRED = "expired"
    ALREADY_DECIDED = "already_decided"  # an approval, or an answer
    ARCHIVED = "archived"
    HELD = "held"  # another process runs the sprint
    STILL_STOPPING = "still_stopping"
    CHANGING = "changing"  # the sprint changed at every attempt to change it


class Refused(Exception):
    """The operation is impossible as things are. The message is one line that says what to type:
    ``text``, or the texts of ``problems``.
    """

    usual: ClassVar[RefusalCode] = RefusalCode.INVALID

    def __init__(
        self,
        text: str = "",
        code: RefusalCode | None = None,
        problems: Iterable[Problem] = (),
    ) -> None:
        self.problems = tuple(problems)
        self.code = code or self.usual
        super().__init__(wording.spoken(text) if text else joined(self.problems))


class Unknown(Refused):
    """The named object does not exist."""

    usual = RefusalCode.UNKNOWN


class NotNow(Refused):
    """The state of the thing refuses the operation, not a value that was given."""

    usual = RefusalCode.WRONG_STATUS
