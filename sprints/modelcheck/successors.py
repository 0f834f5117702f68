"""Generate every possible next step of a sprint; pure.

Steps come from the core, from outside effects, from operators and from crashes. Time stands still
except at the end of a round's minutes. Agents answer at once, unless their behaviour is explored.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from gates.verdict import Judgement, Verdict
from sprints.core import blocking_hooks, commands, decide, fix_loop, gate_runs, reducer, shipping
from sprints.core.actions import (
    Action,
    Ask,
    Begun,
    Brought,
    Compare,
    Judged,
    Merge,
    Outcome,
    Publish,
    Recover,
    RecoverHook,
    RecoverShip,
    RecoverTask,
    Replied,
    RunGate,
    RunHook,
)
from sprints.core.agent_tasks import open_task, task_of
from sprints.core.pending import awaited
from sprints.core.shipping import SHIP
from sprints.modelcheck import agent_model, approval_model, ship_model
from sprints.modelcheck.model import (
    CANCEL,
    CRASH,
    ENGINE,
    FREE,
    TIME,
    WORLD,
    State,
    Step,
    mended,
    recorded,
    sent_back,
)
from sprints.prompts.exchange import Exchange
from sprints.prompts.scripted_replies import answer
from sprints.state.delivery_result import DeliveryResult
from sprints.state.snapshot import Snapshot
from sprints.state.transitions import Transition

MOST_RETRIES = 1
OPERATOR = "sam"

_SAID = {
    Verdict.PASSED: Judgement(Verdict.PASSED, 0, "exit code 0", 1.0),
    Verdict.FAILED: Judgement(Verdict.FAILED, 1, "exit code 1", 1.0),
    Verdict.ERROR: Judgement(Verdict.ERROR, None, "no such program", 0.0),
    Verdict.TIMED_OUT: Judgement(Verdict.TIMED_OUT, -15, "over its time", 1.0),
    Verdict.CANCELLED: Judgement(Verdict.CANCELLED, -15, "stopped", 1.0),
}
_RECOVERS = (Recover, RecoverHook, RecoverShip, RecoverTask)
_YES = DeliveryResult(True, "exit code 0", exit_code=0)
_NO = DeliveryResult(False, "exit code 1", exit_code=1)
_STOPPED = DeliveryResult(False, "stopped", stopped=True)


def steps(state: State) -> Iterator[Step]:
    """Yield every possible next step."""
    snapshot = state.snapshot
    if snapshot.sprint.status == "running":
        yield from _carried(state)
        yield from _disturbed(state)
    else:
        if snapshot.sprint.status in commands.STOPPED and state.retries < MOST_RETRIES:
            yield retried(state)
        yield from approval_model.decided(state)
        yield from led_on(state)
        if snapshot.sprint.status == "blocked":
            yield _asked(state, CANCEL, lambda at: commands.cancel(snapshot, OPERATOR, at))


def _carried(state: State) -> Iterator[Step]:
    """Yield the runner's next step, or the outcomes for which it waits."""
    snapshot = state.snapshot
    try:
        action = decide.decide(snapshot, state.attended)
        launches = [
            (given, decide.decide(given.snapshot, given.attended))
            for given in agent_model.allowances(state, action)
        ]
    except Exception as exc:
        yield Step(ENGINE, "the engine decides", None, fault=f"{type(exc).__name__}: {exc}")
        return
    if launches:
        for given, act in launches:
            yield _begun(given, act) if act else Step(ENGINE, "", None, fault="nothing is decided")
    elif action is None:
        for name in sorted(state.attended):
            yield from _answered(state, _action_of(snapshot, name), name)
    elif isinstance(action, Recover):
        yield from _answered(state, action, action.run_id)
    elif isinstance(action, RecoverHook):
        yield from _answered(state, action, action.delivery_id)
    elif isinstance(action, RecoverShip):
        yield from _answered(state, action, SHIP)
    elif isinstance(action, Compare):
        yield from approval_model.compared(state, action)
    elif isinstance(action, RecoverTask):
        yield from _answered(state, action, action.task)
    else:
        step = _begun(state, action)
        if isinstance(action, Ask) and action.kind == fix_loop.FIX and step.after:
            yield from mended(step, sent_back(state, step.after))
        else:
            yield step


def _begun(state: State, action: Action) -> Step:
    """Return a bookkeeping step, an instant question with its answer, or the start of a run."""
    at = state.snapshot.at
    try:
        moves = reducer.reduce(state.snapshot, action, Begun(at))
        after = recorded(state.snapshot, moves, at)
        attended, programs = state.attended, state.programs
        if agent_model.is_explored(state, action) and isinstance(action, Ask):
            attended |= {open_task(after, action.agent).id}
            programs = agent_model.begun(state, after, action)
        elif isinstance(action, Ask):
            more = reducer.reduce(after, action, Replied(at, exchange_of(after, action)))
            after, moves = recorded(after, more, at), [*moves, *more]
        if isinstance(action, RunGate):
            attended |= {gate_runs.open_run(after, action.gate_id).id}
        elif isinstance(action, RunHook):
            attended |= {blocking_hooks.open_delivery(after, action).id}
        elif isinstance(action, Merge | Publish):
            attended |= {SHIP}
    except Exception as exc:
        return Step(ENGINE, _named(action), None, action, f"{type(exc).__name__}: {exc}")
    found = replace(state, snapshot=after, attended=attended, programs=programs)
    if len(attended) > len(state.attended) and _is_sent_back(state.snapshot, after, action):
        found = sent_back(state, found)
    return Step(ENGINE, _worded(moves), found, action)


