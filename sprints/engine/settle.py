"""What an outcome means for the rows: a pure function to moves.

A world action is settled twice: with ``Begun`` before it is performed, so that a crash finds it
on record, and with what the world answered.
"""

from datetime import datetime

from sprints.engine import gate_moves, hook_moves, task_moves
from sprints.engine.actions import (
    Action,
    Ask,
    Begun,
    BlockAtHook,
    Brought,
    Cancel,
    FailAtGate,
    FinishRound,
    Judged,
    Outcome,
    Recover,
    RecoverHook,
    Replied,
    RunGate,
    RunHook,
    StartRound,
    StopOverdue,
    WarnOverdue,
)
from sprints.engine.decide import OVERDUE
from sprints.models.moves import Move, Update
from sprints.snapshot import DeliveryValue, GateRunValue, Snapshot


def settle(snapshot: Snapshot, action: Action, outcome: Outcome) -> list[Move]:
    """The moves that record ``outcome``. Raises ``ValueError`` for a pair that makes no sense."""
    match action, outcome:
        case StartRound(), Begun(at):
            return [_start_round(snapshot, at)]
        case Ask(), Begun(at):
            return [task_moves.asked(snapshot, action, at)]
        case Ask(), Replied():
            return [task_moves.replied(snapshot, action, outcome)]
        case RunGate(), Begun(at):
            return [gate_moves.started(snapshot, action, at)]
        case Recover(), Begun():
            return []
        case RunGate(), Judged():
            run = gate_moves.open_run(snapshot, action.gate_id)
            return gate_moves.judged(run, gate_moves.meant(snapshot, outcome))
        case Recover(), Judged():
            run = gate_moves.run_of(snapshot, action.run_id)
            outcome = gate_moves.bounded(snapshot, run, outcome)  # of deaths, not of stops
            return gate_moves.judged(run, gate_moves.meant(snapshot, outcome))
        case RunHook(), Begun(at):
            return [hook_moves.begun(snapshot, action, at)]
        case RecoverHook(), Begun():
            return []
        case RunHook(), Brought():
            row = hook_moves.open_delivery(snapshot, action)
            return [hook_moves.answered(snapshot, row, outcome)]
        case RecoverHook(), Brought():
            row = hook_moves.delivery_of(snapshot, action.delivery_id)
            return [hook_moves.answered(snapshot, row, outcome)]
        case BlockAtHook(), Begun(at):
            return [_blocked(snapshot, hook_moves.delivery_of(snapshot, action.delivery_id), at)]
        case WarnOverdue(), Begun():
            return [_warned(snapshot)]
        case StopOverdue(), Begun(at):
            return [_stopped(snapshot, at)]
        case FailAtGate(), Begun(at):
            return [_failed(snapshot, gate_moves.run_of(snapshot, action.run_id), at)]
        case FinishRound(), Begun(at):
            return _finish_round(snapshot, at)
        case Cancel(), Begun(at):
            return [_cancelled(snapshot, at)]
    raise ValueError(f"{action} cannot be settled with {outcome}")


def is_awaited(snapshot: Snapshot, action: Action) -> bool:
    """Whether the rows still wait for what the world answers to ``action``."""
    match action:
        case RunGate(gate_id=gate_id):
            return any(
                gate_moves.is_open(run) and run.gate_id == gate_id for run in snapshot.gate_runs
            )
        case Recover(run_id=run_id):
            return gate_moves.is_open(gate_moves.run_of(snapshot, run_id))
        case RunHook() | RecoverHook():
            return any(row.status == "running" for row in snapshot.deliveries)
    return False


def needs_world(action: Action) -> bool:
    """True where something outside has to answer; the rest is settled as soon as it begins."""
    return isinstance(action, Ask | RunGate | Recover | RunHook | RecoverHook)


def fault(sprint_id: str, code: str, text: str, at: datetime) -> Move:
    """End a sprint over which the engine itself has fallen: it would again at each start. It may
    have fallen over the rows, so they are not asked.
    """
    return Move(
        "error",
        f"the engine cannot carry the sprint: {text}",
        _ended(sprint_id, code, "failed", f"engine_error:{text}", at),
        round_id=code,
    )


def _start_round(snapshot: Snapshot, at: datetime) -> Move:
    now = snapshot.now
    values = {"status": "in_progress", "started_at": at, "finished_at": None}
    return Move(
        "round_started",
        f"round started: {now.code}",
        (Update("round", now.id, ("pending",), values),),
        round_id=now.code,
    )


def _warned(snapshot: Snapshot) -> Move:
    now = snapshot.now
    words = f"{OVERDUE}: {snapshot.terms.round(now.code).max_minutes:g}"
    values = {"notes": [*now.notes, words]}
    return Move(
        "note",
        f"round {now.code} is {words}",
        (Update("round", now.id, ("in_progress",), values),),
        round_id=now.code,
    )


def _ended(
    sprint_id: str, code: str, status: str, error: str, at: datetime
) -> tuple[Update, Update]:
    """The sprint ends in ``status`` and its round stays behind, blocked."""
    stays = {"status": "blocked", "finished_at": at}
    ends = {"status": status, "last_error": error, "finished_at": at}
    return (
        Update("round", f"{sprint_id}/{code}", ("pending", "in_progress"), stays),
        Update("sprint", sprint_id, ("running",), ends),
    )


def _stopped(snapshot: Snapshot, at: datetime) -> Move:
    code = snapshot.now.code
    minutes = snapshot.terms.round(code).max_minutes
    error = f"deadline:{code} minutes={minutes:g}"
    return Move(
        "error",
        f"round {code} is over its {minutes:g} minutes; stopping sprint",
        _ended(snapshot.sprint_id, code, "failed", error, at),
        round_id=code,
        data={"minutes": minutes},
    )


def _failed(snapshot: Snapshot, run: GateRunValue, at: datetime) -> Move:
    error = f"gate_failed:{run.gate_id} exit_code={run.exit_code}"
    return Move(
        "error",
        "required gate failed; stopping sprint",
        _ended(snapshot.sprint_id, snapshot.now.code, "failed", error, at),
        round_id=snapshot.now.code,
        data={"exit_code": run.exit_code, "gate_id": run.gate_id, "reason": run.reason},
    )


def _blocked(snapshot: Snapshot, row: DeliveryValue, at: datetime) -> Move:
    error = f"hook_failed:{row.hook_id} {row.reason}"
    return Move(
        "error",
        f"hook {row.hook_id} said no at {row.point}; the sprint is blocked",
        _ended(snapshot.sprint_id, snapshot.now.code, "blocked", error, at),
        round_id=snapshot.now.code,
        data={"hook_id": row.hook_id, "delivery": row.id, "reason": row.reason},
    )


def _cancelled(snapshot: Snapshot, at: datetime) -> Move:
    by = snapshot.sprint.cancel_by
    round_end, sprint_end = _ended(
        snapshot.sprint_id, snapshot.now.code, "cancelled", "cancelled_by_user", at
    )
    tasks = tuple(
        Update("task", task.id, ("in_progress",), {"status": "cancelled", "updated_at": at})
        for task in snapshot.tasks
        if task.status == "in_progress"
    )
    return Move(
        "note",
        f"sprint cancelled by {by}",
        (*tasks, *hook_moves.dropped(snapshot, at), round_end, sprint_end),
        data={"by": by},
    )


def _finish_round(snapshot: Snapshot, at: datetime) -> list[Move]:
    now, following = snapshot.now, snapshot.terms.after(snapshot.now.code)
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
