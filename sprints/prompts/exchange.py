"""What goes to an agent, and what comes back."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from gates.fence import Fence
from gates.process import Stop
from sprints.contract.agent_spec import AgentDefinition
from sprints.contract.git_values import Seen
from sprints.contract.token_usage import Usage
from sprints.prompts.reply_format import Reply

Tick = Callable[[], Stop | None]


@dataclass(frozen=True, slots=True)
class Question:
    """One try of one task. ``folder`` is that of the task: it keeps every try under its
    ``number``. ``token`` marks this one try and no other. It does not begin after
    ``not_after`` (monotonic). ``apart``: ``cwd`` is a clone of its own, and ``fence`` keeps it
    there. ``tokens_left`` and ``usd_left`` are what its sprint may still use. ``session`` is the id
    of the program's session, which is taken up ``again``, or begins by that id; empty where the
    program names it.
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
    fence: Fence | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """How it ended. ``reply`` is None where there is none, and ``reason`` says why in a line.

    ``stopped``: we wanted that, and it is to be asked again unless the sprint was cancelled;
    ``out_of_budget``: so did what its sprint may still use.
    ``text`` is the reply as it came, ``tail`` the last that was printed without one, both bounded.
    ``outputs`` is the SHA-256 (hex) of what it printed, by the file's name, and ``place`` names
    the store in which that lies.
    ``seen`` is what it has left in its clone; None where it had none. ``confined`` says what kept
    it to its folders (``gates.execution.Completed.fence``).
    ``usage`` is what it says that it used, ``denied`` the tools that it was not allowed to use,
    ``session`` the id by which its session can be taken up; empty where it cannot.
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


BUDGET_ENDED = "the sprint's minutes for agents ended"
LOST = Exchange(None, "the gateway ended before the agent did", stopped=True)


def is_lost(exchange: Exchange) -> bool:
    """Nobody saw its end, whatever it has left in its clone, or told before."""
    return replace(exchange, seen=None, usage=None, session="") == LOST
