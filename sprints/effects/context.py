"""Where an action is performed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from gates.process import Stop


@dataclass(frozen=True, slots=True)
class EffectContext:
    """What an action is performed in. ``tick`` is called several times a second while a gate or an
    agent runs and may ask for its end; ``not_after`` says until when (monotonic) something may
    begin; ``clock`` gives the time of day, aware; ``chain`` the hash of the event by which
    the sprint is being published.
    """

    repo: Path
    tick: Callable[[], Stop | None]
    not_after: Callable[[], float] = lambda: math.inf
    clock: Callable[[], datetime] = timezone.now
    chain: Callable[[], str] = str
