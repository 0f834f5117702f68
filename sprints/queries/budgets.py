"""Read the budgets of sprints and the amounts used."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q

from sprints.contract.budget import AGENT_BUDGET, AgentBudget, Spending, spending
from sprints.contract.json_types import JsonObject
from sprints.models import Sprint, Task
from sprints.queries.stopped import stopped_with
from sprints.state.stop_reason import StopCode


def budget_of(sprint: Sprint, tasks: Iterable[Task]) -> Spending | None:
    """Return the spending of one sprint; None if it has not started or has no agent commands."""
    contract = sprint.contract or {}
    if not contract.get("agents"):
        return None
    frozen = AgentBudget(**contract["budget"]) if "budget" in contract else AGENT_BUDGET
    return spending(frozen, sprint.parsed_meta.granted, (task.details for task in tasks))


def budgets() -> dict[str, JsonObject]:
    """Return the spendings of sprints that run or are blocked by their budget, by id.

    Needs two queries.
    """
    wanted = Q(status=Sprint.Status.RUNNING)
    wanted |= Q(status=Sprint.Status.BLOCKED) & stopped_with(StopCode.BUDGET)
    rows = [row for row in Sprint.objects.filter(wanted) if (row.contract or {}).get("agents")]
    tasks = defaultdict(list)
    for task in Task.objects.filter(round__sprint__in=rows).only("details", "round_id"):
        tasks[task.round_id.split("/")[0]].append(task)
    found = {row.pk: budget_of(row, tasks[row.pk]) for row in rows}
    return {pk: used.to_json() for pk, used in sorted(found.items()) if used}
