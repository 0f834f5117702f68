"""Texts for people, each made here from a code and its fields; no program reads one."""

from collections.abc import Mapping

MESSAGES: Mapping[str, str] = {
    # Where a human is asked for an approval.
    "approval.before_build": "to begin building",
    "approval.before_ship": "to ship",
    "approval.protected_paths": "of what protected paths hold",
    # Why a sprint stopped.
    "exit_code": "exit code {exit_code}",
    "no_exit_code": "without an exit code",
    "with_detail": "{text}: {detail}",
    "stop.gate_failed": "gate {gate_id} said no, {exit}",
    "stop.gate_flaky": "gate {gate_id} said no in run {first} and yes in run {last} of one tree",
    "stop.agent_failed": "agent {agent_id} did not answer: {detail}",
    "stop.agent_asks": "{agent_id} asks: {questions}",
    "stop.hook_failed": "hook {hook_id} said no: {detail}",
    "stop.ship_refused": "all has passed, and it cannot be shipped: {detail}",
    "stop.paths_unknown": "protected paths could not be compared: {detail}",
    "stop.approval_needed": "waits for an approval {approval}",
    "stop.approval_rejected": "{by} rejected an approval {approval}",
    "stop.approval_expired": "an approval {approval} came from nobody until {until_ts}",
    "stop.budget": "agents have used {amount}",
    "stop.deadline": "round {round_id} was over its {minutes} minutes",
    "stop.engine_error": "the engine could not carry the sprint on: {detail}",
    "stop.cancelled_by_user": "cancelled by {by}",
    "stop.cancelled_by_somebody": "cancelled by a user",
    "stop.other": "{detail}",
    "stop.unknown": "it says not why",
    # The same as the heading of a sprint's page; ``where`` is the short name of the round.
    "banner.gate_failed": "A gate said no in {where}.",
    "banner.gate_failed_run": "Gate {gate_id} failed in {where}, exit code {exit_code}.",
    "banner.gate_timed_out": "Gate {gate_id} timed out in {where}{because}.",
    "banner.gate_error": "Gate {gate_id} could not judge in {where}{because}.",
    "banner.gate_other": "Gate {gate_id} {verdict} in {where}{because}.",
    "banner.not_sent_back": "Not sent back: {detail}.",
    "banner.hook_failed": "Hook {hook_id} said no in {where}: the sprint is blocked.",
    "banner.agent_asks": "{agent_id} asks in {where} what only a human can decide.",
    "banner.approval_needed": "The sprint waits in {where} for an approval {approval}.",
    "banner.approval_rejected": "An approval {approval} was rejected in {where}.",
    "banner.approval_expired": "An approval {approval} came from nobody in {where}.",
    "banner.budget": "Agents have used {amount} in {where}: the sprint is parked until an operator"
    " gives more.",
    "banner.agent_failed": "{agent_id} did not answer in {where}.",
    "banner.deadline": "Round {where} was over its {minutes} minutes.",
    "banner.engine_error": "The engine could not carry the sprint on in {where}.",
    "banner.other": "The sprint has stopped in {where}.",
    # What a sprint waits for.
    "wait.start": "a start",
    "wait.retry": "a retry; {reason}",
    "wait.foreign": "a retry; it came from elsewhere",
    "wait.resume": "a resume; paused by {paused_by}",
    "paused_by_settings": "its settings",
    "wait.switch": "a resume; automation_paused is set",
    "wait.answer": "an answer to {agent_id}: {questions}",
    "wait.approval": "an approval {approval}: sprint approve {sprint_id}",
    "wait.budget": "more {resource}, {amount} used: sprint budget {sprint_id} --{resource} N",
    "wait.hook": "hook {hook_id} at {point}",
    "wait.agent": "agent {agent_id}, {kind}",
    "wait.gate": "gate {gates}",
    "wait.ship": "git, {step} what has passed",
    "wait.turn": "its turn; sprint {before} is in the repository",
    "wait.next_step": "its next step",
    "wait.cancelled": "{text} to end, cancelled by {by}",
}


def message(code: str, /, **fields: object) -> str:
    """Return the text of ``code`` with ``fields``. Raises ``KeyError`` for an unknown code."""
    return worded(MESSAGES[code], fields)


def worded(template: str, fields: Mapping[str, object]) -> str:
    """Return ``template`` with ``fields`` in it: the one place where a text is made."""
    return template.format(**fields)


def approval(point: str) -> str:
    """Return what an approval at ``point`` is for; the point itself where it is unknown."""
    return message(code) if (code := f"approval.{point}") in MESSAGES else point
