"""Work in the background: the only package that knows django-q.

A queued message is a hint that may be lost, late or doubled. The lease on the sprint makes
duplicates harmless, and ``reconcile`` asks again for whatever runs with nobody carrying it.
"""

import contextlib
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from gates import process
from sprints.engine.carry import LeaseLost, Wish, carry
from sprints.engine.settle import fault
from sprints.models import Host, Sprint
from sprints.models.lease import Held, take, unheld
from sprints.models.moves import Hold, MoveRefused, engine_waits, record
from sprints.store import StoreError

# The only functions that a worker runs, whatever a queued message names.
ALLOWED = frozenset({"sprints.queue.work", "sprints.queue.beat"})

# What this process has been asked for: a worker's SIGTERM sets ``hand_back``.
WISH = Wish()


def ask(sprint_id: str) -> None:
    """Ask for somebody to carry the sprint; a part of the caller's transaction, if there is one."""
    _enqueue("work", sprint_id)


def ask_beat(host: str) -> None:
    """Ask the workers of ``host`` for a sign of life."""
    _enqueue("beat", host)


def _enqueue(name: str, argument: str) -> None:
    from django_q.tasks import async_task

    async_task(f"sprints.queue.{name}", argument, task_name=f"{name} {argument}")


def work(sprint_id: str) -> None:
    """Carry the sprint as far as it goes without waiting; nothing where that is another's turn."""
    if WISH.hand_back:
        return
    try:
        lease = take(sprint_id, process.identity())
    except (Held, Sprint.DoesNotExist):
        return
    try:
        carry(lease, WISH)
    except LeaseLost:
        return  # whoever has it now goes on
    except (DatabaseError, OSError, StoreError):
        raise  # the world's fault, which may pass: ``reconcile`` asks again
    except Exception as exc:
        _give_up(sprint_id, exc)
        raise
    finally:
        engine_waits.send_robust(sender=work, resting=True)
    if not WISH.hand_back:
        reconcile()


def _give_up(sprint_id: str, exc: Exception) -> None:
    """End a sprint over which the engine has fallen, unless somebody else carries it by now."""
    row = Sprint.objects.only("version", "current_round").get(pk=sprint_id)
    at = timezone.now()
    move = fault(sprint_id, row.current_round or "", f"{type(exc).__name__}: {exc}"[:300], at)
    with contextlib.suppress(MoveRefused):
        record(sprint_id, [move], Hold(row.version), at)


def beat(host: str) -> None:
    """A worker of ``host`` takes messages: say so, and look for sprints that nobody carries."""
    Host.objects.filter(pk=host).update(worked_at=timezone.now())
    reconcile()


def depth() -> dict[str, Any]:
    """How many messages wait or are being worked on, and the age of the oldest in seconds."""
    from django_q.models import OrmQ
    from django_q.signing import SignedPackage

    rows = OrmQ.objects.order_by("id")
    oldest = rows.first()
    begun = SignedPackage.loads(oldest.payload)["started"] if oldest else None
    age = round((timezone.now() - begun).total_seconds(), 1) if begun else None
    return {"messages": rows.count(), "oldest_s": age}


def reconcile() -> str | None:
    """Ask for the sprint that has waited longest, where there is room; returns its id."""
    sprint = unheld()
    if sprint is None:
        return None
    ask(sprint.pk)
    return sprint.pk
