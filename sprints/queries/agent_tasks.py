"""Read the agents and their latest tasks."""

from collections import defaultdict
from collections.abc import Collection

from sprints.models import Agent, Task

OF_EACH = 4


def agents() -> list[tuple[Agent, list[Task]]]:
    """Return every agent with its latest tasks, by two queries."""
    rows = list(Agent.objects.all())
    tasks = last_tasks([row.pk for row in rows], OF_EACH)
    return [(row, tasks[row.pk]) for row in rows]


def last_tasks(agents: Collection[str], limit: int) -> dict[str, list[Task]]:
    """Return the latest tasks of each agent with their rounds, newest first, by one query."""
    if not agents:
        return {}
    first, *others = (
        Task.objects.filter(
            pk__in=Task.objects.filter(owner_agent=agent)
            .order_by("-updated_at")
            .values("pk")[:limit]
        )
        .defer("prompt", "reply", "details")
        .select_related("round")
        .order_by()
        for agent in agents
    )
    found: dict[str, list[Task]] = defaultdict(list)
    for task in first.union(*others, all=True):
        found[task.owner_agent].append(task)
    for tasks in found.values():
        tasks.sort(key=lambda task: task.updated_at, reverse=True)
    return {agent: found[agent] for agent in agents}
