"""Name the run, task or delivery for which the rows wait during an action; pure."""

from sprints.core import agent_tasks, blocking_hooks, gate_runs, shipping
from sprints.core.actions import (
    Action,
    Ask,
    Merge,
    Publish,
    Recover,
    RecoverHook,
    RecoverShip,
    RecoverTask,
    RunGate,
    RunHook,
)
from sprints.state.snapshot import DeliveryValue, Snapshot, TaskValue


def awaited(snapshot: Snapshot, action: Action) -> str:
    """Return the name of the run or attempt whose result ends ``action``; empty if none.

    Each attempt has another name.
    """
    match action:
        case RunGate(gate_id=gate_id):
            runs = [run for run in snapshot.gate_runs if run.gate_id == gate_id]
            return next((run.id for run in runs if gate_runs.is_open(run)), "")
        case Recover(run_id=run_id):
            return run_id if gate_runs.is_open(gate_runs.run_of(snapshot, run_id)) else ""
        case Ask(agent=agent):
            tasks = [task for task in snapshot.tasks if task.owner_agent == agent]
            return next((_asked(task) for task in tasks if agent_tasks.is_open(task)), "")
        case RecoverTask(task=task_id):
            task = agent_tasks.task_of(snapshot, task_id)
            return _asked(task) if agent_tasks.is_open(task) else ""
        case RunHook(hook_id=hook_id, place=place):
            return _try_of(blocking_hooks.find(snapshot, hook_id, place))
        case RecoverHook(delivery_id=delivery_id):
            return _try_of(blocking_hooks.delivery_of(snapshot, delivery_id))
        case Merge() | Publish() | RecoverShip():
            found = shipping.state(snapshot)
            if found is None or found.status not in shipping.OPEN:
                return ""
            return f"{found.status} {found.tries} {found.since_ts}"
    return ""


def _asked(task: TaskValue) -> str:
    """Return the attempt's name with its number: after a clock change, times may repeat."""
    return f"{agent_tasks.token(task)} {task.details['try']}"


def _try_of(row: DeliveryValue | None) -> str:
    return f"{row.id} {row.tries}" if row and row.status == "running" else ""
