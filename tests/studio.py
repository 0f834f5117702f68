"""Use a gateway in this process as its users do, and look at the result.

Tests of behaviour use this module for the gateway, ``tests.world`` for its commands,
``tests.people`` for its pages and ``tests.checkout`` for the user's repository. Only the test of a
module imports that module.
"""

import json
import sys
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils import timezone

from gates.models import GateRun
from gates.process import identity
from sprints import operations
from sprints.contract.agent_spec import COMMAND, SCRIPTED, AgentDefinition
from sprints.contract.contract import DEFAULT_GATE
from sprints.contract.hook_spec import HookDefinition
from sprints.definitions import agents, gates, hooks
from sprints.journal import verify as journal
from sprints.models import Delivery, Event, Head, Hook, Host, Schedule, Sprint, Task, lease
from sprints.models.lease import release
from sprints.operations import (
    NotNow,
    Refused,
    StopRequest,
    add_schedule,
    answer,
    approve,
    archive,
    ask_to_cancel,
    cancel,
    check_rebuild,
    configure,
    edit,
    fire_schedules,
    import_store,
    initialise,
    move_first,
    pause,
    reject,
    remove_schedule,
    replay_all,
    restore,
    resume,
    set_budget,
    set_schedule,
    settle_files,
    start,
    step,
    turn_schedule,
    verify,
)
from sprints.queue.tasks import heartbeat, work
from sprints.state.snapshot import Snapshot
from tests.checkout import commit
from tests.world import MARK, ROOT

__all__ = [
    "NotNow", "Refused", "StopRequest", "add_schedule", "agent", "answer", "approve", "archive",
    "ask", "ask_to_cancel", "cancel", "check_rebuild", "configure", "create", "delivery",
    "differences", "edit", "event", "events", "fire_schedules", "forge", "gate", "gate_run",
    "gate_runs", "heartbeat", "hook", "host", "import_store", "initialise", "last_event",
    "move_first", "pause", "reject", "release", "remove_schedule", "replay_all", "restore",
    "resume", "retry", "run", "schedule", "seq", "set_agent", "set_budget", "set_schedule",
    "settle_files", "silence", "speaker", "sprint", "sprints", "start", "state", "step", "take",
    "task", "turn_schedule", "verify", "work",
]  # fmt: skip


def create(name: str = "wk1", by: str = "test", **options: Any) -> Sprint:
    """Create a sprint that can be started."""
    return operations.create(name, by=by, **options)


def run(name: str = "wk1", wish: StopRequest | None = None, *, one_round: bool = False) -> Snapshot:
    """Run the sprint here until it ends or waits, or ``wish`` asks it to stop."""
    return operations.run(name, wish or StopRequest(), one_round=one_round)


def retry(name: str = "wk1") -> Snapshot:
    """Retry the sprint here, until it ends or waits."""
    return operations.retry(name, StopRequest())


def take(name: str = "wk1") -> lease.Lease:
    """Hold the sprint as a process that runs it does, until ``release``."""
    return lease.take(name, identity())


def gate(*command: str, gate_id: str = "qa_smoke_quick", **changes: Any) -> None:
    """Let the gate be that command."""
    gates.put(replace(DEFAULT_GATE, gate_id=gate_id, command=command, **changes), ["quick", "full"])


def agent(agent_id: str = "agent_01") -> AgentDefinition:
    """Return the present definition of the agent."""
    return agents.get(agent_id).definition


def set_agent(agent_id: str = "agent_01", **changes: Any) -> None:
    """Change the definition of the agent."""
    agents.put([replace(agent(agent_id), **changes)])


def speaker(way: str, agent_id: str = "agent_01") -> None:
    """Let tests/speaker.py answer for the agent, in that way; its work needs a commit."""
    if not (settings.STORE.repo / ".git" / "HEAD").exists():
        commit(settings.STORE.repo, {"a.txt": "a"})
    command = (sys.executable, str(ROOT / "tests" / "speaker.py"), way)
    set_agent(agent_id, runner=COMMAND, command=command, pass_env=(MARK,))


def silence(agent_id: str = "agent_01") -> None:
    """Let no program answer for the agent any more."""
    set_agent(agent_id, runner=SCRIPTED, command=())


def ask(name: str, way: str = "directional") -> None:
    """Make and run a sprint until its agent asks."""
    speaker(way)
    create(name)
    assert run(name).sprint.status == "blocked"


def hook(hook_id: str, kind: str, points: tuple[str, ...], target: tuple[str, ...],
         **more: Any) -> Hook:  # fmt: skip
    """Add or change a hook."""
    return hooks.put(HookDefinition(hook_id, kind, points, target, **more))


def sprint(name: str = "") -> Sprint:
    """Return the sprint as it is now; without a name, the only one."""
    return Sprint.objects.get(pk=name) if name else Sprint.objects.get()


def sprints(**only: Any) -> list[Sprint]:
    """Return the sprints, by their names."""
    return [*Sprint.objects.filter(**only)]


def gate_run(**only: Any) -> GateRun:
    """Return the only such run of a gate."""
    return GateRun.objects.get(**only)


def gate_runs(**only: Any) -> list[GateRun]:
    """Return the runs of the gates, oldest first."""
    return [*GateRun.objects.filter(**only).order_by("started_at", "pk")]


def task(**only: Any) -> Task:
    """Return the only such task of an agent."""
    return Task.objects.get(**only)


def delivery(**only: Any) -> Delivery:
    """Return the only such delivery to a hook."""
    return Delivery.objects.get(**only)


def schedule(**only: Any) -> Schedule:
    """Return the only such schedule."""
    return Schedule.objects.get(**only)


def host(name: str = "here", worked_at: datetime | None = None, **more: Any) -> Host:
    """Add a host that lives, whose workers did something at that time, by default now."""
    now = timezone.now()
    values: dict[str, Any] = {"worked_at": worked_at or now, "started_at": worked_at or now}
    values |= {"watch": str(identity()), "workers": 2, "seen_at": now}
    return Host.objects.create(name=name, **values | more)


def forge(table: str, pk: object = None, **values: Any) -> None:
    """Change a row, or all rows of the table, behind the back of the gateway."""
    app = "gates" if table.startswith("gate") else "sprints"
    model: Any = apps.get_model(app, table)
    (model.objects.filter(pk=pk) if pk is not None else model.objects).update(**values)


def events(kind: str = "", **only: Any) -> list[dict[str, Any]]:
    """Return the events, or those of a kind, as events.jsonl has them."""
    if kind:
        only["kind"] = kind
    return [row.body for row in Event.objects.filter(**only).order_by("seq")]


def event(kind: str = "", **only: Any) -> dict[str, Any]:
    """Return the only such event."""
    (found,) = events(kind, **only)
    return found


def last_event() -> dict[str, Any]:
    """Return the newest event."""
    return event(seq=seq())


def seq() -> int:
    """Return the number of events, which is that of the newest."""
    return Head.objects.get().seq


def state() -> dict[str, Any]:
    """Return state.json, brought up to date."""
    settle_files()
    found: dict[str, Any] = json.loads(settings.STORE.state.read_text())
    return found


def differences() -> list[str]:
    """Return what the events, the rows and the files of the store disagree on: a line, or none."""
    return journal.differences(settings.STORE)
