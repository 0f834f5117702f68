"""Describe the state of a sprint and its parts in words."""

from dataclasses import dataclass
from datetime import datetime

from gates.models import GateRun
from sprints.contract.contract import ROUNDS
from sprints.state.messages import MESSAGES, message
from sprints.state.stop_reason import StopCode, StopReason
from sprints.views.output_window import Fault, fault_of
from sprints.views.sprint_rows import SprintRows

TITLES = {spec.code: spec.title for spec in ROUNDS}


@dataclass(frozen=True, slots=True)
class Banner:
    """Why a sprint has stopped. ``kind`` is failed or waiting; ``fault`` the line to look at."""

    kind: str
    text: str
    detail: str = ""
    run: GateRun | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A round for its card; ``seconds`` counts up while the round runs."""

    code: str
    title: str
    status: str
    seconds: float | None
    attempt: int | None


def banner(rows: SprintRows) -> Banner | None:
    """Return why the sprint has failed or is blocked; None for any other sprint."""
    sprint = rows.sprint
    if sprint.status not in ("failed", "blocked"):
        return None
    kind = "failed" if sprint.status == "failed" else "waiting"
    where = (sprint.current_round or "").split("_")[0]
    reason = sprint.stopped_for
    if reason is None:
        return Banner(kind, message("banner.other", where=where))
    if reason.code == StopCode.GATE_FAILED:
        return _gate_failed(kind, reason, rows, where)
    known = f"banner.{reason.code}" in MESSAGES
    title = message(f"banner.{reason.code if known else 'other'}", **reason.words(), where=where)
    return Banner(kind, title, _detail(reason) if known else reason.text())


def _gate_failed(kind: str, reason: StopReason, rows: SprintRows, where: str) -> Banner:
    run = failed_run(rows)
    if run is None:
        return Banner(kind, message("banner.gate_failed", where=where), reason.text())
    fault = fault_of(run)
    title = _said_no(run, where)
    if reason.detail:  # why no agent was asked to mend it again
        title = f"{title} {message('banner.not_sent_back', detail=reason.detail)}"
    return Banner(kind, title, fault.text if fault else "", run, fault)


def _detail(reason: StopReason) -> str:
    """Return what the heading does not say of the reason."""
    match reason.code:
        case StopCode.AGENT_ASKS:
            return " / ".join(reason.questions)
        case StopCode.APPROVAL_REJECTED | StopCode.APPROVAL_EXPIRED:
            return reason.text()
    return reason.detail


def failed_run(rows: SprintRows) -> GateRun | None:
    """Return the gate run for which the sprint failed; None without one."""
    reason = rows.sprint.stopped_for
    if reason is None or reason.code != StopCode.GATE_FAILED:
        return None
    said_no = [run for run in rows.runs if run.gate_id == reason.gate_id and run.status != "passed"]
    return max(said_no, key=lambda run: run.number, default=None)


def _said_no(run: GateRun, where: str) -> str:
    if run.status == "failed" and run.exit_code is not None and run.exit_code >= 0:
        return message(
            "banner.gate_failed_run", gate_id=run.gate_id, where=where, exit_code=run.exit_code
        )
    verdict = run.status if run.status in ("timed_out", "error") else "other"
    return message(
        f"banner.gate_{verdict}",
        gate_id=run.gate_id,
        where=where,
        verdict=run.status,
        because=f": {run.reason}" if run.reason else "",
    )


def cards(rows: SprintRows, now: datetime) -> list[Card]:
    """Return the six rounds, including those still to come."""
    found = {row.code: row for row in rows.rounds}
    attempts: dict[str, int] = {}
    for round_id, attempt in rows.began():
        attempts[round_id] = max(attempt, attempts.get(round_id, 0))
    shown = []
    for code in found or TITLES:
        row = found.get(code)
        seconds = None
        if row and row.started_at:
            seconds = ((row.finished_at or now) - row.started_at).total_seconds()
        title = row.title if row else TITLES[code]
        status = _state(row.status if row else "pending", rows)
        shown.append(Card(code, title, status, seconds, attempts.get(row.pk) if row else None))
    return shown


def _state(status: str, rows: SprintRows) -> str:
    """Return the status to show for a round.

    The round in which a sprint stopped shows the sprint's status; later rounds are skipped.
    """
    if status == "blocked":
        return rows.sprint.status if rows.sprint.status != "running" else status
    if status == "pending" and rows.sprint.status in ("failed", "cancelled", "blocked"):
        return "skipped"
    return status
