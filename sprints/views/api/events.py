"""Serve the event stream."""

from django.http import HttpResponse
from ninja import Router
from ninja.params.functions import Query

from sprints import queries
from sprints.ids import BadId, check_id
from sprints.queries.disclosure import shown_line
from sprints.views.api import shapes
from sprints.views.api.conditional import TAGGED, tagged
from sprints.views.api.documented import noes
from sprints.views.request import Request

MOST = 10_000

router = Router()


@router.get(
    "/events",
    response={200: list[shapes.Event], 304: None, **noes(422)},
    operation_id="events",
    openapi_extra=TAGGED,
)
def events(
    request: Request,
    tail: int = Query(200, ge=1, le=MOST, description="How many at most."),
    sprint_id: str | None = Query(None, max_length=64, description="Of that sprint alone."),
    after_seq: int | None = Query(
        None,
        ge=0,
        lt=1 << 63,
        description="The first `tail` events after that seq, instead of the last of all.",
    ),
) -> HttpResponse:
    """Return the last events, oldest first, or those after a given one."""
    if sprint_id is not None:
        try:
            check_id(sprint_id)
        except BadId as exc:
            raise queries.Refused(f"sprint_id: {exc}", problems=exc.problems) from exc

    def lines() -> HttpResponse:
        if after_seq is None:
            found = queries.last_events(tail, sprint_id)
        else:
            found = queries.events_after(after_seq, sprint_id, tail)
        text = "[" + ",\n".join(shown_line(event.line, request.role) for event in found) + "]"
        return HttpResponse(text, content_type="application/json")

    return tagged(request, f"{queries.last_event(sprint_id)}-{int(request.role)}", lines)
