"""The agents: who they are and what they were asked last."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sprints.agents.roster import AGENTS
from sprints.queries.agent_tasks import last_tasks
from sprints.views.answers import only

OF_EACH = 4


@only("GET")
def agents(request: HttpRequest) -> HttpResponse:
    """All fifteen."""
    tasks = last_tasks(list(AGENTS), OF_EACH)
    found = [
        {"agent_id": agent_id, "role": role.replace("_", " "), "tasks": tasks[agent_id]}
        for agent_id, role in AGENTS.items()
    ]
    return render(request, "sprints/agents.html", {"agents": found})
