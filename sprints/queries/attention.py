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
        _item(line, "created", message("item.created"), line.created_at) for line in unstarted
    ]
    return found


def _stopped(line: Line) -> Item:
    reason = line.stopped_for
    why = (reason and reason.text()) or message("stop.unknown")
    if line.asks:
        return _item(line, QUESTION, why, line.finished_at)
    if line.stopped_with(StopCode.APPROVAL_NEEDED):
        return _item(line, APPROVAL, why, line.finished_at)
    if line.stopped_with(StopCode.BUDGET):
        return _item(line, "blocked", why, line.finished_at, todo="budget")
    if line.status == Sprint.Status.BLOCKED:
        return _item(line, "blocked", why, line.finished_at)
    todo = "gate_failed" if line.stopped_with(StopCode.GATE_FAILED) else ""
    return _item(line, "failed", why, line.finished_at, todo)


def _running(line: Line) -> Item | None:
    if line.waiting is None:
        return None
    what, since = line.waiting["what"], line.waiting["since_ts"]
    if line.for_person:
        return _item(line, "paused", message("item.waits", what=what), since)
    if line.overdue:
        return _item(line, "overdue", message("item.overdue", what=what), since)
    return None


def _item(line: Line, kind: str, said: str, since: datetime | str | None, todo: str = "") -> Item:
    return Item(line, kind, said, message(f"todo.{todo or kind}"), since)
