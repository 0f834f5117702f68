"""Serve sprints: list, create, show, change, run and stop."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpResponse, JsonResponse
from ninja import Router
from ninja.params.functions import Body, Query

from sprints import operations, queries
from sprints.views.api import refusals, shapes
from sprints.views.api.conditional import TAGGED, tagged
from sprints.views.api.documented import noes
from sprints.views.request import Request

router = Router()
P = ParamSpec("P")
TAKEN_ON = {202: shapes.Ok, **noes(403, 404, 409)}


@router.get("/sprints", response={200: shapes.Titles, **noes(422)}, operation_id="sprints")
def sprints(
    request: Request,
    archived: bool = Query(False, description="1: those that are archived, and no others."),
) -> JsonResponse:
    """Return the title of each sprint, by its id."""
    return JsonResponse({"sprints": queries.titles(archived=archived)})


@router.post(
    "/sprints",
    response={201: shapes.Created, **noes(400, 403, 409, 413, 422)},
    operation_id="create_sprint",
    auth=refusals.OPERATOR,
)
def create(request: Request, body: shapes.NewSprint | None = Body(None)) -> JsonResponse:
    """Create a sprint that can be started, with its brief and other meta."""
    if body is None or not body.sprint_id:
        raise refusals.Missing("sprint_id is missing")
    made = operations.create(
        body.sprint_id,
        title=body.title or "",
        by=name_of(request),
        brief=body.brief or "",
        meta=body.meta,
    )
    return JsonResponse({"ok": True, "sprint_id": made.sprint_id}, status=201)


@router.get(
    "/sprints/{sprint_id}",
    response={200: shapes.Sprint, 304: None, **noes(404)},
    operation_id="sprint",
    openapi_extra=TAGGED,
)
def sprint(request: Request, sprint_id: str) -> HttpResponse:
    """Return the sprint exactly as in state.json."""

    def whole() -> HttpResponse:
        found = queries.as_in_state_json(sprint_id)
        return JsonResponse(found, json_dumps_params={"sort_keys": True})

    return tagged(request, queries.version_of(sprint_id), whole)


@router.post(
    "/sprints/{sprint_id}",
    response={200: shapes.Sprint, **noes(400, 403, 404, 409, 413, 422)},
    operation_id="change_sprint",
    auth=refusals.OPERATOR,
)
def change(request: Request, sprint_id: str, body: shapes.SprintChange = Body(...)) -> HttpResponse:
    """Set the title, and merge meta shallowly, in which null removes a key; return the sprint."""
    operations.edit(sprint_id, name_of(request), body.title, body.meta)
    found = queries.as_in_state_json(sprint_id)
    return JsonResponse(found, json_dumps_params={"sort_keys": True})


@router.post(
    "/sprints/{sprint_id}/run",
    response=TAKEN_ON,
    operation_id="run_sprint",
    auth=refusals.OPERATOR,
)
def run(request: Request, sprint_id: str) -> JsonResponse:
    """Run the sprint to its end with the workers."""
    return taken_on(operations.start, sprint_id, by=name_of(request))


@router.post(
    "/sprints/{sprint_id}/step",
    response=TAKEN_ON,
    operation_id="step_sprint",
    auth=refusals.OPERATOR,
)
def step(request: Request, sprint_id: str) -> JsonResponse:
    """Run the current round with the workers, then hold the sprint."""
    return taken_on(operations.step, sprint_id, name_of(request))


@router.post(
    "/sprints/{sprint_id}/cancel",
    response=TAKEN_ON,
    operation_id="cancel_sprint",
    auth=refusals.OPERATOR,
)
def cancel(request: Request, sprint_id: str) -> JsonResponse:
    """Ask the sprint to end; it is cancelled when nothing of it runs any more."""
    return taken_on(operations.ask_to_cancel, sprint_id, name_of(request))


@router.post(
    "/sprints/{sprint_id}/retry",
    response=TAKEN_ON,
    operation_id="retry_sprint",
    auth=refusals.OPERATOR,
)
def retry(request: Request, sprint_id: str) -> JsonResponse:
    """Start a new attempt at the round that failed, with the workers."""
    return taken_on(operations.start, sprint_id, again=True, by=name_of(request))


@router.post(
    "/sprints/{sprint_id}/pause",
    response={**TAKEN_ON, **noes(400, 413, 422)},
    operation_id="pause_sprint",
    auth=refusals.OPERATOR,
)
def pause(request: Request, sprint_id: str, body: shapes.Why | None = Body(None)) -> JsonResponse:
    """Hold the sprint at its next step; a running action completes."""
    why = (body and body.why) or ""
    operations.pause(sprint_id, name_of(request), why)
    return JsonResponse({"ok": True}, status=202)


@router.post(
    "/sprints/{sprint_id}/unship",
    response={202: shapes.Created, **noes(400, 403, 404, 409, 413, 422)},
    operation_id="unship_sprint",
    auth=refusals.OPERATOR,
)
def unship(request: Request, sprint_id: str, body: shapes.Why | None = Body(None)) -> JsonResponse:
    """Revert the shipped work by a new sprint, which the workers run."""
    name = operations.unship(sprint_id, name_of(request), (body and body.why) or "")
    operations.start(name, by=name_of(request))
    return JsonResponse({"ok": True, "sprint_id": name}, status=202)


@router.post(
    "/sprints/{sprint_id}/archive",
    response={200: shapes.Ok, **noes(403, 404, 409)},
    operation_id="archive_sprint",
    auth=refusals.OPERATOR,
)
def archive(request: Request, sprint_id: str) -> JsonResponse:
    """Remove the ended sprint from state.json and all lists; its data stay."""
    operations.archive([sprint_id], name_of(request))
    return JsonResponse({"ok": True})


@router.post(
    "/sprints/{sprint_id}/restore",
    response={200: shapes.Ok, **noes(403, 404, 409)},
    operation_id="restore_sprint",
    auth=refusals.OPERATOR,
)
def restore(request: Request, sprint_id: str) -> JsonResponse:
    """Put the archived sprint back into state.json and all lists."""
    operations.restore([sprint_id], name_of(request))
    return JsonResponse({"ok": True})


@router.post(
    "/sprints/{sprint_id}/resume",
    response=TAKEN_ON,
    operation_id="resume_sprint",
    auth=refusals.OPERATOR,
)
def resume(request: Request, sprint_id: str) -> JsonResponse:
    """Let a paused sprint go on, with the workers."""
    return taken_on(operations.resume, sprint_id, name_of(request))


@router.post(
    "/sprints/{sprint_id}/first",
    response=TAKEN_ON,
    operation_id="move_first",
    auth=refusals.OPERATOR,
)
def first(request: Request, sprint_id: str) -> JsonResponse:
    """Move the queued sprint to the head of the queue."""
    return taken_on(operations.move_first, sprint_id, name_of(request))


@router.post(
    "/sprints/{sprint_id}/answer",
    response={**TAKEN_ON, **noes(400, 413, 422)},
    operation_id="answer_sprint",
    auth=refusals.OPERATOR,
)
def answer(
    request: Request, sprint_id: str, body: shapes.Answer | None = Body(None)
) -> JsonResponse:
    """Answer the question of an agent; the sprint goes on with the workers."""
    if body is None or not body.text:
        raise refusals.Missing("text is missing")
    operations.answer(sprint_id, body.text, name_of(request), body.question or "")
    return JsonResponse({"ok": True}, status=202)


@router.post(
    "/sprints/{sprint_id}/approve",
    response={**TAKEN_ON, **noes(400, 413, 422)},
    operation_id="approve_sprint",
    auth=refusals.OPERATOR,
)
def approve(
    request: Request, sprint_id: str, body: shapes.Decision | None = Body(None)
) -> JsonResponse:
    """Approve the open request; the sprint goes on with the workers."""
    why, ask = (body.why, body.ask) if body else ("", "")
    operations.approve(sprint_id, name_of(request), why or "", ask or "")
    return JsonResponse({"ok": True}, status=202)


@router.post(
    "/sprints/{sprint_id}/reject",
    response={**TAKEN_ON, **noes(400, 413, 422)},
    operation_id="reject_sprint",
    auth=refusals.OPERATOR,
)
def reject(
    request: Request, sprint_id: str, body: shapes.Decision | None = Body(None)
) -> JsonResponse:
    """Reject the open request; the sprint fails."""
    if body is None or not body.why:
        raise refusals.Missing("why is missing")
    operations.reject(sprint_id, name_of(request), body.why, body.ask or "")
    return JsonResponse({"ok": True}, status=202)


@router.post(
    "/sprints/{sprint_id}/budget",
    response={**TAKEN_ON, **noes(400, 413, 422)},
    operation_id="set_budget",
    auth=refusals.OPERATOR,
)
def budget(
    request: Request, sprint_id: str, body: shapes.BudgetToSet | None = Body(None)
) -> JsonResponse:
    """Set the budget of the agent commands; a sprint blocked by its budget goes on."""
    given = {} if body is None else body.dict(exclude_none=True)
    if not given:
        raise refusals.Missing("launches, minutes, tokens or usd is missing")
    operations.set_budget(sprint_id, name_of(request), **given)
    return JsonResponse({"ok": True}, status=202)


def taken_on(
    act: Callable[Concatenate[str, P], object],
    sprint_id: str,
    *args: P.args,
    **options: P.kwargs,
) -> JsonResponse:
    """Return 202 once the act is recorded.

    No argument can be wrong here, so a refusal is due to the sprint's state.
    """
    try:
        act(sprint_id, *args, **options)
    except queries.Unknown:
        raise
    except queries.Refused as exc:
        raise queries.NotNow(str(exc), exc.code, exc.problems) from exc
    return JsonResponse({"ok": True}, status=202)


def name_of(request: Request) -> str:
    """Return the user's name, cut to the length of the rows' field."""
    return request.user.get_username()[:100]