def _is_sent_back(before: Snapshot, after: Snapshot, action: Action) -> bool:
    """Return whether the action sends a failed gate back for the first time."""
    is_fix = isinstance(action, Ask) and action.kind == fix_loop.FIX
    return is_fix and len(after.tasks) > len(before.tasks)


def exchange_of(snapshot: Snapshot, action: Ask) -> Exchange:
    """Return the agent's reply."""
    return Exchange(answer(action.agent, action.kind))


def _action_of(snapshot: Snapshot, name: str) -> Action:
    """Return the action that has ``name`` under way."""
    if name == SHIP:
        publishing = shipping.status(snapshot) == shipping.PUBLISHING
        return (Publish if publishing else Merge)(snapshot.current_round.code)
    for run in snapshot.gate_runs:
        if run.id == name:
            return RunGate(run.round_id.split("/")[1], run.gate_id)
    if name in (task.id for task in snapshot.tasks):
        task = task_of(snapshot, name)
        return Ask(task.round_id.split("/")[1], task.owner_agent, task.details["kind"])
    row = blocking_hooks.delivery_of(snapshot, name)
    return RunHook(row.place.split("/")[0], row.hook_id, row.point, row.place, "")


def _answered(state: State, action: Action, name: str) -> Iterator[Step]:
    """Yield every possible outcome of the action."""
    at = state.snapshot.at
    outcomes: list[tuple[str, str, Outcome]]
    if isinstance(action, RunGate | Recover):
        tree = state.tree if state.snapshot.started_contract.base else ""
        outcomes = [
            (
                FREE if said == Verdict.CANCELLED else WORLD,
                said.value,
                Judged(at, replace(judgement, tree=tree)),
            )
            for said, judgement in _SAID.items()
        ]
        lost: Outcome = Judged(at, gate_runs.LOST)
    elif isinstance(action, Ask | RecoverTask):
        outcomes = agent_model.answers(state, action)
    elif isinstance(action, Merge | Publish | RecoverShip):
        outcomes = ship_model.outcomes(state.snapshot, at)
    else:
        outcomes = [
            (WORLD, "yes", Brought(at, _YES)),
            (WORLD, "no", Brought(at, _NO)),
            (FREE, "stopped", Brought(at, _STOPPED)),
        ]
        lost = Brought(at, blocking_hooks.LOST)
    if isinstance(action, Recover | RecoverHook):
        outcomes.append((CRASH, "lost", lost))
    for by, said, outcome in outcomes:
        step = _settled(state, action, name, (by, said, outcome))
        yield from agent_model.steps_of_reply(state, action, said, step)


def _settled(state: State, action: Action, name: str, what: tuple[str, str, Outcome]) -> Step:
    by, said, outcome = what
    text = f"{name.removeprefix('s/')} says {said}"
    try:
        if not awaited(state.snapshot, action):
            return Step(by, text, None, action, "the rows do not wait for that answer")
        moves = reducer.reduce(state.snapshot, action, outcome)
        after = recorded(state.snapshot, moves, outcome.at)
        if awaited(after, action) and isinstance(action, _RECOVERS):
            return Step(by, text, None, action, "the rows still wait once the answer is there")
    except Exception as exc:
        return Step(by, text, None, action, f"{type(exc).__name__}: {exc}")
    truth = state.truth | {name: said}
    attended = state.attended - {name}
    trees = state.trees | {name: state.tree}
    found = replace(state, snapshot=after, attended=attended, truth=truth, trees=trees)
    return Step(by, f"{text}: {_worded(moves)}", found)


def _disturbed(state: State) -> Iterator[Step]:
    """Yield the events that may happen at any moment."""
    snapshot = state.snapshot
    if state.attended:
        yield Step(CRASH, "the gateway is killed", replace(state, attended=frozenset()))
    if not snapshot.sprint.cancel_by:
        yield _asked(state, CANCEL, lambda at: commands.cancel(snapshot, OPERATOR, at))
    if snapshot.paused:
        yield resumed(state)
    else:
        yield _asked(state, FREE, lambda at: commands.pause(snapshot, OPERATOR, "", at))
    left = decide.deadline_of(snapshot)
    if left is not None and left > timedelta(0) and snapshot.current_round.status == "in_progress":
        late = replace(snapshot, at=snapshot.at + left)
        yield Step(
            TIME, f"the minutes of {snapshot.current_round.code} end", replace(state, snapshot=late)
        )


def resumed(state: State) -> Step:
    """Return the step in which an operator resumes a paused sprint."""
    return _asked(state, FREE, lambda at: commands.resume(state.snapshot, OPERATOR))


def led_on(state: State) -> Iterator[Step]:
    """Yield the steps in which an operator answers an agent or raises a budget."""
    if state.programs.kinds:
        for given, act in agent_model.led_on(state):
            yield _asked(given, FREE, act)


def retried(state: State) -> Step:
    """Return the step in which an operator retries a stopped sprint."""
    snapshot = state.snapshot
    again = replace(state, retries=state.retries + 1)
    return _asked(again, FREE, lambda at: commands.retry(snapshot, snapshot.started_contract, at))


def _asked(state: State, by: str, act: Callable[[datetime], Transition | None]) -> Step:
    at = state.snapshot.at
    try:
        move = act(at)
        if move is None:
            return Step(by, "an operator's act", None, fault="it changes nothing")
        after = recorded(state.snapshot, [move], at)
    except Exception as exc:
        return Step(by, "an operator's act", None, fault=f"{type(exc).__name__}: {exc}")
    return Step(by, move.message, replace(state, snapshot=after))


def _worded(moves: list[Transition]) -> str:
    return "; ".join(move.message for move in moves) or "nothing is recorded"


def _named(action: Action) -> str:
    return type(action).__name__
