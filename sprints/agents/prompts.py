"""What an agent is asked: a pure function of the sprint and the round."""

from collections.abc import Mapping
from typing import Any

from sprints.agents.roster import AGENTS
from sprints.contract import RoundSpec

TITLES = {"ack": "Acknowledge the decisions of", "lead": "Lead"}


def title(kind: str, spec: RoundSpec) -> str:
    """The task's title."""
    return f"{TITLES[kind]} {spec.code.split('_')[0]} {spec.title}"


def prompt(
    kind: str, agent: str, sprint_id: str, meta: Mapping[str, Any], spec: RoundSpec, profile: str
) -> str:
    """The whole prompt, as plain text."""
    active = ", ".join(meta.get("active_agents") or []) or "(default)"
    wish = {
        "ack": "Acknowledge the decisions of this round and list blockers (at most 3).",
        "lead": "Lead this round: say what it delivers, lock its decisions, list blockers.",
    }[kind]
    return (
        f"You are {agent} {AGENTS[agent]}.\n"
        f"Sprint: {sprint_id}\n"
        f"Round: {spec.code}: {spec.title}\n"
        f"Purpose: {spec.purpose}\n"
        f"Gate profile: {profile}\n"
        f"Active agents: {active}\n\n"
        f"Brief:\n{meta.get('brief') or '(none given)'}\n\n"
        f"{wish}\n"
        "Answer in four parts: Status, Deliverables, Questions (blockers only), Next actions.\n"
    )
