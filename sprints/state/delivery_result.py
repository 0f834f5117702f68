"""The result of one try of a hook delivery."""

from dataclasses import dataclass

OUTPUT_CHARACTERS = 8000


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What came of a try. ``output`` is the head of what was printed or answered. ``stopped``: we
    ended it ourselves, which says nothing of the hook. ``gone``: it asks never to be told again.
    """

    delivered: bool
    reason: str
    duration_s: float = 0.0
    exit_code: int | None = None
    http_status: int | None = None
    output: str = ""
    stopped: bool = False
    gone: bool = False
