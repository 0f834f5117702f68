"""What an outcome means for the rows: a pure function to moves.

A world action is settled twice: with ``Begun`` before it is performed, so that a crash finds it
on record, and with what the world answered.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from gates.models import GateRun
from gates.verdict import Verdict
from sprints.agents import prompts
from sprints.contract import Contract
from sprints.engine.actions import (
    Action,
    Ask,
    Begun,
    Cancel,
    FailAtGate,
    FinishRound,
    Judged,
    Outcome,
    Recover,
    Replied,
    RunGate,
    StartRound,
    StopOverdue,
    WarnOverdue,
)
from sprints.engine.decide import OVERDUE
from sprints.models.moves import Create, Move, Update
from sprints.snapshot import GateRunValue, RoundValue, Snapshot, TaskValue


def settle(snapshot: Snapshot, action: Action, outcome: Outcome) -> list[Move]:
    """The moves that record ``outcome``. Raises ``ValueError`` for a pair that makes no sense."""
    match action, outcome:
        case StartRound(), Begun(at):
            return [_start_round(snapshot, at)]
        case Ask(), Begun(at):
            return [] if action.again else [_asked(snapshot, action, at)]
        case Ask(), Replied():
            return [_replied(snapshot, action, outcome)]
        case RunGate(), Begun(at):
            return [_gate_started(snapshot, action, at)]
        case Recover(), Begun():
            return []
        case RunGate(), Judged():
            return _judged(snapshot, open_run(snapshot, action.gate_id), outcome)
        case Recover(), Judged():
            return _judged(snapshot, _run(snapshot, action.run_id), outcome)
        case WarnOverdue(), Begun():
            return [_warned(snapshot)]
        case StopOverdue(), Begun(at):
            return [_stopped(snapshot, at)]
        case FailAtGate(), Begun(at):
            return [_failed(snapshot, _run(snapshot, action.run_id), at)]
        case FinishRound(), Begun(at):
            return _finish_round(snapshot, at)
        case Cancel(), Begun(at):
            return [_cancelled(snapshot, at)]
    raise ValueError(f"{action} cannot be settled with {outcome}")


def needs_world(action: Action) -> bool:
    """True where something outside has to answer; the rest is settled as soon as it begins."""
    return isinstance(action, Ask | RunGate | Recover)


def _now(snapshot: Snapshot) -> RoundValue:
    now = snapshot.current
    assert now is not None, "a running sprint is in a round"
    return now


def _contract(snapshot: Snapshot) -> Contract:
    assert snapshot.contract is not None, "a running sprint has a contract"
    return snapshot.contract


def _start_round(snapshot: Snapshot, at: datetime) -> Move:
    now = _now(snapshot)
    values = {"status": "in_progress", "started_at": at, "finished_at": None}
    return Move(
        "round_started",
        f"round started: {now.code}",
        (Update("round", now.id, ("pending",), values),),
        round_id=now.code,
    )


def _asked(snapshot: Snapshot, action: Ask, at: datetime) -> Move:
    now, spec = _now(snapshot), _contract(snapshot).round(action.code)
    attempt = snapshot.sprint.attempt
    task_id = f"{action.kind}_{action.agent}" + (f"_attempt{attempt}" if attempt > 1 else "")
    text = prompts.prompt(
        action.kind,
        action.agent,
        snapshot.sprint_id,
        snapshot.sprint.meta,
        spec,
        _contract(snapshot).profile,
    )
    values = {
        "round_id": now.id,
        "task_id": task_id,
        "title": prompts.title(action.kind, spec),
        "owner_agent": action.agent,
        "status": "in_progress",
        "created_at": at,
        "updated_at": at,
        "attempt": attempt,
        "details": {"kind": action.kind, "attempt": attempt},
        "prompt": text,
    }
    return Move(
        "task_started",
        f"asked {action.agent}: {task_id}",
        (Create("task", f"{now.id}/{task_id}", values),),
        round_id=now.code,
        data={"task_id": task_id, "agent": action.agent, "attempt": attempt, "prompt": text},
    )


def _replied(snapshot: Snapshot, action: Ask, outcome: Replied) -> Move:
    now = _now(snapshot)
    task = open_task(snapshot, action.agent)
    reply = outcome.reply
    values = {
        "status": "done",
        "updated_at": outcome.at,
        "reply": reply.text(),
        "details": task.details | {"reply": reply.status},
    }
    return Move(
        "task_done",
        f"{action.agent} answered: {reply.status}",
        (Update("task", task.id, ("in_progress",), values),),
        round_id=now.code,
        data={"task_id": task.task_id, "agent": action.agent, "reply": asdict(reply)},
    )


def open_task(snapshot: Snapshot, agent: str) -> TaskValue:
    """The task that waits for that agent. Raises ``LookupError``."""
    for task in snapshot.tasks_of(_now(snapshot).id):
        if task.owner_agent == agent and task.status == "in_progress":
            return task
    raise LookupError(f"nothing is asked of {agent}")


def _gate_started(snapshot: Snapshot, action: RunGate, at: datetime) -> Move:
    now, gate = _now(snapshot), _contract(snapshot).gate(action.gate_id)
    number = snapshot.next_number(gate.gate_id)
    folder = f"{snapshot.sprint.artifacts_dir}/gates/{gate.gate_id}"
    values = {
        "round_id": now.id,
        "gate_id": gate.gate_id,
        "number": number,
        "attempt": snapshot.sprint.attempt,
        "title": gate.title,
        "command": [*gate.command],
        "required": gate.required,
        "digest": gate.digest,
        "started_at": at,
        "stdout_path": f"{folder}/stdout.txt",
        "stderr_path": f"{folder}/stderr.txt",
    }
    return Move(
        "gate_started",
        f"gate started: {gate.gate_id}",
        (Create("gate_run", f"{snapshot.sprint_id}/{gate.gate_id}/{number}", values),),
        round_id=now.code,
        data={
            "command": [*gate.command],
            "required": gate.required,
            "gate_id": gate.gate_id,
            "number": number,
            "attempt": snapshot.sprint.attempt,
            "digest": gate.digest,
        },
    )


def _run(snapshot: Snapshot, run_id: str) -> GateRunValue:
    return next(run for run in snapshot.gate_runs if run.id == run_id)


def open_run(snapshot: Snapshot, gate_id: str) -> GateRunValue:
    """The run of that gate that has no verdict yet. Raises ``LookupError``."""
    for run in snapshot.gate_runs:
        if run.gate_id == gate_id and run.status == GateRun.RUNNING:
            return run
    raise LookupError(f"gate {gate_id} is not running")


def _judged(snapshot: Snapshot, run: GateRunValue, outcome: Judged) -> list[Move]:
    said = outcome.judgement
    values = {
        "status": said.verdict.value,
        "exit_code": said.exit_code,
        "reason": said.reason,
        "duration_s": said.duration_s,
        "finished_at": outcome.at,
    }
    code = run.round_id.split("/")[1]
    data: dict[str, Any] = {
        "exit_code": said.exit_code,
        "stdout": run.stdout_path,
        "stderr": run.stderr_path,
        "gate_id": run.gate_id,
        "number": run.number,
        "verdict": said.verdict.value,
        "reason": said.reason,
        "duration_s": said.duration_s,
    }
    if said.strays_killed:
        data["strays_killed"] = said.strays_killed
    if said.dropped_bytes:
        data["dropped_bytes"] = said.dropped_bytes
    moves = [
        Move(
            "gate_finished",
            f"gate finished: {run.gate_id} exit_code={said.exit_code}",
            (Update("gate_run", run.id, (GateRun.RUNNING,), values),),
            round_id=code,
            data=data,
        )
    ]
    if said.verdict == Verdict.INTERRUPTED:
        moves.append(Move("note", f"gate {run.gate_id} is run again", round_id=code))
    elif said.verdict != Verdict.PASSED and not run.required:
        words = f"advisory gate {run.gate_id} said no: {said.reason}"
        moves.append(Move("note", words, round_id=code))
    return moves


def _warned(snapshot: Snapshot) -> Move:
    now = _now(snapshot)
    words = f"{OVERDUE}: {_contract(snapshot).round(now.code).max_minutes:g}"
    values = {"notes": [*now.notes, words]}
    return Move(
        "note",
        f"round {now.code} is {words}",
        (Update("round", now.id, ("in_progress",), values),),
        round_id=now.code,
    )


def _ended(
    snapshot: Snapshot, status: str, error: str, at: datetime
) -> tuple[Update, Update]:
    """The sprint ends in ``status`` and its round stays behind, blocked."""
    now = _now(snapshot)
    values = {"status": status, "last_error": error, "finished_at": at}
    return (
        Update("round", now.id, ("pending", "in_progress"), {"status": "blocked", "finished_at": at}),
        Update("sprint", snapshot.sprint_id, ("running",), values),
    )


def _stopped(snapshot: Snapshot, at: datetime) -> Move:
    code = _now(snapshot).code
    minutes = _contract(snapshot).round(code).max_minutes
    error = f"deadline:{code} minutes={minutes:g}"
    return Move(
        "error",
        f"round {code} is over its {minutes:g} minutes; stopping sprint",
        _ended(snapshot, "failed", error, at),
        round_id=code,
        data={"minutes": minutes},
    )


def _failed(snapshot: Snapshot, run: GateRunValue, at: datetime) -> Move:
    error = f"gate_failed:{run.gate_id} exit_code={run.exit_code}"
    return Move(
        "error",
        "required gate failed; stopping sprint",
        _ended(snapshot, "failed", error, at),
        round_id=_now(snapshot).code,
        data={"exit_code": run.exit_code, "gate_id": run.gate_id, "reason": run.reason},
    )


def _cancelled(snapshot: Snapshot, at: datetime) -> Move:
    by = snapshot.sprint.cancel_by
    round_end, sprint_end = _ended(snapshot, "cancelled", "cancelled_by_user", at)
    tasks = tuple(
        Update("task", task.id, ("in_progress",), {"status": "cancelled", "updated_at": at})
        for task in snapshot.tasks
        if task.status == "in_progress"
    )
    return Move(
        "note",
        f"sprint cancelled by {by}",
        (*tasks, round_end, sprint_end),
        data={"by": by},
    )


def _finish_round(snapshot: Snapshot, at: datetime) -> list[Move]:
    now, following = _now(snapshot), _contract(snapshot).after(_now(snapshot).code)
    acks = [
        task.owner_agent
        for task in snapshot.tasks_of(now.id)
        if task.details.get("kind") == "ack" and task.status == "done"
    ]
    values = {
        "status": "done",
        "finished_at": at,
        "notes": [*now.notes, f"acks_collected={sorted(acks)}"],
    }
    closed = Update("round", now.id, ("in_progress",), values)
    done = "round_done", f"round done: {now.code}"
    if following:
        onward = Update("sprint", snapshot.sprint_id, ("running",), {"current_round": following})
        return [Move(*done, (closed, onward), round_id=now.code)]
    ended = {"status": "succeeded", "current_round": None, "finished_at": at, "last_error": None}
    return [
        Move(*done, (closed,), round_id=now.code),
        Move(
            "note",
            "sprint succeeded",
            (Update("sprint", snapshot.sprint_id, ("running",), ended),),
        ),
    ]
