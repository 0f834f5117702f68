"""The contract of a sprint: rounds R0 to R5, their gates, who is asked, how deadlines bind.

It is built from the plan, the rows of gates, hooks and agents, and the sprint's own settings,
checked, and frozen as JSON with the sprint when that starts: later edits never change one that
runs.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from gates.definition import Definition
from sprints import agent_budget
from sprints.agent_definition import SCRIPTED, AgentDefinition
from sprints.branch import Base
from sprints.hook_definition import HookDefinition
from sprints.plan import (
    AGENT_BUDGET,
    CODES,
    DEFAULT_GATE,
    GATED,
    ROUNDS,
    AgentBudget,
    RoundSpec,
    budget,
)

__all__ = [
    "AGENT_IDS", "CODES", "DEADLINES", "DEFAULT_GATE", "GATED", "LEAD", "MOST_AT_ONCE", "PROFILES",
    "ROUNDS", "Contract", "ContractError", "RoundSpec", "budget", "draft",
]  # fmt: skip

PROFILES = ("quick", "full")
DEADLINES = ("warn", "stop")
LEAD = "agent_01"
MOST_AT_ONCE = 16


class ContractError(ValueError):
    """The contract is refused; the message lists every reason, on one line."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a sprint was started under. ``deadline`` says what the end of a round's minutes does:
    ``warn`` tells it once, ``stop`` ends the sprint. ``gates_at_once`` is how many gates of a round
    may run side by side in the repository. ``hooks`` are those for which the sprint waits, and
    ``agents`` those that it asks by a program; all others are scripted. ``budget`` is what those
    programs may use up; None without any, and for one that was frozen before there were budgets.
    ``base`` is the commit from which its work begins in a clone; None where gates judge the
    repository as it lies. ``ship``: what has passed is merged into the branch of the base, at the
    end of the last round.
    """

    profile: str
    deadline: str
    rounds: tuple[RoundSpec, ...]
    gates: tuple[Definition, ...]
    gates_at_once: int = 1
    hooks: tuple[HookDefinition, ...] = ()
    agents: tuple[AgentDefinition, ...] = ()
    budget: AgentBudget | None = None
    base: Base | None = None
    ship: bool = False

    def round(self, code: str) -> RoundSpec:
        """The round of that code. Raises ``KeyError``."""
        for spec in self.rounds:
            if spec.code == code:
                return spec
        raise KeyError(code)

    def after(self, code: str) -> str | None:
        """The code of the round that follows, None after the last."""
        codes = [spec.code for spec in self.rounds]
        following = codes[codes.index(code) + 1 :]
        return following[0] if following else None

    def gates_of(self, code: str) -> tuple[Definition, ...]:
        """The gates of that round, in the order in which they run."""
        return tuple(gate for gate in self.gates if code in gate.rounds)

    def gate(self, gate_id: str) -> Definition:
        """The gate of that id. Raises ``KeyError``."""
        for gate in self.gates:
            if gate.gate_id == gate_id:
                return gate
        raise KeyError(gate_id)

    def hook(self, hook_id: str) -> HookDefinition:
        """The blocking hook of that id. Raises ``KeyError``."""
        for hook in self.hooks:
            if hook.hook_id == hook_id:
                return hook
        raise KeyError(hook_id)

    def agent(self, agent_id: str) -> AgentDefinition | None:
        """The agent of that id, if a program answers for it; None for a scripted one."""
        return next((agent for agent in self.agents if agent.agent_id == agent_id), None)

    def to_json(self) -> dict[str, Any]:
        """As it is frozen with the sprint."""
        return {
            "profile": self.profile,
            "deadline": self.deadline,
            "gates_at_once": self.gates_at_once,
            "rounds": [asdict(spec) | {"acks": [*spec.acks]} for spec in self.rounds],
            "gates": [gate.to_json() for gate in self.gates],
            **({"hooks": [hook.to_json() for hook in self.hooks]} if self.hooks else {}),
            **({"agents": [agent.frozen() for agent in self.agents]} if self.agents else {}),
            **({"budget": asdict(self.budget)} if self.budget else {}),
            **({"base": self.base.to_json()} if self.base else {}),
            **({"ship": True} if self.ship else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of ``to_json``."""
        return cls(
            profile=data["profile"],
            deadline=data["deadline"],
            rounds=tuple(
                RoundSpec(**{**spec, "acks": tuple(spec["acks"])}) for spec in data["rounds"]
            ),
            gates=tuple(Definition.from_json(gate) for gate in data["gates"]),
            gates_at_once=data.get("gates_at_once", 1),  # frozen before there was a choice
            hooks=tuple(HookDefinition.from_json(hook) for hook in data.get("hooks", ())),
            agents=tuple(AgentDefinition.from_json(agent) for agent in data.get("agents", ())),
            budget=AgentBudget(**data["budget"]) if "budget" in data else None,
            base=Base.from_json(data["base"]) if "base" in data else None,
            ship=data.get("ship", False),
        )

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the frozen form."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def problems(self) -> list[str]:
        """Everything that is wrong with it, a line each."""
        codes = [spec.code for spec in self.rounds]
        gate_ids = [gate.gate_id for gate in self.gates]
        found = []
        if len(codes) < 5:
            found.append(f"a contract has at least five rounds, not {len(codes)}")
        if not gate_ids:
            found.append(
                f"no gate is left for the profile {self.profile}; see: studio-gateway gate list"
            )
        for what, ids in (("round", codes), ("gate", gate_ids)):
            found += [
                f"the {what} {i} stands twice" for i in sorted({i for i in ids if ids.count(i) > 1})
            ]
        found += [f"{code} is not a round" for code in codes if code not in CODES]
        if self.profile not in PROFILES:
            found.append(f"the gate profile must be one of {', '.join(PROFILES)}")
        if self.deadline not in DEADLINES:
            found.append(f"the deadline must be one of {', '.join(DEADLINES)}")
        if not _is_count(self.gates_at_once):
            found.append(f"gates_at_once must be a whole number from 1 to {MOST_AT_ONCE}")
        for spec in self.rounds:
            if not 0 <= spec.min_minutes <= spec.max_minutes <= 7 * 24 * 60:
                found.append(f"{spec.code}: minutes must run from low to high, within a week")
        for gate in self.gates:
            found += gate.problems()
            found += [
                f"gate {gate.gate_id}: {c} is not a round" for c in gate.rounds if c not in codes
            ]
            found += self._too_long(gate)
        for agent in self.agents:
            found += agent.problems()
        found += agent_budget.problems(self.budget) if self.budget else []
        return found

    def _too_long(self, gate: Definition) -> list[str]:
        """Under ``stop``, a gate must be able to end within each of its rounds."""
        if self.deadline != "stop":
            return []
        return [
            f"gate {gate.gate_id}: timeout_s {gate.timeout_s:g} is over the {spec.max_minutes:g} "
            f"minutes of {spec.code}"
            for spec in self.rounds
            if spec.code in gate.rounds and gate.timeout_s > spec.max_minutes * 60
        ]


