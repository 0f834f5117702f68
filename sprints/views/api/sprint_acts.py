"""Sprints: listed, made, shown, changed, and set going or stopped."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from ninja import Router
from ninja.params.functions import Body, Query

from sprints import operations, queries
from sprints.views.api import refusals, shapes
from sprints.views.api.conditional import TAGGED, tagged
from sprints.views.api.documented import noes
from sprints.views.request import Request

router = Router()
TAKEN_ON = {202: shapes.Ok, **noes(403, 404, 409)}


@router.get("/sprints", response={200: shapes.Titles, **noes(422)}, operation_id="sprints")
def sprints(
    request: Request,
    archived: bool = Query(False, description="1: those that are archived, and no others."),
) -> JsonResponse:
    """The title of each sprint, by its id."""
    return JsonResponse({"sprints": queries.titles(archived=archived)})


@router.post(
    "/sprints",
    response={201: shapes.Created, **noes(400, 403, 409, 413, 422)},
    operation_id="create_sprint",
    auth=refusals.OPERATOR,
)
def create(request: Request, body: shapes.NewSprint | None = Body(None)) -> JsonResponse:
    """Make a sprint that can be started."""
    if body is None or not body.sprint_id:
        raise refusals.Missing("sprint_id is missing")
    made = operations.create(body.sprint_id, title=body.title or "", by=name_of(request))
    return JsonResponse({"ok": True, "sprint_id": made.sprint_id}, status=201)


@router.get(
    "/sprints/{sprint_id}",
    response={200: shapes.Sprint, 304: None, **noes(404)},
    operation_id="sprint",
    openapi_extra=TAGGED,
)
def sprint(request: Request, sprint_id: str) -> HttpResponse:
    """The sprint exactly as in state.json."""

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
    """Another title, and a shallow merge into meta, where null removes a key; the sprint then."""
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
    """Hand it to the workers, to its end."""
    return taken_on(operations.start, sprint_id, by=name_of(request))


@router.post(
    "/sprints/{sprint_id}/step",
    response=TAKEN_ON,
    operation_id="step_sprint",
    auth=refusals.OPERATOR,
)
def step(request: Request, sprint_id: str) -> JsonResponse:
    """Hand it to the workers for one round; it holds after that."""
    return taken_on(operations.step, sprint_id, name_of(request))


@router.post(
    "/sprints/{sprint_id}/cancel",
    response=TAKEN_ON,
    operation_id="cancel_sprint",
    auth=refusals.OPERATOR,
)
def cancel(request: Request, sprint_id: str) -> JsonResponse:
    """Ask for its end; it is cancelled once nothing of it runs any more."""
    return taken_on(operations.ask_to_cancel, sprint_id, name_of(request))


@router.post(
    "/sprints/{sprint_id}/retry",
    response=TAKEN_ON,
    operation_id="retry_sprint",
    auth=refusals.OPERATOR,
)
def retry(request: Request, sprint_id: str) -> JsonResponse:
    """Start again at the round that failed, as a new attempt, with the workers."""
    return taken_on(operations.start, sprint_id, again=True, by=name_of(request))


@router.post(
    "/sprints/{sprint_id}/pause",
    response={**TAKEN_ON, **noes(400, 413, 422)},
    operation_id="pause_sprint",
    auth=refusals.OPERATOR,
)
def pause(request: Request, sprint_id: str, body: shapes.Why | None = Body(None)) -> JsonResponse:
    """Hold it at its next step; what runs goes on to its end."""
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
    """Take back what it has shipped, by a sprint of its own, which is handed to the workers."""
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
    """Take it out of state.json and of all lists, once it has ended; nothing of it is lost."""
    operations.archive([sprint_id], name_of(request))
    return JsonResponse({"ok": True})


@router.post(
    "/sprints/{sprint_id}/restore",
    response={200: shapes.Ok, **noes(403, 404, 409)},
    operation_id="restore_sprint",
    auth=refusals.OPERATOR,
)
def restore(request: Request, sprint_id: str) -> JsonResponse:
    """Put it back where it was archived."""
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
    "/sprints/{sprint_id}/answer",
    response={**TAKEN_ON, **noes(400, 413, 422)},
    operation_id="answer_sprint",
    auth=refusals.OPERATOR,
)
def answer(
    request: Request, sprint_id: str, body: shapes.Answer | None = Body(None)
) -> JsonResponse:
    """Tell an agent what it asked of a human; the sprint goes on with the workers."""
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
    """Say yes to what it asks about; the sprint goes on with the workers."""
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
    """Say no to what it asks about; the sprint fails."""
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
    """Say what its agents' programs may use up; a sprint that is parked for that goes on."""
    given = {} if body is None else body.dict(exclude_none=True)
    if not given:
        raise refusals.Missing("launches, minutes, tokens or usd is missing")
    operations.set_budget(sprint_id, name_of(request), **given)
    return JsonResponse({"ok": True}, status=202)


def taken_on(act: Callable[..., Any], sprint_id: str, *args: Any, **options: Any) -> JsonResponse:
    """202 once the act is on record; nothing was given that could be wrong, so a refusal is for
    the state of things.
    """
    try:
        act(sprint_id, *args, **options)
    except queries.Unknown:
        raise
    except queries.Refused as exc:
        raise queries.NotNow(str(exc)) from exc
    return JsonResponse({"ok": True}, status=202)


def name_of(request: Request) -> str:
    """Who acts, as the rows have room for it."""
    return request.user.get_username()[:100]
