"""Define the context in which an action is performed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from gates.process import Stop


@dataclass(frozen=True, slots=True)
class EffectContext:
    """The context of an action.

    ``tick`` is called several times a second while a gate, an agent or git runs, and may stop it.
    ``leaves`` is called instead while work is published: a cancel waits for the end of that.
    ``not_after`` gives the time (monotonic) until which something may begin. ``clock`` gives the
    aware time of day. ``chain`` gives the hash of the event that announces the publication.
    """

    repo: Path
    tick: Callable[[], Stop | None]
    not_after: Callable[[], float] = lambda: math.inf
    clock: Callable[[], datetime] = timezone.now
    leaves: Callable[[], Stop | None] = lambda: None
    chain: Callable[[], str] = str