def draft(
    meta: Mapping[str, Any],
    gates: Iterable[Definition],
    hooks: Iterable[HookDefinition] = (),
    agents: Iterable[AgentDefinition] = (),
    budget: AgentBudget = AGENT_BUDGET,
) -> Contract:
    """The contract that a sprint with this ``meta`` would start under. Raises ``ContractError``.

    ``meta`` may override ``gate_profile``, ``round_deadline``, ``gates_at_once``, ``round_minutes``
    {code: [low, high]}, ``required_acks_by_round`` {code: [agent ids]} and ``enable_auto_merge``;
    ``gates`` are those of the profile. Of ``agents``, those are taken that are asked and are not
    scripted; ``budget`` is theirs.
    """
    rounds = tuple(_overridden(spec, meta) for spec in ROUNDS)
    asked = {LEAD, *(agent for spec in rounds for agent in spec.acks)}
    programs = tuple(a for a in agents if a.agent_id in asked and a.runner != SCRIPTED)
    contract = Contract(
        profile=meta.get("gate_profile", "quick"),
        deadline=meta.get("round_deadline", "warn"),
        rounds=rounds,
        gates=tuple(gates),
        gates_at_once=meta.get("gates_at_once", 1),
        hooks=tuple(hooks),
        agents=programs,
        budget=budget if programs else None,
        ship=meta.get("enable_auto_merge") is True,
    )
    if problems := _bad_overrides(meta) + contract.problems():
        raise ContractError("; ".join(problems))
    return contract


def _overridden(spec: RoundSpec, meta: Mapping[str, Any]) -> RoundSpec:
    acks = _table(meta, "required_acks_by_round").get(spec.code)
    if isinstance(acks, list) and all(isinstance(agent, str) for agent in acks):
        spec = replace(spec, acks=tuple(agent for agent in acks if agent != LEAD))
    minutes = _table(meta, "round_minutes").get(spec.code)
    if minutes is not None and _is_span(minutes):
        spec = replace(spec, min_minutes=minutes[0], max_minutes=minutes[1])
    return spec


def _table(meta: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = meta.get(key)
    return value if isinstance(value, dict) else {}


def _is_span(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(n, int | float) and not isinstance(n, bool) for n in value)
    )


def _bad_overrides(meta: Mapping[str, Any]) -> list[str]:
    """What in ``meta`` could not be taken; nothing is passed over in silence."""
    found = []
    for key in ("required_acks_by_round", "round_minutes"):
        if key in meta and not isinstance(meta[key], dict):
            found.append(f"{key} must be an object")
        found += [
            f"{key}: {code} is not a round" for code in _table(meta, key) if code not in CODES
        ]
    for code, acks in _table(meta, "required_acks_by_round").items():
        if not isinstance(acks, list) or not all(_is_agent(agent) for agent in acks):
            found.append(
                f"required_acks_by_round: {code} must list agents from agent_01 to agent_15"
            )
        elif len(set(acks)) != len(acks):
            found.append(f"required_acks_by_round: {code} names an agent twice")
    active = meta.get("active_agents") or []
    if not isinstance(active, list) or not all(_is_agent(agent) for agent in active):
        found.append("active_agents must list agents from agent_01 to agent_15")
    for code, minutes in _table(meta, "round_minutes").items():
        if not _is_span(minutes):
            found.append(f"round_minutes: {code} must be two numbers, low and high")
    return found


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_AT_ONCE


def _is_agent(name: Any) -> bool:
    return isinstance(name, str) and name in AGENT_IDS


AGENT_IDS = frozenset(f"agent_{n:02d}" for n in range(1, 16))
