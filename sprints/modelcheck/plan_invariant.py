"""Check that planned tasks are done in their order and completely; pure."""

from collections.abc import Iterator

from sprints.core.actions import Ask, RunGate
from sprints.core.assignment import WORK, name_in
from sprints.modelcheck.model import State, Step
from sprints.prompts.lead_plan import BUILD, POLISH, plan_for
from sprints.state.snapshot import Snapshot


def builds_as_planned(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield tasks begun before their predecessors, and rounds judged before their tasks."""
    now = before.snapshot.round_if_any
    if now is None or now.code not in WORK:
        return
    planned = plan_for(before.snapshot, now.code)
    if not planned:
        return
    done = _done(before.snapshot)
    if isinstance(step.action, Ask) and step.action.kind == WORK[now.code]:
        (task,) = (task for task in planned if task.id == step.action.task)
        for name in sorted({*task.after} - done):
            yield f"{task.id} has begun before its predecessor {name} is done"
    closed = any(one.id == now.id and one.status == "done" for one in after.snapshot.rounds)
    if closed or isinstance(step.action, RunGate):
        for name in (task.id for task in planned if task.id not in done):
            yield f"{step.text}, and task {name} of {now.code} is not done"


def _done(snapshot: Snapshot) -> set[str]:
    """Return the ids of the planned tasks that are done in this round and attempt."""
    kinds = (WORK[BUILD], WORK[POLISH])
    tasks = snapshot.tasks_of(snapshot.current_round.id)
    mine = [task for task in tasks if task.details["kind"] in kinds and task.status == "done"]
    return {name_in(task) for task in mine}
