"""List all sprints, filtered by status and text, newest first."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sprints.health.missing_gates import missing
from sprints.models import Sprint
from sprints.queries import board
from sprints.views.dashboard import chips
from sprints.views.polling import is_live_part, mark, nothing_new
from sprints.views.query_params import Asked, address
from sprints.views.responses import only

SHOWN = 50


@only("GET")
def sprint_list(request: HttpRequest) -> HttpResponse:
    """Show one page of sprints."""
    seen = mark(request, None)
    if is_live_part(request) and request.GET.get("seen") == seen:
        return nothing_new()
    asked = Asked(request.GET)
    status = asked.one_of("status", [*Sprint.Status, board.ARCHIVED])
    text, before = asked.text("q"), asked.text("before")
    try:
        rows, older = board.page(SHOWN, status=status, text=text, before=before)
    except Sprint.DoesNotExist:
        asked.said.append(f"no sprint {before[:40]!a} to go on from; these are the newest")
        before = ""
        rows, older = board.page(SHOWN, status=status, text=text)
    runs = any(row.status == Sprint.Status.RUNNING for row in rows)
    query = {"status": status, "q": text}
    counts = board.counts() | {board.ARCHIVED: board.archived()}
    what = {
        "lines": board.lines(rows),
        "status": status,
        "text": text,
        "before": before,
        "said": asked.said,
        "chips": chips("/sprints/", status, counts, text),
        "none": not any(counts.values()),
        "missing": [] if any(counts.values()) else list(missing(settings.STORE.repo)),
        "newest": address("/sprints/", **query),
        "older": address("/sprints/", **query, before=older) if older else "",
        "poll": address("/sprints/", **query, before=before, seen=seen) if runs else "",
    }
    part = "sprint_list_live" if is_live_part(request) else "sprint_list"
    return render(request, f"sprints/{part}.html", what)
