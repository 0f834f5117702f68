"""Make many rows, to measure the cost of a list."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from gates.models import Gate, GateRun
from gates.process import identity
from gateway_project.accounts import token_operations, user_operations
from sprints.models import Agent, Delivery, Host, Round, Schedule, Sprint, Task
from tests import studio
from tests.people import Role


def sprint(n: int) -> Sprint:
    """A sprint that waits for a start; its creation is an event."""
    return studio.create(f"s{n}")


def round_(n: int) -> Round:
    """The first round of a sprint of its own."""
    return Round.objects.create(id=f"s{n}/R0", sprint=sprint(n), code="R0", title="Setup")


def task(n: int) -> Task:
    """A task of a round of its own."""
    at = timezone.now()
    return Task.objects.create(
        id=f"s{n}/R0/t", round=round_(n), task_id="t", title="t", created_at=at, updated_at=at
    )


def gate_run(n: int) -> GateRun:
    """A run in a round of its own."""
    return GateRun.objects.create(
        id=f"s{n}/g/1",
        round=round_(n),
        gate_id="g",
        number=1,
        attempt=1,
        title="g",
        command=["true"],
        required=True,
        digest="",
        status="passed",
        started_at=timezone.now(),
    )


def host(n: int) -> Host:
    """A host that lives, carries a sprint of its own, and whose worker has gone silent."""
    found = sprint(n)
    studio.forge("sprint", found.pk, home=f"place{n}", lease_owner=str(identity()))
    return studio.host(f"h{n}", timezone.now() - timedelta(minutes=1), place=f"place{n}")


def gate(n: int) -> Gate:
    """A gate that passes."""
    studio.gate("true", gate_id=f"g{n}")
    return Gate.objects.get(pk=f"g{n}")


def agent(n: int) -> Agent:
    """One of the roster: there is no other."""
    return Agent.objects.get(pk=f"agent_{n % 15 + 1:02d}")


def hook(n: int) -> Any:
    """A hook that is told of nothing that happens here."""
    return studio.hook(f"h{n}", "command", ("release_ready",), ("true",))


def delivery(n: int) -> Delivery:
    """A delivery that has failed."""
    return Delivery.objects.create(
        id=f"d{n}",
        hook_id="h",
        point="note",
        payload="{}",
        status="failed",
        created_at=timezone.now(),
    )


def schedule(n: int) -> Schedule:
    """A schedule that is on."""
    return studio.add_schedule(f"n{n}", "test", cron="0 2 * * *", zone="UTC")


def user(n: int) -> Any:
    """An operator with a token."""
    found = user_operations.add(f"u{n}", Role.OPERATOR, by="test")
    token_operations.create(found, "test", by="test")
    return found


def entry(n: int) -> LogEntry:
    """Something that a user of its own did to itself."""
    who = user(n)
    kind = ContentType.objects.get_for_model(who)
    return LogEntry.objects.create(
        user=who, content_type=kind, object_id=who.pk, object_repr="x", action_flag=CHANGE
    )


def attempt(n: int) -> AccessAttempt:
    """A failed sign-in from an address of its own."""
    return AccessAttempt.objects.create(
        username=f"u{n}", ip_address=f"10.0.0.{n + 1}", failures_since_start=1, user_agent="x"
    )


TABLES: dict[str, Callable[[int], Any]] = {
    "sprints/sprint": sprint,
    "sprints/round": round_,
    "sprints/task": task,
    "sprints/event": sprint,
    "sprints/host": host,
    "sprints/hook": hook,
    "sprints/delivery": delivery,
    "sprints/schedule": schedule,
    "sprints/agent": agent,
    "gates/gate": gate,
    "gates/gaterun": gate_run,
    "auth/user": user,
    "auth/group": user,
    "accounts/token": user,
    "admin/logentry": entry,
    "axes/accessattempt": attempt,
}
ADMINS_ONLY = {"axes/accessattempt"}
ALONE = {"sprints/head"}  # the one row that it has
