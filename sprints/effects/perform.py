"""Perform an action: run a gate, ask an agent, recover what a crash left."""

import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from gates import evidence, process
from gates.kinds import KINDS
from gates.kinds.command import Place, judgement
from gates.verdict import Judgement, Verdict
from sprints.agents import output_excerpt
from sprints.core import fix_loop
from sprints.core.actions import (
    Action,
    Ask,
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
from sprints.core.agent_tasks import task_of
from sprints.core.blocking_hooks import delivery_of
from sprints.core.decide import deadline_of
from sprints.core.gate_runs import LOST, open_run, run_of
from sprints.effects import agent_call, diff_protected, hook_call, ship, workspace
from sprints.effects.context import EffectContext
from sprints.state import network_use
from sprints.state.event_format import stamp
from sprints.state.messages import message
from sprints.state.snapshot import GateRunValue, Snapshot


def perform(snapshot: Snapshot, action: Action, world: EffectContext) -> Outcome:
    """Perform the action and return its outcome. Failures of gates and agents never raise.

    Raises ``Interrupted`` if git was stopped: as after a crash, the action has no outcome. Raises
    ``ValueError`` for an action without an outside effect.
    """
    goes_on = isinstance(action, Publish | RecoverShip)
    with process.watched(world.leaves if goes_on else world.tick):
        return _performed(snapshot, action, world)


def _performed(snapshot: Snapshot, action: Action, world: EffectContext) -> Outcome:
    match action:
        case Ask():
            left_s = _left_s(snapshot, world)
            exchange = agent_call.ask(snapshot, action, world, left_s)
            return Replied(world.clock(), exchange)
        case RecoverTask():
            task = task_of(snapshot, action.task)
            return Replied(world.clock(), agent_call.recover(snapshot, task, world))
        case RunGate():
            run = open_run(snapshot, action.gate_id)
            said = _run_gate(snapshot, action, world)
            return Judged(world.clock(), _with_excerpt(snapshot, run, said))
        case Recover():
            run = run_of(snapshot, action.run_id)
            done = process.recover(run_dir(run), token(run))
            said = _shown(run_dir(run), judgement(done) if done else LOST)
            said = workspace.after_gate(snapshot, run, world, said)
            return Judged(world.clock(), _with_excerpt(snapshot, run, _hinted(run.gate_id, said)))
        case RunHook():
            return Brought(world.clock(), hook_call.run(snapshot, action, world))
        case RecoverHook():
            row = delivery_of(snapshot, action.delivery_id)
            return Brought(world.clock(), hook_call.recover(snapshot, row))
        case Merge() | Publish() | RecoverShip():
            return ship.run(snapshot, world)
        case Compare():
            return diff_protected.compare(snapshot, world)
    raise ValueError(f"{action} asks nothing of the world")


def is_instant(snapshot: Snapshot, action: Action) -> bool:
    """Return whether the outcome is a mere computation.

    A crash can lose nothing then, so question and answer may be recorded together.
    """
    return isinstance(action, Ask) and snapshot.started_contract.agent(action.agent) is None


def run_dir(run: GateRunValue) -> Path:
    """Return the folder of that run."""
    return Path(run.stdout_path).parent / "runs" / str(run.number)


def token(run: GateRunValue) -> str:
    """Return a name unique to this run in all stores: its id and its start."""
    return f"{run.id}@{stamp(run.started_at)}"


def _run_gate(snapshot: Snapshot, action: RunGate, world: EffectContext) -> Judgement:
    gate = snapshot.started_contract.gate(action.gate_id)
    run = open_run(snapshot, gate.gate_id)
    timeout_s = min(gate.timeout_s, _left_s(snapshot, world))
    try:
        folder = evidence.prepare(Path(run.stdout_path).parent, run.number)
    except OSError as exc:
        reason = message("outcome.no_output_folder", error=_worded(exc))
        return Judgement(Verdict.ERROR, None, reason, 0.0)

    def judge(cwd: Path, apart: bool) -> Judgement:
        sandbox = workspace.sandbox_of(snapshot, world, cwd)
        place = Place(cwd, folder, token(run), timeout_s, world.not_after(), apart, sandbox)
        return KINDS[gate.kind](gate, place, world.tick)

    said = _shown(folder, workspace.judged(snapshot, run, world, judge))
    said = _hinted(run.gate_id, said)
    if said.verdict == Verdict.TIMED_OUT and timeout_s < gate.timeout_s:
        reason = message("outcome.round_ended", round_id=action.code, reason=said.reason)
        return replace(said, reason=reason)
    return said


def _hinted(gate_id: str, said: Judgement) -> Judgement:
    """Return the judgement, with what to type if a failed gate missed something in its network."""
    missed, refused = said.network.get("missed", {}), network_use.refused(said.network)
    if said.verdict not in (Verdict.FAILED, Verdict.TIMED_OUT) or not (missed or refused):
        return said
    if refused:
        about = {"reason": said.reason, "gate_id": gate_id, "hosts": ", ".join(refused)}
        return replace(said, reason=message("outcome.refused", **about))
    name = "outcome.cut_off" if "outside" in missed else "outcome.cut_off_here"
    return replace(said, reason=message(name, reason=said.reason, gate_id=gate_id))


def _left_s(snapshot: Snapshot, world: EffectContext) -> float:
    """Return the seconds until the round's deadline; infinity if the deadline only warns."""
    left = deadline_of(replace(snapshot, at=world.clock()))
    if snapshot.started_contract.deadline != "stop" or left is None:
        return math.inf
    return max(0.1, left / timedelta(seconds=1))


def _shown(folder: Path, said: Judgement) -> Judgement:
    """Return the judgement with its outputs, once they are linked as the gate's latest."""
    said = replace(said, outputs=evidence.digests(folder), place=settings.STORE.place_of(folder))
    try:
        evidence.complete(folder)
    except OSError as exc:
        about = {"reason": said.reason, "error": _worded(exc)}
        return replace(said, reason=message("outcome.output_not_shown", **about))
    return said


def _with_excerpt(snapshot: Snapshot, run: GateRunValue, said: Judgement) -> Judgement:
    """Return the judgement with an excerpt of the output, if the failure may be sent back."""
    judged = replace(run, tree=said.tree, cause=said.cause)
    is_red = said.verdict in (Verdict.FAILED, Verdict.ERROR, Verdict.TIMED_OUT)
    if not (is_red and fix_loop.concerns(snapshot, judged)):
        return said
    return replace(said, excerpt=output_excerpt.excerpt(run_dir(run)))


def _worded(exc: OSError) -> str:
    return f"{exc.strerror}: {exc.filename}" if exc.filename else str(exc)
