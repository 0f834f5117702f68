"""Define a verdict, and a judgement that carries its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

RUNNING = "running"  # the status of a run that has no verdict yet


class Verdict(StrEnum):
    """The possible verdicts. Only ``passed`` is green.

    ``error``: the gate could not judge (missing, too loud, no disk). ``interrupted``: the gateway
    ended before the gate did; the gate is run again.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class Cause(StrEnum):
    """Why an execution ended, if not by its own exit: what a program reads instead of a reason.

    ``idle``: the agent had printed nothing and used no CPU. ``lost``: the gateway ended before the
    program did; ``lost_too_often``: so many times that the program may be what ends the gateway.
    ``budget_ended``: the sprint's agents had used all their minutes. ``no_workspace``: it was not
    started, because its clone could not be prepared. ``no_form``: an agent wrote an answer, and not
    in the form that it was asked for.
    """

    NONE = ""
    SIGNALLED = "signalled"
    MISSING = "missing"
    NOT_EXECUTABLE = "not_executable"
    TIMED_OUT = "timed_out"
    TOO_LOUD = "too_loud"
    STOPPED = "stopped"
    ERROR = "error"
    IDLE = "idle"
    LOST = "lost"
    LOST_TOO_OFTEN = "lost_too_often"
    BUDGET_ENDED = "budget_ended"
    NO_WORKSPACE = "no_workspace"
    NO_FORM = "no_form"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason and its evidence.

    ``exit_code`` is negative if a signal ended the program, None if its end was not observed.
    ``duration_s`` is measured on a monotonic clock. ``outputs`` is the hex SHA-256 of each output
    file, by name, and ``place`` names the store that holds them. ``tree`` is the git tree that was
    judged, empty for files outside a clone. ``put_back`` counts the files that the gate had changed
    and that were restored. ``excerpt`` is a short part of the output, for an agent that is to fix
    the fault. ``confined`` is the sandbox used (``gates.execution.Completed.sandbox``),
    ``network`` is what it reached (``Completed.network``).
    """

    verdict: Verdict
    exit_code: int | None
    reason: str
    duration_s: float
    strays_killed: int = 0
    dropped_bytes: int = 0
    outputs: tuple[tuple[str, str], ...] = ()
    place: str = ""
    tree: str = ""
    put_back: int = 0
    excerpt: str = ""
    confined: str = ""
    cause: Cause = Cause.NONE
    network: Mapping[str, Any] = field(default_factory=dict)
