"""Define the context in which an action is performed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from gates.process import Stop
from sprints.contract.json_types import JsonObject


@dataclass(frozen=True, slots=True)
class EffectContext:
    """The context of an action.

    ``tick`` is called several times a second while a gate, an agent or git runs, and may stop it.
    ``leaves`` is called instead while work is published. A cancel stops the publication once; what
    it has published is then found out, and a further cancel changes nothing.
    ``not_after`` gives the time (monotonic) until which something may begin. ``clock`` gives the
    aware time of day. ``chain`` gives the facts of a certificate that name the event which
    announces the publication: its hash, the record's first hash, and the incarnation, if any.
    """

    repo: Path
    tick: Callable[[], Stop | None]
    not_after: Callable[[], float] = lambda: math.inf
    clock: Callable[[], datetime] = timezone.now
    leaves: Callable[[], Stop | None] = lambda: None
    chain: Callable[[], JsonObject] = dict
