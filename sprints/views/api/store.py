"""Serve the gateway's status, settings, hosts, agents and gates."""

from django.conf import settings
from django.http import JsonResponse
from ninja import Router
from ninja.params.functions import Body

from sprints import operations, queries
from sprints.contract.json_types import JsonObject
from sprints.models import Task
from sprints.queries import agent_tasks
from sprints.state.event_format import stamp
from sprints.views.api import refusals, shapes
from sprints.views.api.documented import noes
from sprints.views.request import Request

router = Router()


@router.get("/status", response={200: shapes.Status, **noes()}, operation_id="status")
def status(request: Request) -> JsonResponse:
    """Return the state of this gateway: its sprints, the running one, the queue, its hosts."""
    return JsonResponse(
        {
            "version": settings.VERSION,
            "repo_root": str(settings.STORE.repo),
            "sprints": queries.ids(),
            "job": queries.job(),
            "queued": queries.queue(),
            "hosts": queries.hosts(),
        }
    )


@router.get("/config", response={200: shapes.Settings, **noes()}, operation_id="config")
def config(request: Request) -> JsonResponse:
    """Return the present settings of config.json."""
    return JsonResponse(operations.configuration())


@router.post(
    "/config",
    response={200: shapes.Settings, **noes(400, 403, 413, 422)},
    operation_id="set_config",
    auth=refusals.ADMIN,
)
def set_config(request: Request, body: shapes.SwitchesToTurn = Body(...)) -> JsonResponse:
    """Change settings; `bind_host` and `port` apply from the next start on."""
    values: JsonObject = body.model_dump(exclude_unset=True)
    return JsonResponse(operations.configure_all(values, request.user.get_username()))


@router.get("/agents", response={200: shapes.Agents, **noes()}, operation_id="agents")
def agents(request: Request) -> JsonResponse:
    """Return the agents as they are now, with their latest tasks."""
    keys = [*shapes.Agent.model_fields]
    keys.remove("last_tasks")
    found = [
        {key: getattr(row, key) for key in keys} | {"last_tasks": [*map(_asked, tasks)]}
        for row, tasks in agent_tasks.agents()
    ]
    return JsonResponse({"agents": found})


def _asked(task: Task) -> JsonObject:
    return {
        "sprint_id": task.round.sprint_id,
        "round_id": task.round.code,
        "task_id": task.task_id,
        "title": task.title,
        "status": task.status,
        "updated_ts": stamp(task.updated_at),
    }


@router.get("/hosts", response={200: shapes.Hosts, **noes()}, operation_id="hosts")
def hosts(request: Request) -> JsonResponse:
    """Return the hosts that run sprints, or once did."""
    return JsonResponse({"hosts": queries.hosts()})


@router.get("/gates", response={200: shapes.Gates, **noes()}, operation_id="gates")
def gates(request: Request) -> JsonResponse:
    """Return the gates, in the order in which they run; of their environments, only the names."""
    return JsonResponse({"gates": queries.gates()})
