"""Show approval requests and decisions on the sprint's page."""

from dataclasses import dataclass

from sprints.contract.approval_policy import BUILD, REJECT
from sprints.contract.json_types import JsonObject
from sprints.state.engine_meta import ApprovalRequest, ApprovalState
from sprints.state.messages import approval
from sprints.state.stop_reason import StopCode
from sprints.views.sprint_rows import SprintRows


@dataclass(frozen=True, slots=True)
class Approval:
    """An open request. ``ask`` is its entry in meta; ``fails``: its expiry is a rejection."""

    name: str
    words: str
    ask: ApprovalRequest
    fails: bool

    @property
    def of_plan(self) -> bool:
        """Return whether the subject is the brief and its contract, not a tree."""
        return self.ask.what == BUILD

    @property
    def more(self) -> int:
        """Return how many changed paths are not named."""
        return self.ask.unnamed


def approval_in(rows: SprintRows) -> Approval | None:
    """Return the request that blocks the sprint; None if there is none."""
    sprint = rows.sprint
    reason = sprint.stopped_for if sprint.status == sprint.Status.BLOCKED else None
    if reason is None or reason.code != StopCode.APPROVAL_NEEDED:
        return None
    ask = _of(rows).asked
    if not ask:
        return None
    terms = (sprint.contract or {}).get("approvals", {})
    return Approval(ask.name, approval(ask.what), ask, terms.get("at_deadline") == REJECT)


def decisions_in(rows: SprintRows) -> list[JsonObject]:
    """Return the decisions, newest first: ``words``, ``verdict``, ``by``, ``why``, ``ts``."""
    given = _of(rows).given or ()
    return [{**one.to_json(), "words": approval(one.what)} for one in reversed(given)]


def _of(rows: SprintRows) -> ApprovalState:
    found = rows.sprint.parsed_meta.approval
    return found if found and rows.sprint.contract else ApprovalState()
