"""What is brought to a hook, and what comes back."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gates.process import Stop
from sprints.contract.hook_spec import HookDefinition
from sprints.state.delivery_result import DeliveryResult

Tick = Callable[[], Stop | None]


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One try of one delivery. ``payload`` is what the JSON of ``text`` says; ``folder`` is this
    delivery's own. ``token`` marks this try and no other; ``before`` is that of a try which an
    earlier life left behind, empty if there is none. After ``not_after`` (monotonic) a command is
    not begun any more.
    """

    hook: HookDefinition
    secret: str
    delivery_id: str
    text: str
    payload: dict[str, Any]
    repo: Path
    folder: Path
    token: str
    before: str
    not_after: float = math.inf


class Kind(Protocol):
    """What a module of this package has to offer."""

    def problems(self, hook: HookDefinition) -> Iterator[str]:
        """What is wrong with the hook's target, a line each."""

    def deliver(self, letter: DeliveryAttempt, tick: Tick) -> DeliveryResult:
        """Try once, within the hook's timeout. Never raises for anything that the hook does;
        ``tick`` is called several times a second, where there is somebody who can be stopped.
        """
