"""Drive the pure engine by hand: decide and reduce with outcomes that a test chooses."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gates.definition import Definition
from gates.verdict import Cause, Judgement, Verdict
from sprints.contract.agent_spec import AgentDefinition
from sprints.contract.contract import DEFAULT_GATE, draft
from sprints.contract.hook_spec import HookDefinition
from sprints.contract.protected_paths import Touched
from sprints.core import commands
from sprints.core.actions import (
    Action,
    Ask,
    Begun,
    Brought,
    Compare,
    Compared,
    Judged,
    Outcome,
    RecoverHook,
    RecoverTask,
    Replied,
    RunHook,
)
from sprints.core.decide import decide
from sprints.core.reducer import needs_effect, reduce
from sprints.prompts.exchange import Exchange
from sprints.prompts.scripted_replies import answer
from sprints.state.delivery_result import DeliveryResult
from sprints.state.engine_meta import SprintMeta
from sprints.state.snapshot import Snapshot, SprintValue, evolve
from sprints.state.transitions import Transition

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
GREEN = Judgement(Verdict.PASSED, 0, "exit code 0", 1.0)
RED = Judgement(Verdict.FAILED, 3, "exit code 3", 1.0)
LOST = Judgement(Verdict.INTERRUPTED, None, "lost", 0.0, cause=Cause.LOST)
YES = DeliveryResult(True, "exit code 0", exit_code=0)
NO = DeliveryResult(False, "exit code 1", exit_code=1)
UNTOUCHED = Touched("a")
NOTHING: list[Transition] = []


def fresh(
    meta: dict | None = None,
    gates: tuple[Definition, ...] = (DEFAULT_GATE,),
    hooks: tuple[HookDefinition, ...] = (),
    agents: tuple[AgentDefinition, ...] = (),
) -> Snapshot:
    """A sprint that has just been started."""
    held = SprintMeta(meta or {})
    sprint = SprintValue(
        "s1", "One", "created", None, "/srv/a/s1", None, held, NOON, None, None, 1, None, ""
    )
    snapshot = Snapshot(sprint, (), (), (), None, 1, NOON)
    move = commands.start(snapshot, draft(meta or {}, gates, hooks, agents), NOON)
    return evolve(snapshot, [move], NOON)


def begun(snapshot: Snapshot) -> Begun:
    """It begins now."""
    return Begun(snapshot.at)


def judged(snapshot: Snapshot, said: Judgement) -> Judged:
    """A gate ends now."""
    return Judged(snapshot.at, said)


def scripted(action: Any) -> Exchange:
    """What the scripted runner answers."""
    return Exchange(answer(action.agent, action.kind))


def step(
    snapshot: Snapshot,
    judge: Callable[[Action], Judgement],
    at: datetime,
    bring: Callable[[Action], DeliveryResult] = lambda action: YES,
    speak: Callable[[Any], Exchange] = scripted,
    compare: Callable[[], Touched] = lambda: UNTOUCHED,
) -> tuple[Snapshot, Action | None, list[Transition]]:
    """One decision, settled: the snapshot after it, the action, the moves."""
    snapshot = replace(snapshot, at=at)
    action = decide(snapshot)
    if action is None:
        return snapshot, None, NOTHING
    moves = reduce(snapshot, action, Begun(at))
    snapshot = evolve(snapshot, moves, at)
    if needs_effect(action):
        answered: Outcome
        if isinstance(action, Ask | RecoverTask):
            answered = Replied(at, speak(action))
        elif isinstance(action, RunHook | RecoverHook):
            answered = Brought(at, bring(action))
        elif isinstance(action, Compare):
            answered = Compared(at, compare())
        else:
            answered = Judged(at, judge(action))
        after = reduce(snapshot, action, answered)
        snapshot = evolve(snapshot, after, at)
        moves = [*moves, *after]
    return snapshot, action, moves


def drive(
    snapshot: Snapshot,
    judge: Callable[[Action], Judgement] = lambda action: GREEN,
    each: timedelta = timedelta(seconds=1),
    bring: Callable[[Action], DeliveryResult] = lambda action: YES,
    speak: Callable[[Any], Exchange] = scripted,
) -> tuple[Snapshot, list[Transition]]:
    """Step until there is nothing left to do; ``each`` is what a step takes."""
    at, told = snapshot.at, list(NOTHING)
    for _ in range(500):
        at += each
        snapshot, action, moves = step(snapshot, judge, at, bring, speak)
        if action is None:
            return snapshot, told
        told += moves
    raise AssertionError("the sprint never ends")
