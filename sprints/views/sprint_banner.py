"""Describe the state of a sprint and its parts in words."""

from dataclasses import dataclass
from datetime import datetime

from gates.models import GateRun
from sprints.contract.approval_policy import WORDS
from sprints.contract.contract import ROUNDS
from sprints.views.output_shown import Fault, fault_of
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
    error = sprint.last_error or ""
    where = (sprint.current_round or "").split("_")[0]
    what, _, rest = error.partition(":")
    match what:
        case "gate_failed":
            run = failed_run(rows)
            if run is None:
                return Banner(kind, f"A gate said no in {where}.", rest)
            fault = fault_of(run)
            title = f"{_said_no(run, where)}{_not_sent_back(rest)}"
            return Banner(kind, title, fault.text if fault else "", run, fault)
        case "hook_failed":
            hook, _, reason = rest.partition(" ")
            return Banner(kind, f"Hook {hook} said no in {where}: the sprint is blocked.", reason)
        case "agent_asks":
            agent, _, questions = rest.partition(" ")
            return Banner(kind, f"{agent} asks in {where} what only a human can decide.", questions)
        case "approval_needed":
            return Banner(
                kind, f"The sprint waits in {where} for an approval {WORDS.get(rest, rest)}."
            )
        case "approval_rejected" | "approval_expired":
            what, _, why = rest.partition(" ")
            said = "was rejected" if error.startswith("approval_rejected") else "came from nobody"
            return Banner(kind, f"An approval {WORDS.get(what, what)} {said} in {where}.", why)
        case "budget":
            text = f"Agents have used {rest} in {where}: the sprint is parked"
            return Banner(kind, f"{text} until an operator gives more.")
        case "agent_failed":
            agent, _, reason = rest.partition(" ")
            return Banner(kind, f"{agent} did not answer in {where}.", reason)
        case "deadline":
            minutes = rest.partition("minutes=")[2]
            return Banner(kind, f"Round {where} was over its {minutes} minutes.")
        case "engine_error":
            return Banner(kind, f"The engine could not carry the sprint on in {where}.", rest)
    return Banner(kind, f"The sprint has stopped in {where}.", error)


def _not_sent_back(rest: str) -> str:
    """Return why the failure was not sent back for a fix, as a sentence; empty if unknown."""
    _, _, why = rest.partition(" (")
    return f" Not sent back: {why.removesuffix(')')}." if why else ""


def failed_run(rows: SprintRows) -> GateRun | None:
    """Return the run for which the sprint has failed; None if there is none."""
    gate_id = (rows.sprint.last_error or "").removeprefix("gate_failed:").partition(" ")[0]
    said_no = [run for run in rows.runs if run.gate_id == gate_id and run.status != "passed"]
    return max(said_no, key=lambda run: run.number, default=None)


def _said_no(run: GateRun, where: str) -> str:
    gate = f"Gate {run.gate_id}"
    if run.status == "failed" and run.exit_code is not None and run.exit_code >= 0:
        return f"{gate} failed in {where}, exit code {run.exit_code}."
    verb = {"timed_out": "timed out", "error": "could not judge"}.get(run.status, run.status)
    because = f": {run.reason}" if run.reason else ""
    return f"{gate} {verb} in {where}{because}."


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
