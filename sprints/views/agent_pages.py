"""Show the agents with their cards and their latest tasks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sprints.queries import agent_tasks
from sprints.views.responses import only


@only("GET")
def agents(request: HttpRequest) -> HttpResponse:
    """Show all agents."""
    found = [
        {
            "agent": agent,
            "tasks": tasks,
            "card": [
                ("Responsibilities", agent.responsibilities),
                ("Authority", agent.authority),
                ("Deliverables", agent.deliverables),
            ],
        }
        for agent, tasks in agent_tasks.agents()
    ]
    return render(request, "sprints/agents.html", {"agents": found})
