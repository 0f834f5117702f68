"""Define the input and the output of a delivery attempt, and the interface of a hook kind."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gates.problem import Problem
from gates.process import Stop
from sprints.contract.hook_spec import HookDefinition
from sprints.contract.json_types import JsonObject
from sprints.models.redaction import clean
from sprints.state.delivery_result import OUTPUT_CHARACTERS, DeliveryResult

Tick = Callable[[], Stop | None]


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt of one delivery.

    ``payload`` is the parsed JSON of ``text``. ``folder`` belongs to this delivery. ``token``
    identifies this attempt; ``before`` is the token of an attempt that an earlier process left, or
    empty. After ``not_after`` (monotonic) a command is not started.
    """

    hook: HookDefinition
    secret: str
    delivery_id: str
    text: str
    payload: JsonObject
    repo: Path
    folder: Path
    token: str
    before: str
    not_after: float = math.inf


class Kind(Protocol):
    """The functions that a module of a hook kind provides."""

    def problems(self, hook: HookDefinition) -> Iterator[Problem]:
        """Yield why the target of the hook is refused."""

    def deliver(self, letter: DeliveryAttempt, tick: Tick) -> DeliveryResult:
        """Try once, within the hook's timeout. Never raises for anything that the hook does.

        ``tick`` is called several times a second during a command, and may stop it.
        """


def head(raw: bytes) -> str:
    """Return the beginning of the bytes as a text for the database, without secrets."""
    text: str = clean(raw.decode(errors="replace"))
    return text.replace("\0", "\ufffd")[:OUTPUT_CHARACTERS]
