"""All that can happen to a sprint next: what the engine does, what the world answers, what an
operator asks for, and what breaks. Pure; time stands still but where the minutes of a round end,
and agents always answer, at once: what a program may do that answers for one is not walked through.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from gates.verdict import Judgement, Verdict
from sprints.agents.exchange import Exchange
from sprints.agents.scripted import answer
from sprints.engine import (
    acts,
    decide,
    feedback,
    gate_moves,
    hook_moves,
    perform,
    settle,
    ship_moves,
    walked_approvals,
)
from sprints.engine.actions import (
    Action,
    Ask,
    Begun,
    Brought,
    Compare,
    Judged,
    Merge,
    Merged,
    Outcome,
    Publish,
    Published,
    Recover,
    RecoverHook,
    RecoverShip,
    Replied,
    RunGate,
    RunHook,
)
from sprints.engine.awaited import awaited
from sprints.engine.ship_moves import SHIP
from sprints.engine.walked import (
    CANCEL,
    CRASH,
    ENGINE,
    FREE,
    TIME,
    WORLD,
    State,
    Step,
    mended,
)
from sprints.hooks.letter import Answer
from sprints.models.moves import Create, Move, MoveRefused
from sprints.release import ship
from sprints.snapshot import Snapshot, evolve

MOST_RETRIES = 1
OPERATOR = "sam"

_SAID = {
    Verdict.PASSED: Judgement(Verdict.PASSED, 0, "exit code 0", 1.0),
    Verdict.FAILED: Judgement(Verdict.FAILED, 1, "exit code 1", 1.0),
    Verdict.ERROR: Judgement(Verdict.ERROR, None, "no such program", 0.0),
    Verdict.TIMED_OUT: Judgement(Verdict.TIMED_OUT, -15, "over its time", 1.0),
    Verdict.CANCELLED: Judgement(Verdict.CANCELLED, -15, "stopped", 1.0),
}
_YES = Answer(True, "exit code 0", exit_code=0)
_NO = Answer(False, "exit code 1", exit_code=1)
_STOPPED = Answer(False, "stopped", stopped=True)


def steps(state: State) -> Iterator[Step]:
    """Everything that can happen next."""
    snapshot = state.snapshot
    if snapshot.sprint.status == "running":
        yield from _carried(state)
        yield from _disturbed(state)
    else:
        if snapshot.sprint.status in acts.STOPPED and state.retries < MOST_RETRIES:
            yield retried(state)
        yield from walked_approvals.decided(state)
        if snapshot.sprint.status == "blocked":
            yield _asked(state, CANCEL, lambda at: acts.cancel(snapshot, OPERATOR, at))


def _carried(state: State) -> Iterator[Step]:
    """What the carrier does next, or is waiting for."""
    snapshot = state.snapshot
    try:
        action = decide.decide(snapshot, state.attended)
    except Exception as exc:
        yield Step(ENGINE, "the engine decides", None, fault=f"{type(exc).__name__}: {exc}")
        return
    if action is None:
        for name in sorted(state.attended):
            yield from _answered(state, _action_of(snapshot, name), name)
    elif isinstance(action, Recover):
        yield from _answered(state, action, action.run_id)
    elif isinstance(action, RecoverHook):
        yield from _answered(state, action, action.delivery_id)
    elif isinstance(action, RecoverShip):
        yield from _answered(state, action, SHIP)
    elif isinstance(action, Compare):
        yield from walked_approvals.compared(state, action)
    else:
        step = _begun(state, action)
        if isinstance(action, Ask) and action.kind == feedback.FIX and step.after:
            yield from mended(state, step, step.after)
        else:
            yield step


def _begun(state: State, action: Action) -> Step:
    """A step of bookkeeping, an instant question and its answer, or the beginning of a run."""
    at = state.snapshot.at
    try:
        moves = settle.settle(state.snapshot, action, Begun(at))
        after = _recorded(state.snapshot, moves, at)
        if isinstance(action, Ask):
            more = settle.settle(after, action, Replied(at, heard(after, action)))
            after, moves = _recorded(after, more, at), [*moves, *more]
        attended = state.attended
        if isinstance(action, RunGate):
            attended |= {gate_moves.open_run(after, action.gate_id).id}
        elif isinstance(action, RunHook):
            attended |= {hook_moves.open_delivery(after, action).id}
        elif isinstance(action, Merge | Publish):
            attended |= {SHIP}
    except Exception as exc:
        return Step(ENGINE, _named(action), None, action, f"{type(exc).__name__}: {exc}")
    return Step(ENGINE, _worded(moves), replace(state, snapshot=after, attended=attended), action)


def heard(snapshot: Snapshot, action: Ask) -> Exchange:
    """What the agent answers."""
    return Exchange(answer(action.agent, action.kind))


def _action_of(snapshot: Snapshot, name: str) -> Action:
    """The action that has ``name`` under way."""
    if name == SHIP:
        publishing = ship_moves.status(snapshot) == ship_moves.PUBLISHING
        return (Publish if publishing else Merge)(snapshot.now.code)
    for run in snapshot.gate_runs:
        if run.id == name:
            return RunGate(run.round_id.split("/")[1], run.gate_id)
    row = hook_moves.delivery_of(snapshot, name)
    return RunHook(row.place.split("/")[0], row.hook_id, row.point, row.place, "")


def _answered(state: State, action: Action, name: str) -> Iterator[Step]:
    """Every answer that the world may give."""
    at = state.snapshot.at
    outcomes: list[tuple[str, str, Outcome]]
    if isinstance(action, RunGate | Recover):
        tree = state.tree if state.snapshot.terms.base else ""
        outcomes = [
            (
                FREE if said == Verdict.CANCELLED else WORLD,
                said.value,
                Judged(at, replace(judgement, tree=tree)),
            )
            for said, judgement in _SAID.items()
        ]
        lost: Outcome = Judged(at, perform.LOST)
    elif isinstance(action, Merge | Publish | RecoverShip):
        outcomes = _shipped(state.snapshot, at)
    else:
        outcomes = [
            (WORLD, "yes", Brought(at, _YES)),
            (WORLD, "no", Brought(at, _NO)),
            (FREE, "stopped", Brought(at, _STOPPED)),
        ]
        lost = Brought(at, hook_moves.LOST)
    if isinstance(action, Recover | RecoverHook):
        outcomes.append((CRASH, "lost", lost))
    for by, said, outcome in outcomes:
        yield _settled(state, action, name, (by, said, outcome))


def _shipped(snapshot: Snapshot, at: datetime) -> list[tuple[str, str, Outcome]]:
    """What may come of a merge, or of its publishing."""
    if ship_moves.status(snapshot) == ship_moves.PUBLISHING:
        return [
            (WORLD, "shipped", Published(at, tag="t")),
            (WORLD, "moved", Published(at, moved=True)),
            (WORLD, "refused", Published(at, reason="not clean")),
        ]
    url = "u" if snapshot.terms.ship_remote else ""
    tree = f"t{ship_moves.state(snapshot)['try']}"  # the base has moved since the last one
    return [
        (WORLD, "merged", Merged(at, ship.Merge("main", "b", "h", "c", tree, url=url))),
        (WORLD, "nothing", Merged(at, ship.Merge("main", "b", "h"))),
        (WORLD, "conflict", Merged(at, ship.Merge("main", "b", "h", reason="it conflicts"))),
    ]


def _settled(state: State, action: Action, name: str, what: tuple[str, str, Outcome]) -> Step:
    by, said, outcome = what
    text = f"{name.removeprefix('s/')} says {said}"
    try:
        if not awaited(state.snapshot, action):
            return Step(by, text, None, action, "the rows do not wait for that answer")
        moves = settle.settle(state.snapshot, action, outcome)
        after = _recorded(state.snapshot, moves, outcome.at)
        if awaited(after, action) and isinstance(action, Recover | RecoverHook | RecoverShip):
            return Step(by, text, None, action, "the rows still wait once the answer is there")
    except Exception as exc:
        return Step(by, text, None, action, f"{type(exc).__name__}: {exc}")
    truth = state.truth | {name: said}
    attended = state.attended - {name}
    trees = state.trees | {name: state.tree}
    found = replace(state, snapshot=after, attended=attended, truth=truth, trees=trees)
    return Step(by, f"{text}: {_worded(moves)}", found)


def _disturbed(state: State) -> Iterator[Step]:
    """What may come between at any moment."""
    snapshot = state.snapshot
    if state.attended:
        yield Step(CRASH, "the gateway is killed", replace(state, attended=frozenset()))
    if not snapshot.sprint.cancel_by:
        yield _asked(state, CANCEL, lambda at: acts.cancel(snapshot, OPERATOR, at))
    if snapshot.paused:
        yield resumed(state)
    else:
        yield _asked(state, FREE, lambda at: acts.pause(snapshot, OPERATOR, "", at))
    left = decide.deadline_of(snapshot)
    if left is not None and left > timedelta(0) and snapshot.now.status == "in_progress":
        late = replace(snapshot, at=snapshot.at + left)
        yield Step(TIME, f"the minutes of {snapshot.now.code} end", replace(state, snapshot=late))


def resumed(state: State) -> Step:
    """An operator lets a paused sprint go on."""
    return _asked(state, FREE, lambda at: acts.resume(state.snapshot, OPERATOR))


def retried(state: State) -> Step:
    """An operator has a sprint that was stopped tried again."""
    snapshot = state.snapshot
    again = replace(state, retries=state.retries + 1)
    return _asked(again, FREE, lambda at: acts.retry(snapshot, snapshot.terms, at))


def _asked(state: State, by: str, act: Callable[[datetime], Move]) -> Step:
    at = state.snapshot.at
    try:
        move = act(at)
        after = _recorded(state.snapshot, [move], at)
    except Exception as exc:
        return Step(by, "an operator's act", None, fault=f"{type(exc).__name__}: {exc}")
    return Step(by, move.message, replace(state, snapshot=after))


def _recorded(snapshot: Snapshot, moves: list[Move], at: datetime) -> Snapshot:
    """The snapshot once that is on record. Raises ``MoveRefused``, as ``record`` would, also for a
    row that is not there.
    """
    known = {snapshot.sprint_id, *(row.id for row in snapshot.rounds)}
    known.update(row.id for row in snapshot.tasks)
    known.update(row.id for row in snapshot.gate_runs)
    known.update(row.id for row in snapshot.deliveries)
    for change in (change for move in moves for change in move.changes):
        if isinstance(change, Create):
            known.add(change.id)
        elif change.id not in known:
            raise MoveRefused(f"no {change.row} {change.id}")
    return evolve(snapshot, moves, at)


def _worded(moves: list[Move]) -> str:
    return "; ".join(move.message for move in moves) or "nothing is recorded"


def _named(action: Action) -> str:
    return type(action).__name__
