"""Run a queued task: one sprint, or a heartbeat of the workers."""

import contextlib

from django.db import DatabaseError
from django.db.models.functions import Now
from django.utils import timezone

from gates import fault_points, process
from gates.models import GateRun
from sprints.core import agent_tasks
from sprints.core.reducer import fault
from sprints.core.wait_reason import overdue
from sprints.models import Host, Sprint, Task
from sprints.models.lease import LeaseUnavailable, in_order, next_in_order, take, without_runner
from sprints.models.transitions import record, runner_idle
from sprints.queue import approval_timeouts
from sprints.queue.enqueue import WORK, _is_queued, _place_of, ask
from sprints.runner.runner import LeaseLost, StopRequest, run_sprint
from sprints.state.event_format import stamp
from sprints.state.transitions import ExpectedVersion, MoveRefused
from sprints.store.layout import StoreError
from sprints.store.log_and_retry import AWAY, put_off

# The stop flags of this process: a worker's SIGTERM sets ``hand_back``.
STOP_REQUEST = StopRequest()


def work(sprint_id: str) -> None:
    """Run the sprint as far as it goes without waiting; do nothing if another process runs it.

    If another sprint has its turn first, as after a lost message, that one is run instead.
    """
    if STOP_REQUEST.hand_back:
        return
    fault_points.point("task_started")
    sprint_id = _first(sprint_id)
    is_ending = Sprint.objects.filter(pk=sprint_id).exclude(cancel_by="").exists()
    try:
        lease = take(sprint_id, process.identity(), beside=is_ending)
    except (LeaseUnavailable, Sprint.DoesNotExist):
        return
    fault_points.point("lease_taken")
    try:
        run_sprint(lease, STOP_REQUEST)
    except LeaseLost:
        return  # the new runner goes on
    except AWAY as exc:
        put_off(exc)  # a fault that may pass, as the next ones: ``reconcile`` queues it again
        return
    except (DatabaseError, OSError, StoreError):
        raise
    except Exception as exc:
        _give_up(sprint_id, exc)
        raise
    finally:
        runner_idle.send_robust(sender=work, resting=True)
    if not STOP_REQUEST.hand_back:
        reconcile()


def _first(sprint_id: str) -> str:
    """Return the sprint whose turn it is here; ``sprint_id`` if that is none, or none in order."""
    if not in_order().filter(pk=sprint_id).exists():
        return sprint_id  # it is to be ended, or goes nowhere
    first = next_in_order()
    return first.pk if first else sprint_id


def _give_up(sprint_id: str, exc: Exception) -> None:
    """End a sprint that the core cannot run, unless another process runs it by now."""
    row = Sprint.objects.only("version", "current_round", "waiting").get(pk=sprint_id)
    at = timezone.now()
    runs = GateRun.objects.filter(round__sprint=sprint_id, status=GateRun.RUNNING)
    text = f"{type(exc).__name__}: {exc}"[:300]
    open_runs = list(runs.values_list("pk", flat=True))
    tasks = Task.objects.filter(round__sprint=sprint_id, status__in=agent_tasks.STILL)
    open_tasks = list(tasks.values_list("pk", flat=True))
    waits = row.waiting is not None
    move = fault(sprint_id, row.current_round, open_runs, text, at, open_tasks, waits=waits)
    with contextlib.suppress(MoveRefused):
        record(sprint_id, [move], ExpectedVersion(row.version), at)


def heartbeat(host: str) -> None:
    """Record the heartbeat of a worker of ``host``, and look for sprints without a runner."""
    Host.objects.filter(pk=host).update(worked_at=Now())
    record_overdue()
    approval_timeouts.carry_out()
    runner_idle.send_robust(sender=heartbeat, resting=True)
    reconcile()


def record_overdue() -> None:
    """Record once each wait that has outlasted its time."""
    at = timezone.now()
    running = Sprint.objects.filter(status=Sprint.Status.RUNNING, waiting__until_ts__lt=stamp(at))
    running = running.filter(started_at__isnull=False)  # imported waits do not count
    for row in running.only("version", "status", "waiting"):
        if not row.waiting or row.waiting.get("overdue"):
            continue
        move = overdue(row.pk, row.status, row.waiting)
        with contextlib.suppress(MoveRefused):  # the sprint moved after all
            record(row.pk, [move], ExpectedVersion(row.version), at)


def reconcile() -> str | None:
    """Queue the sprint that has waited longest, if there is room for it; return its id.

    Return None if its message is queued already.
    """
    sprint = without_runner()
    if sprint is None or _is_queued(WORK, sprint.pk, _place_of(sprint.pk)):
        return None
    ask(sprint.pk)
    return sprint.pk
