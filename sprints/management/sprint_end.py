"""Report how a sprint ended that this command ran: text and exit code."""

from django.core.management.base import OutputWrapper

from sprints.management.failure_lines import failure_lines
from sprints.operations import StopRequest
from sprints.queries.snapshots import ask_of, parked_for, paused_by, question_of
from sprints.state.engine_meta import ApprovalRequest
from sprints.state.snapshot import Snapshot
from sprints.state.stop_reason import StopCode
from sprints.store.config_values import current_config

EXIT = {"succeeded": 0, "failed": 1, "cancelled": 1, "blocked": 3}


def report(out: OutputWrapper, after: Snapshot, wish: StopRequest) -> None:
    """Print how the sprint ended and the next command to type."""
    status, sprint_id = after.sprint.status, after.sprint_id
    if status == "failed":
        out.write(f"{sprint_id} failed: {after.sprint.last_error}")
        _evidence(out, after)
        out.write(f"next: studio-gateway sprint retry {sprint_id}")
    elif status == "blocked":
        out.write(f"{sprint_id} is blocked: {after.sprint.last_error}")
        act, more = "answer" if question_of(after) else "retry", ""
        if ask := ask_of(after):
            _asked(out, ask)
            act = "approve"
        if used := parked_for(after):
            act, more = "budget", f" --{used.out} N"
        text = " --text '…'" if act == "answer" else more
        out.write(f"next: studio-gateway sprint {act} {sprint_id}{text}")
    elif status == "running" and wish.hand_back:
        out.write(f"stopped; to continue: studio-gateway sprint run {sprint_id}")
    elif status == "running" and after.paused:
        out.write(f"{sprint_id} is paused by {paused_by(after)}")
        out.write(f"next: studio-gateway sprint resume {sprint_id}")
    elif status == "running" and current_config().automation_paused:
        out.write(f"{sprint_id} is paused: automation_paused is true in config.json")
        out.write("next: studio-gateway config set automation_paused false")
    elif status == "running":
        out.write(f"{sprint_id} is at {after.sprint.current_round}")
    else:
        out.write(f"{sprint_id} {status}")


def _asked(out: OutputWrapper, ask: ApprovalRequest) -> None:
    """Print what there is to approve, and the deadline."""
    if ask.tree:
        out.write(f"  tree {ask.tree}")
    for path in ask.paths or ():
        out.write(f"  protected: {path}")
    if ask.unnamed > 0:
        out.write(f"  and {ask.unnamed} more")
    out.write(f"  until {ask.until_ts}")


def _evidence(out: OutputWrapper, after: Snapshot) -> None:
    mute = [task for task in after.tasks if task.status == "blocked"]
    if mute and after.stopped_with(StopCode.AGENT_FAILED):
        details = mute[-1].details
        for line in (details.get("tail"), details["stdout"], details["stderr"]):
            if line:
                out.write(f"  {line}")
    red = [
        run
        for run in after.gate_runs
        if run.required and run.status != "passed" and run.attempt == after.sprint.attempt
    ]
    if red and after.stopped_with(StopCode.GATE_FAILED):
        last = red[-1]
        out.write(f"  {last.gate_id}: {last.reason}")
        for line in failure_lines(last):
            out.write(f"  | {line}")
        for path in (last.stdout_path, last.stderr_path):
            out.write(f"  {path}")


def exit_code(after: Snapshot, wish: StopRequest) -> int:
    """Return the exit code; docs/commands.md lists them."""
    status = after.sprint.status
    if status == "running":
        held = after.paused or current_config().automation_paused
        return 143 if wish.hand_back else 3 if held else 0
    return 130 if status == "cancelled" and wish.cancel_by else EXIT[status]
