"""List the sprints that need a person, the most urgent first, with the next act."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sprints.models import Sprint
from sprints.queries.board import Line
from sprints.state.messages import message
from sprints.state.stop_reason import StopCode

QUESTION, APPROVAL = "question", "approval"
FIRST = (QUESTION, APPROVAL)


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
    reason = line.stopped_for
    why = (reason and reason.text()) or message("stop.unknown")
    if line.asks:
        return Item(line, QUESTION, why, "Answer it", line.finished_at)
    if line.stopped_with(StopCode.APPROVAL_NEEDED):
        return Item(line, APPROVAL, why, "Decide it", line.finished_at)
    if line.stopped_with(StopCode.BUDGET):
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
