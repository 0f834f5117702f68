"""Read the settings in a sprint's meta that replace the plan, and report invalid ones."""

from collections.abc import Sequence

from gates.problem import Problem, ProblemCode
from sprints.contract.git_values import REMOTE_RULE, is_remote
from sprints.contract.json_types import JsonMapping
from sprints.contract.rounds import CODES, LEAD

MOST_FIXES = 20
AGENT_IDS = frozenset(f"agent_{n:02d}" for n in range(1, 16))


def table(meta: JsonMapping, key: str) -> JsonMapping:
    """Return the object at ``key``; empty for any other value."""
    value = meta.get(key)
    return value if isinstance(value, dict) else {}


def is_span(value: object) -> bool:
    """Return whether ``value`` is a list of two numbers, in any order."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(n, int | float) and not isinstance(n, bool) for n in value)
    )


def is_count(value: object, least: int, most: int) -> bool:
    """Return whether ``value`` is a whole number from ``least`` to ``most``."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def implementer_of(meta: JsonMapping) -> str:
    """Return the id of the implementing agent: the valid one named in meta, else the lead."""
    named = meta.get("implementer")
    return named if isinstance(named, str) and named in AGENT_IDS else LEAD


def remote_of(meta: JsonMapping) -> str:
    """Return the remote to which shipped work is pushed; empty for none."""
    named = meta.get("ship_remote", "")
    return named if is_remote(named) else ""


def active_of(meta: JsonMapping, programs: Sequence[str]) -> tuple[str, ...]:
    """Return those of ``programs`` to which the lead may assign tasks.

    These are the agents named as active and the implementer, or all if none is named; never the
    lead. Empty if the lead is not run by a command.
    """
    if LEAD not in programs:
        return ()
    named = meta.get("active_agents")
    among = (*named, meta.get("implementer")) if isinstance(named, list) and named else programs
    return tuple(one for one in programs if one in among and one != LEAD)


def bad_overrides(meta: JsonMapping) -> list[Problem]:
    """Return every override in ``meta`` that is refused; none is ignored silently."""
    found = []
    for key in ("required_acks_by_round", "round_minutes"):
        if key in meta and not isinstance(meta[key], dict):
            found.append(Problem(key, ProblemCode.WRONG_TYPE, f"{key} must be an object"))
        found += [
            Problem(f"{key}.{code}", ProblemCode.UNKNOWN_KEY, f"{key}: {code} is not a round")
            for code in table(meta, key)
            if code not in CODES
        ]
    for code, acks in table(meta, "required_acks_by_round").items():
        name = f"required_acks_by_round.{code}"
        if not isinstance(acks, list) or not all(_is_agent(agent) for agent in acks):
            text = f"required_acks_by_round: {code} must list agents from agent_01 to agent_15"
            found.append(Problem(name, ProblemCode.UNKNOWN_CHOICE, text))
        elif len(set(acks)) != len(acks):
            text = f"required_acks_by_round: {code} names an agent twice"
            found.append(Problem(name, ProblemCode.DUPLICATE, text))
    if not is_count(meta.get("fix_attempts", 0), 0, MOST_FIXES):
        text = f"fix_attempts must be a whole number from 0 to {MOST_FIXES}"
        found.append(Problem("fix_attempts", ProblemCode.OUT_OF_RANGE, text))
    if not _is_agent(meta.get("implementer", LEAD)):
        text = "implementer must be an agent from agent_01 to agent_15"
        found.append(Problem("implementer", ProblemCode.UNKNOWN_CHOICE, text))
    if "ship_remote" in meta and not is_remote(meta["ship_remote"]):
        text = f"ship_remote must be {REMOTE_RULE}"
        found.append(Problem("ship_remote", ProblemCode.WRONG_FORMAT, text))
    active = meta.get("active_agents") or []
    if not isinstance(active, list) or not all(_is_agent(agent) for agent in active):
        text = "active_agents must list agents from agent_01 to agent_15"
        found.append(Problem("active_agents", ProblemCode.UNKNOWN_CHOICE, text))
    for code, minutes in table(meta, "round_minutes").items():
        if not is_span(minutes):
            text = f"round_minutes: {code} must be two numbers, low and high"
            found.append(Problem(f"round_minutes.{code}", ProblemCode.WRONG_FORMAT, text))
    return found


def _is_agent(name: object) -> bool:
    return isinstance(name, str) and name in AGENT_IDS
