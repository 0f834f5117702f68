"""The agents: who they are and what they were asked last."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sprints.agents.roster import ROSTER
from sprints.queries.agent_tasks import last_tasks
from sprints.views.answers import only

OF_EACH = 4


@only("GET")
def agents(request: HttpRequest) -> HttpResponse:
    """All fifteen."""
    tasks = last_tasks([agent.agent_id for agent in ROSTER], OF_EACH)
    found = [{"agent": agent, "tasks": tasks[agent.agent_id]} for agent in ROSTER]
    return render(request, "sprints/agents.html", {"agents": found})
