"""Define the question to an agent and the result of asking."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gates.execution import Stop
from gates.sandbox import Sandbox
from gates.verdict import Cause
from sprints.contract.agent_spec import AgentDefinition
from sprints.contract.git_values import Seen
from sprints.contract.token_usage import Usage
from sprints.prompts.reply_format import Reply
from sprints.state.messages import message

Tick = Callable[[], Stop | None]


@dataclass(frozen=True, slots=True)
class Question:
    """One attempt of one task.

    ``folder`` is the task's folder, in which each attempt has its ``number``. ``token`` identifies
    this attempt. It does not begin after ``not_after`` (monotonic). ``apart``: ``cwd`` is a clone,
    and ``sandbox`` is the sandbox. ``tokens_left`` and ``usd_left`` are the rest of the sprint's
    budget. ``session`` is the id of the command's session, which is resumed if ``again``, else
    begun with this id; empty if the command chooses the id.
    """

    agent_id: str
    kind: str
    agent: AgentDefinition | None = None
    prompt: str = ""
    cwd: Path = Path()
    folder: Path = Path()
    number: int = 1
    token: str = ""
    timeout_s: float = 0.0
    not_after: float = math.inf
    apart: bool = False
    tokens_left: float = math.inf
    usd_left: float = math.inf
    session: str = ""
    again: bool = False
    sandbox: Sandbox | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """The result of one attempt. ``reply`` is None if there is none; ``reason`` says why.

    ``stopped``: the gateway stopped it, and it is asked again unless the sprint was cancelled.
    ``out_of_budget``: it used the rest of the sprint's budget. ``text`` is the reply as it came,
    ``tail`` the last output without a reply; both are bounded. ``outputs`` is the hex SHA-256 of
    each output file, by name, and ``place`` names the store that holds them. ``seen`` is its change
    of the clone; None without a clone. ``confined`` is the sandbox used
    (``gates.execution.Completed.sandbox``). ``usage`` is the reported usage, ``denied`` the refused
    tools, ``session`` the id by which its session can be resumed, empty if it cannot. ``network``
    is what it reached (``Completed.network``).
    """

    reply: Reply | None
    reason: str = ""
    stopped: bool = False
    text: str = ""
    tail: str = ""
    exit_code: int | None = None
    duration_s: float | None = None
    strays_killed: int = 0
    dropped_bytes: int = 0
    outputs: tuple[tuple[str, str], ...] = ()
    place: str = ""
    out_of_budget: bool = False
    seen: Seen | None = None
    usage: Usage | None = None
    denied: tuple[str, ...] = ()
    session: str = ""
    confined: str = ""
    network: Mapping[str, Any] = field(default_factory=dict)
    cause: Cause = Cause.NONE


BUDGET_ENDED = message("reason.budget_ended")
LOST = Exchange(None, message("reason.lost", what="agent"), stopped=True, cause=Cause.LOST)


def is_lost(exchange: Exchange) -> bool:
    """Return whether the attempt's end was not observed, whatever it has left behind."""
    return exchange.cause == Cause.LOST
