"""Show the event stream: filtered, newest first, or followed as it grows."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sprints import queries
from sprints.queries import stream
from sprints.state.event_codes import EventKind
from sprints.views.polling import is_live_part, nothing_new
from sprints.views.query_params import Asked, address
from sprints.views.responses import only

SHOWN = 100


@only("GET")
def events(request: HttpRequest) -> HttpResponse:
    """Show one page of events; with ``after_seq`` only the rows of newer ones."""
    asked = Asked(request.GET)
    which = stream.Filter(
        sprint_id=asked.text("sprint"),
        kind=asked.text("kind"),
        since=asked.time("since"),
        until=asked.time("until"),
    )
    query: dict[str, object] = {
        "sprint": which.sprint_id,
        "kind": which.kind,
        "since": which.since and f"{which.since:%Y-%m-%dT%H:%M:%S}",
        "until": which.until and f"{which.until:%Y-%m-%dT%H:%M:%S}",
    }
    seq = asked.number("after_seq")
    if is_live_part(request) and seq is not None:
        return _since(request, which, query, seq)
    before = asked.number("before")
    last = queries.head()  # before the rows, so that later events are among the next ones
    found, more = stream.newest(SHOWN, which, before=before)
    last = max(last, found[0].seq if found else 0)
    follows = bool(asked.one_of("follow", ["1"])) and before is None
    what = {
        "events": found,
        "query": query,
        "kinds": [kind.value for kind in EventKind],
        "said": asked.said,
        "is_filtered": any(query.values()),
        "newest": address("/events/", **query) if before is not None else "",
        "older": address("/events/", **query, before=found[-1].seq) if more else "",
        "follow": "" if follows else address("/events/", **query, follow=1),
        "stop": address("/events/", **query),
        "poll": address("/events/", **query, after_seq=last) if follows else "",
    }
    return render(request, "sprints/events.html", what)


def _since(
    request: HttpRequest, which: stream.Filter, query: dict[str, object], seq: int
) -> HttpResponse:
    """Return the row that polls again, and the new rows below it."""
    found, more = stream.after(SHOWN, which, seq)
    if not found:
        return nothing_new()
    what = {
        "events": found,
        "left_out": more,
        "stop": address("/events/", **query),
        "poll": address("/events/", **query, after_seq=found[0].seq),
    }
    return render(request, "sprints/events_since.html", what)
