"""Define the result of one attempt of a hook delivery."""

from dataclasses import dataclass

from gates.verdict import Cause

OUTPUT_CHARACTERS = 8000


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The result of one attempt.

    ``output`` is the head of the printed output or of the response. ``stopped``: the gateway ended
    the attempt itself, so the hook is not at fault. ``gone``: the receiver asks for no more
    deliveries. ``outputs`` are name and digest of each file of the attempt, ``place`` is the store
    with the files; only of a blocking hook. ``retry_after_s``: the receiver asks for no attempt in
    these seconds.
    """

    delivered: bool
    reason: str
    duration_s: float = 0.0
    exit_code: int | None = None
    http_status: int | None = None
    output: str = ""
    stopped: bool = False
    gone: bool = False
    cause: Cause = Cause.NONE
    outputs: tuple[tuple[str, str], ...] = ()
    place: str = ""
    retry_after_s: float = 0.0
