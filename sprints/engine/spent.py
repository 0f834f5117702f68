"""What of a sprint's budget its programs have used; pure."""

from sprints.contract.budget import Spending, spending
from sprints.contract.rounds import AGENT_BUDGET
from sprints.snapshot import Snapshot


def spent(snapshot: Snapshot) -> Spending | None:
    """The sprint's budget and what of it is used; None where it asks no program."""
    contract = snapshot.contract
    frozen = AGENT_BUDGET if contract is None or contract.agents else None
    if contract and contract.budget:  # there is none of a sprint that began before there were any
        frozen = contract.budget
    return spending(frozen, snapshot.sprint.meta, (task.details for task in snapshot.tasks))
