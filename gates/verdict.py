"""What a gate said: a verdict, and a judgement that carries its evidence."""

from dataclasses import dataclass
from enum import StrEnum

RUNNING = "running"  # the status of a run that has no verdict yet


class Verdict(StrEnum):
    """Only ``passed`` is green. ``error``: it could not judge (missing, too loud, no disk).
    ``interrupted``: the gateway ended before the gate did; the gate is run again.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and why. ``exit_code`` is negative when a signal ended the program, None when it
    never ended under our eyes; ``duration_s`` is measured on a monotonic clock. ``outputs`` is the
    SHA-256 (hex) of what it printed, by the file's name, and ``place`` names the store in which
    that lies. ``tree`` is the git tree that was judged, empty where files were judged as they lay,
    and ``put_back`` how many of its files the gate had changed. ``excerpt`` is
    what it printed, in short, where somebody is to mend it. ``confined`` says what kept it to its
    folders (``gates.execution.Completed.fence``).
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
