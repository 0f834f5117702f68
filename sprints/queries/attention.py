"""List the sprints that need a person, the most urgent first, with the next act."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sprints.contract.approval_policy import NEEDED, WORDS
from sprints.contract.budget import USED_UP
from sprints.models import Sprint
from sprints.queries.board import Line

QUESTION, APPROVAL = "question", "approval"
FIRST = (QUESTION, APPROVAL)
AGENT_ASKS = re.compile(r"agent_asks:(\S+) (.*)", re.DOTALL)
GATE_FAILED = re.compile(r"gate_failed:(\S+) exit_code=(\S+)(?: \((.*)\))?")


@dataclass(frozen=True, slots=True)
class Item:
    """One sprint: ``kind`` is its condition, ``said`` the reason, ``todo`` the next act."""

    line: Line
    kind: str
    said: str
    todo: str
    since: datetime | str | None


def items(
    stopped: Iterable[Line], running: Iterable[Line], unstarted: Iterable[Line]
) -> list[Item]:
    """Return questions to a human first, then blocked and failed sprints, held and late ones.

    Unstarted sprints come last.
    """
    found = sorted((_stopped(line) for line in stopped), key=lambda item: item.kind not in FIRST)
    found += [item for line in running if (item := _running(line))]
    found += [
        Item(line, "created", "was made and has not been started", "Run it", line.created_at)
        for line in unstarted
    ]
    return found


def _stopped(line: Line) -> Item:
    why = cause(line.last_error) or "it says not why"
    if line.asks:
        return Item(line, QUESTION, why, "Answer it", line.finished_at)
    if line.last_error.startswith(NEEDED):
        return Item(line, APPROVAL, why, "Decide it", line.finished_at)
    if line.last_error.startswith(USED_UP):
        return Item(line, "blocked", why, "Give it more", line.finished_at)
    if line.status == Sprint.Status.BLOCKED:
        return Item(line, "blocked", why, "Mend it and retry", line.finished_at)
    return Item(line, "failed", why, "Read the failing line", line.finished_at)


def _running(line: Line) -> Item | None:
    if line.waiting is None:
        return None
    said, since = f"waits for {line.waiting['what']}", line.waiting["since_ts"]
    if line.for_person:
        return Item(line, "paused", said, "Resume it", since)
    if line.overdue:
        return Item(line, "overdue", f"{said}, and is over its time", "Look into it", since)
    return None


def cause(last_error: str) -> str:
    """Return ``last_error`` in words, as far as it has a fixed form."""
    if found := GATE_FAILED.fullmatch(last_error):
        code = "without an exit code" if found[2] == "None" else f"exit code {found[2]}"
        return f"gate {found[1]} said no, {code}" + (f": {found[3]}" if found[3] else "")
    if found := AGENT_ASKS.fullmatch(last_error):
        return f"{found[1]} asks: {found[2]}"
    if last_error.startswith(NEEDED):
        return f"waits for an approval {WORDS.get(last_error.removeprefix(NEEDED), '')}"
    if last_error.startswith(USED_UP):
        return f"agents have used {last_error.removeprefix(USED_UP)}"
    return last_error
