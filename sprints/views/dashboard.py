"""Show the first page: what waits for the user, what runs, what has ended."""

from collections.abc import Sequence
from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from gates.models import GateRun
from sprints import queries
from sprints.contract import sandbox
from sprints.contract.contract import ROUNDS
from sprints.contract.json_types import JsonObject
from sprints.health.missing_gates import missing
from sprints.models import Sprint
from sprints.queries import attention, board, gate_history, stream
from sprints.queue import enqueue
from sprints.state.wait_reason import WaitCode
from sprints.store.config_values import current_config
from sprints.templatetags.human import duration, word
from sprints.views import charts
from sprints.views.polling import is_live_part, mark, nothing_new
from sprints.views.query_params import Asked, address
from sprints.views.responses import only

LAST = 24  # sprints in the figures and the chart
SHOWN = 12  # sprints in the table
URGENT = 5  # of each kind of waiting sprint
GATES = 6
COMING = 3


@only("GET")
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show everything at one glance, or only the live part if that is requested."""
    hosts = queries.hosts()
    seen = mark(request, [{**host, "seen_s": 0, "worked_s": 0} for host in hosts])
    if is_live_part(request) and request.GET.get("seen") == seen:
        return nothing_new()
    asked = Asked(request.GET)
    status = asked.one_of("status", [*Sprint.Status])
    what = _sprints(status) | _health(hosts) | {"said": asked.said, "status": status}
    what["unworked"] = what["no_host"] and what["unworked"]
    what["gates"] = gate_trends()
    what["events"] = stream.newest(8, stream.Filter())[0]
    what["poll"] = address("/", status=status, seen=seen) if what["running"] else ""
    part = "dashboard_live" if is_live_part(request) else "dashboard"
    return render(request, f"sprints/{part}.html", what)


def _sprints(status: str) -> dict[str, object]:
    rows, older = board.page(SHOWN, status=status)
    found = board.together(
        lines=rows,
        running=board.running(),
        last=board.last_started(LAST),
        stopped=board.stopped(URGENT),
        unstarted=board.unstarted(URGENT),
    )
    running, last = found["running"], found["last"]
    waits = attention.items(found["stopped"], running, found["unstarted"])
    counts = board.counts()
    moving = [line for line in running if line.shown == Sprint.Status.RUNNING]
    queued = [line for line in running if line.shown == "queued"]
    figures = _figures(last) | {"moving": len(moving), "queued": _places(queued)}
    return {
        "running": running,
        "moving": moving,
        "queued": queued,
        "unworked": _first_unworked(queued),
        "waits": waits,
        "more_waits": [
            {"status": status, "count": counts[status] - URGENT}
            for status in (Sprint.Status.BLOCKED, Sprint.Status.CREATED)
            if counts[status] > URGENT
        ],
        "counts": counts,
        "chips": chips("/", status, counts),
        "none": not any(counts.values()),
        "missing": [] if any(counts.values()) else list(missing(settings.STORE.repo)),
        "figures": figures,
        "chart": _chart(last),
        "lines": found["lines"],
        "older": older,
    }


class Chip(TypedDict):
    """A filter by status: its number may be empty; ``on``: it is the present one."""

    name: str
    count: int | str
    href: str
    on: bool


def chips(path: str, chosen: str, counts: dict[str, int], text: str = "") -> list[Chip]:
    """Return the filters by status."""
    many = {name: f"{board.MANY - 1}+" for name, n in counts.items() if n >= board.MANY}
    return [
        {
            "name": name or "all",
            "count": many.get(name, counts.get(name) or ""),
            "href": address(path, status=name, q=text),
            "on": name == chosen,
        }
        for name in ["", *counts]
        if not name or counts[name] or name == chosen
    ]


def _places(queued: Sequence[board.Line]) -> int:
    """Return the number of sprints in the queue, also of those that are not among the lines."""
    return max((line.waiting["places"] for line in queued if line.waiting), default=0)


def _first_unworked(queued: Sequence[board.Line]) -> str:
    """Return the id of a sprint that waits for a worker; empty if there is none."""
    codes = ((line, line.waiting["code"]) for line in queued if line.waiting)
    return next((line.sprint_id for line, code in codes if code == WaitCode.NO_WORKER), "")


def _figures(last: Sequence[board.Line]) -> dict[str, object]:
    """Return the success rate of the last sprints that ended, and their durations."""
    ended = board.ended(last)
    good = [line for line in ended if line.status == Sprint.Status.SUCCEEDED]
    seconds = [line.ran_s for line in good if line.ran_s is not None]
    low = sum(spec.min_minutes for spec in ROUNDS)
    high = sum(spec.max_minutes for spec in ROUNDS)
    return {
        "ended": len(ended),
        "good": len(good),
        "share": len(good) / len(ended) if ended else None,
        "longest_s": max((line.ran_s for line in last if line.ran_s is not None), default=None),
        "median_s": gate_history.percentile(seconds, 0.5),
        "planned": f"{low:g} to {high:g} min",
    }


def _chart(last: Sequence[board.Line]) -> charts.Chart:
    """Return the chart of the last sprints, oldest on the left."""
    points = [
        charts.Point(
            line.ran_s,
            line.status,
            f"{line.sprint_id} {line.status}, ran {duration(line.ran_s)}",
            f"/sprints/{line.sprint_id}/",
        )
        for line in reversed(last)
    ]
    return charts.bars(points, width=720, height=150, places=LAST)


def gate_trends() -> list[dict[str, object]]:
    """Return pass rates and durations of the first enabled gates."""
    gates = [gate for gate in gate_history.definitions() if gate.enabled][:GATES]
    runs = gate_history.last_runs([gate.pk for gate in gates], LAST)
    return [
        {
            "gate": gate,
            "figures": gate_history.figures(runs[gate.pk]),
            "chart": run_chart(runs[gate.pk]),
        }
        for gate in gates
    ]


def run_chart(runs: Sequence[GateRun], *, places: int = LAST, width: int = 360) -> charts.Chart:
    """Return the chart of a gate's runs, given newest first, drawn oldest first."""
    points = [
        charts.Point(
            run.duration_s,
            run.status,
            f"{run.round.sprint_id} {word(run.status)}, took {duration(run.duration_s)}",
            f"/sprints/{run.round.sprint_id}/",
        )
        for run in reversed(runs)
    ]
    return charts.bars(points, width=width, height=64, places=places)


def _health(hosts: list[JsonObject]) -> dict[str, object]:
    """Return the state of hosts, queue, sandbox and schedules."""
    coming = [row for row in queries.schedules() if row["next_ts"]][:COMING]
    return {
        "hosts": hosts,
        "silent": [host["name"] for host in hosts if host["alive"] and host["silent"]],
        "no_host": not any(host["alive"] for host in hosts),
        "queue": enqueue.depth() if hosts else None,  # without a host nothing was ever queued
        "mirror_fault": queries.mirror_fault(),
        "paused": current_config().automation_paused,
        "unconfined": sandbox.unconfined(current_config().confinement),
        "coming": coming,
        "new": reverse("sprint-new"),
    }
