"""What a human is asked to approve, and what was decided: shown on the sprint's page."""

from dataclasses import dataclass
from typing import Any

from sprints.contract.approval_policy import BUILD, NEEDED, REJECT, WORDS
from sprints.core.approval_decisions import name_of
from sprints.core.approval_requests import KEY
from sprints.views.sprint_rows import SprintRows


@dataclass(frozen=True, slots=True)
class Approval:
    """What waits for a yes. ``ask`` is as it stands in meta; ``fails`` whether the end of its time
    is a no.
    """

    name: str
    words: str
    ask: dict[str, Any]
    fails: bool

    @property
    def of_plan(self) -> bool:
        """Whether it is the brief and its contract, and no tree."""
        return bool(self.ask["what"] == BUILD)

    @property
    def more(self) -> int:
        """How many paths are not named."""
        return int(self.ask.get("count", 0)) - len(self.ask.get("paths", ()))


def approval_in(rows: SprintRows) -> Approval | None:
    """What the sprint is blocked for; None where it is not, or for something else."""
    sprint = rows.sprint
    if sprint.status != sprint.Status.BLOCKED or not (sprint.last_error or "").startswith(NEEDED):
        return None
    ask = _of(rows).get("asked")
    if not ask:
        return None
    terms = (sprint.contract or {}).get("approvals", {})
    return Approval(name_of(ask), WORDS[ask["what"]], ask, terms.get("at_deadline") == REJECT)


def decisions_in(rows: SprintRows) -> list[dict[str, Any]]:
    """What was decided, the newest first: ``words``, ``verdict``, ``by``, ``why``, ``ts``."""
    given = _of(rows).get("given", ())
    return [{**one, "words": WORDS[one["what"]]} for one in reversed(given)]


def _of(rows: SprintRows) -> dict[str, Any]:
    found = rows.sprint.meta.get(KEY)
    return found if isinstance(found, dict) and rows.sprint.contract else {}
