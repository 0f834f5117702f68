"""Serve a gate's output, in windows for a page that follows it, or as a whole file."""

from typing import cast

from django.http import FileResponse, HttpResponse, JsonResponse

from gates.models import GateRun
from sprints.contract.json_types import JsonObject
from sprints.output import windows
from sprints.output.rows import rows
from sprints.views.output_window import STREAMS, opened
from sprints.views.request import Request
from sprints.views.responses import only, refuse

MOST = 128 << 10  # bytes of one response
LARGEST = 1 << 53  # no file is larger, and JavaScript counts no further


class Unclear(ValueError):
    """The request has an invalid parameter; the message says why."""


@only("GET")
def log(request: Request, sprint_id: str) -> HttpResponse:
    """Return a window of ``stream`` of ``run`` (``gate/number``).

    The window follows the byte ``from``, or precedes the byte ``before``. ``line`` is the number of
    the line at ``from``, if the client knows it. The output is complete if ``over`` and ``next`` =
    ``size``.
    """
    try:
        name, stream = _asked(request)
        since, before = number(request, "from"), number(request, "before")
        line = number(request, "line")
    except Unclear as exc:
        return refuse(422, str(exc))
    # The status first: if the run was over then, the file is complete.
    run = GateRun.objects.filter(pk=f"{sprint_id}/{name}").only("pk", "status").first()
    if run is None:
        return refuse(404, "no such run")
    over = run.status != GateRun.RUNNING
    try:
        with opened(run, stream) as file:
            if before is not None:
                window = windows.preceding(file, before, most=MOST)
            else:
                window = windows.following(file, since or 0, over=over, number=line, most=MOST)
    except OSError:
        if over:
            return refuse(404, "this output is not here (any more)")
        window = windows.Window(0, b"", b"", 0, 1)
    shown = rows(window, stream, apart=before is not None)
    answer: JsonObject = {
        "start": window.start,
        "next": window.end,
        "size": window.size,
        "line": shown.number if window.data else line,
        "more": shown.more,
        "clears": shown.clears,
        "html": shown.html,
        "over": over,
    }
    return JsonResponse(answer)


@only("GET")
def raw(request: Request, sprint_id: str) -> HttpResponse:
    """Return the whole output as a download."""
    try:
        name, stream = _asked(request)
        run = GateRun.objects.filter(pk=f"{sprint_id}/{name}").only("pk").first()
        file = opened(run, stream) if run else None
    except Unclear as exc:
        return refuse(422, str(exc))
    except OSError:
        file = None
    if file is None:
        return refuse(404, "this output is not here (any more)")
    kept = f"{sprint_id}-{name.replace('/', '-')}-{stream}.txt"
    response = FileResponse(file, content_type="text/plain; charset=utf-8", filename=kept)
    response["Content-Disposition"] = f'attachment; filename="{kept}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return cast(HttpResponse, response)


def number(request: Request, name: str) -> int | None:
    """Return a whole number from the address; None if missing. Raises ``Unclear``."""
    text = request.GET.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= LARGEST):
        raise Unclear(f"{name} is a whole number from 0 on")
    return int(text)


def _asked(request: Request) -> tuple[str, str]:
    name, stream = request.GET.get("run", ""), request.GET.get("stream", "stdout")
    if stream not in STREAMS:
        raise Unclear(f"stream is one of {', '.join(STREAMS)}")
    if "\0" in name or len(name) > 150:
        raise Unclear("run names a gate and a number: qa_smoke_quick/1")
    return name, stream
