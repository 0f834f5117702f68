"""Show the gates and their latest runs."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from sprints.queries import gate_history
from sprints.views.dashboard import run_chart
from sprints.views.responses import only

OF_EACH = 24
OF_ONE = 50


@only("GET")
def gates(request: HttpRequest) -> HttpResponse:
    """Show all gates, with their latest runs."""
    rows = gate_history.definitions()
    runs = gate_history.last_runs([gate.pk for gate in rows], OF_EACH)
    found = [
        {
            "gate": gate,
            "figures": gate_history.figures(runs[gate.pk]),
            "chart": run_chart(runs[gate.pk]),
            "runs": runs[gate.pk][:3],
        }
        for gate in rows
    ]
    return render(request, "sprints/gates.html", {"gates": found})


@only("GET")
def gate(request: HttpRequest, gate_id: str) -> HttpResponse:
    """Show one gate; for a removed one, its runs."""
    if not gate_id.isprintable():  # databases refuse some texts
        raise Http404
    definition = gate_history.definition(gate_id)
    runs = gate_history.last_runs([gate_id], OF_ONE)[gate_id]
    if definition is None and not runs:
        raise Http404
    what = {
        "gate_id": gate_id,
        "gate": definition,
        "figures": gate_history.figures(runs),
        "chart": run_chart(runs, places=OF_ONE, width=720),
        "runs": runs,
        "flaky": gate_history.flaky([gate_id])[gate_id],
    }
    return render(request, "sprints/gate.html", what)
