"""Record gate runs and their verdicts in the rows; pure, a part of the reducer."""

from dataclasses import replace
from datetime import datetime

from gates.verdict import RUNNING, Cause, Judgement, Verdict
from sprints.contract.json_types import JsonObject
from sprints.contract.sandbox import OFF
from sprints.core.actions import (
    MOST_LOST,
    Judged,
    RunGate,
)
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.messages import message
from sprints.state.row_changes import GateRunFields, create_gate_run, update_gate_run
from sprints.state.snapshot import GateRunValue, Snapshot
from sprints.state.transitions import Transition


def started(snapshot: Snapshot, action: RunGate, at: datetime) -> Transition:
    """Record the run before it begins, so that a crash finds it."""
    now, gate = snapshot.current_round, snapshot.started_contract.gate(action.gate_id)
    number = snapshot.next_number(gate.gate_id)
    folder = f"{snapshot.sprint.artifacts_dir}/gates/{gate.gate_id}"
    values: GateRunFields = {
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
    return Transition(
        EventKind.GATE_STARTED,
        message("event.gate_started", gate_id=gate.gate_id),
        (create_gate_run(f"{snapshot.sprint_id}/{gate.gate_id}/{number}", values),),
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


def run_of(snapshot: Snapshot, run_id: str) -> GateRunValue:
    """Return the run of that id. Raises ``LookupError``."""
    for run in snapshot.gate_runs:
        if run.id == run_id:
            return run
    raise LookupError(f"no gate run {run_id}")


def open_run(snapshot: Snapshot, gate_id: str) -> GateRunValue:
    """Return the gate's run without a verdict. Raises ``LookupError``."""
    for run in snapshot.gate_runs:
        if run.gate_id == gate_id and is_open(run):
            return run
    raise LookupError(f"gate {gate_id} is not running")


def is_open(run: GateRunValue) -> bool:
    """Return whether the run has no verdict yet."""
    return run.status == RUNNING


def bounded(snapshot: Snapshot, run: GateRunValue, outcome: Judged) -> Judged:
    """Return the outcome of a recovered run, as an error after too many gateway deaths.

    The gate may be the cause of these deaths.
    """
    said = outcome.judgement
    before = snapshot.runs_of(run.round_id, run.gate_id)
    times = 1 + sum((one.status, one.cause) == (said.verdict, said.cause) for one in before)
    if said.verdict != Verdict.INTERRUPTED or times < MOST_LOST:
        return outcome
    about = {"reason": said.reason, "times": times, "what": "gate"}
    reason = message("reason.lost_too_often", **about)
    too_often = replace(said, verdict=Verdict.ERROR, reason=reason, cause=Cause.LOST_TOO_OFTEN)
    return replace(outcome, judgement=too_often)


def meant(snapshot: Snapshot, outcome: Judged) -> Judged:
    """Return the outcome of a stopped gate: cancelled only if the sprint is, else interrupted.

    An interrupted gate says nothing about the work and runs again.
    """
    said = outcome.judgement
    if said.verdict != Verdict.CANCELLED or snapshot.sprint.cancel_by:
        return outcome
    return replace(outcome, judgement=replace(said, verdict=Verdict.INTERRUPTED))


def _reported(said: Judgement) -> str:
    """Return the sandbox of the run; empty if there was none."""
    return "" if said.confined == OFF else said.confined


def judged(run: GateRunValue, outcome: Judged) -> list[Transition]:
    """Record the verdict, and a warning if a failure does not stop the sprint."""
    said = outcome.judgement
    values: GateRunFields = {
        "status": said.verdict.value,
        "exit_code": said.exit_code,
        "reason": said.reason,
        "cause": said.cause.value,
        "tree": said.tree,
        "excerpt": said.excerpt,
        "confined": _reported(said),
        "network": {**said.network},
        "duration_s": said.duration_s,
        "finished_at": outcome.at,
    }
    code = run.round_id.split("/")[1]
    data: JsonObject = {
        "exit_code": said.exit_code,
        "stdout": run.stdout_path,
        "stderr": run.stderr_path,
        "gate_id": run.gate_id,
        "number": run.number,
        "verdict": said.verdict.value,
        "reason": said.reason,
        "duration_s": said.duration_s,
    }
    if said.cause:
        data["cause"] = said.cause.value
    if said.strays_killed:
        data["strays_killed"] = said.strays_killed
    if said.tree:
        data |= {"tree": said.tree, "put_back": said.put_back}
    if confined := _reported(said):
        data["confined"] = confined
    if said.network:
        data["network"] = {**said.network}
    if said.excerpt:
        data["excerpt"] = said.excerpt
    if said.dropped_bytes:
        data["dropped_bytes"] = said.dropped_bytes
    if said.outputs:
        folder = f"gates/{run.gate_id}/runs/{run.number}"
        data["outputs"] = {f"{folder}/{name}": digest for name, digest in said.outputs}
        data["outputs_at"] = said.place
    moves = [
        Transition(
            EventKind.GATE_FINISHED,
            message("event.gate_finished", gate_id=run.gate_id, exit_code=said.exit_code),
            (update_gate_run(run.id, (RUNNING,), values),),
            round_id=code,
            data=data,
        )
    ]
    if said.verdict == Verdict.INTERRUPTED:
        data = {"code": EventCode.GATE_REPEATED.value, "gate_id": run.gate_id}
        words = message("event.gate_repeated", gate_id=run.gate_id)
        moves.append(Transition(EventKind.NOTE, words, round_id=code, data=data))
    elif said.verdict != Verdict.PASSED and not run.required:
        words = message("event.advisory_gate_failed", gate_id=run.gate_id, reason=said.reason)
        data = {"code": EventCode.ADVISORY_GATE_FAILED.value, "gate_id": run.gate_id}
        moves.append(Transition(EventKind.NOTE, words, round_id=code, data=data))
    return moves


LOST = Judgement(
    Verdict.INTERRUPTED, None, message("reason.lost", what="gate"), 0.0, cause=Cause.LOST
)
