"""The agents: who they are and what they were asked last."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sprints.queries import agent_tasks
from sprints.views.responses import only


@only("GET")
def agents(request: HttpRequest) -> HttpResponse:
    """All of them, each with its card."""
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
