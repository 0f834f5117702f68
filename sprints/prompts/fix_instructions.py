"""Write the part of a prompt about a failed gate; pure."""

from collections.abc import Iterator
from pathlib import Path

from sprints.contract.json_types import JsonMapping
from sprints.state.snapshot import GateRunValue, Snapshot, TaskValue

OUTPUTS = ("stdout.txt", "stderr.txt")
MOST_PATHS = 10  # changed files of an earlier fix


def mend(snapshot: Snapshot, details: JsonMapping) -> str:
    """Return the failures and the earlier fixes, for the fix task with these details."""
    most = snapshot.started_contract.fix_attempts
    lines = [f"Failed gates (fix {details['number']} of {most}):\n"]
    for failure in details["failures"]:
        lines += _failed(snapshot, failure)
    before = [
        task
        for task in snapshot.tasks_of(snapshot.current_round.id)
        if task.details.get("number", details["number"]) < details["number"]
    ]
    if before:
        lines.append("Earlier fixes that failed:\n")
        for task in sorted(before, key=lambda task: task.details["number"]):
            lines += _tried(task)
    return "".join(lines)


def _failed(snapshot: Snapshot, failure: JsonMapping) -> Iterator[str]:
    run = _run_of(snapshot, failure)
    code = "none" if failure["exit_code"] is None else failure["exit_code"]
    yield f"- gate {failure['gate_id']}: {failure['verdict']}, exit code {code}\n"
    yield f"  reason: {failure['reason']}\n"
    yield f"  command: {' '.join(failure['command'])}\n"
    yield f"  tree: {failure['tree']}\n"
    if run:
        logs = Path(run.stdout_path).parent / "runs" / str(run.number)
        yield f"  full log: {' '.join(str(logs / name) for name in OUTPUTS)}\n"
        yield "  what it printed:\n"
        yield "".join(f"    | {line}\n" for line in run.excerpt.splitlines()) or "    | nothing\n"


def _run_of(snapshot: Snapshot, failure: JsonMapping) -> GateRunValue | None:
    wanted = failure["gate_id"], failure["run"]
    return next((run for run in snapshot.gate_runs if (run.gate_id, run.number) == wanted), None)


def _tried(task: TaskValue) -> Iterator[str]:
    details = task.details
    reported = ", ".join(f"{one['gate_id']} {one['verdict']}" for one in details["failures"])
    yield f"- attempt {details['number']}, after {reported}: {details.get('reply', 'no reply')}\n"
    work = details.get("work", {})
    paths = ", ".join(work.get("paths", ())[:MOST_PATHS])
    yield f"  files changed: {paths or 'none'}\n"
