"""Build, check and freeze the contract of a sprint: rounds R0 to R5, gates, agents, deadlines.

A contract is built from the plan, the rows of gates, hooks and agents, and the sprint's own
settings. It is frozen as JSON when the sprint starts: later edits never change a running sprint.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Self

from gates.definition import Definition
from gates.problem import BadSettings, Problem, ProblemCode
from sprints.contract import approval_policy
from sprints.contract import budget as agent_budget
from sprints.contract.agent_spec import SCRIPTED, AgentDefinition
from sprints.contract.approval_policy import Approvals
from sprints.contract.budget import AGENT_BUDGET, AgentBudget
from sprints.contract.git_values import Base, Undone
from sprints.contract.hook_spec import HookDefinition
from sprints.contract.json_types import JsonMapping, JsonObject
from sprints.contract.overrides import (
    AGENT_IDS,
    active_of,
    bad_overrides,
    implementer_of,
    is_count,
    is_span,
    remote_of,
    table,
)
from sprints.contract.rounds import (
    CODES,
    DEFAULT_GATE,
    FIX_ATTEMPTS,
    GATED,
    LEAD,
    ROUNDS,
    RoundSpec,
    budget,
)
from sprints.contract.sandbox import USUAL, SandboxSettings

__all__ = [
    "AGENT_IDS", "CODES", "DEADLINES", "DEFAULT_GATE", "GATED", "LEAD", "MOST_AT_ONCE", "PROFILES",
    "ROUNDS", "Contract", "ContractError", "RoundSpec", "budget", "draft",
]  # fmt: skip

PROFILES = ("quick", "full")
DEADLINES = ("warn", "stop")
MOST_AT_ONCE = 16


class ContractError(BadSettings):
    """The contract is invalid; ``problems`` lists every reason."""


@dataclass(frozen=True)
class Contract:
    """The terms under which a sprint was started.

    ``deadline`` is the effect when a round's minutes end: ``warn`` reports it once, ``stop`` ends
    the sprint. ``gates_at_once`` is how many gates of a round may run in parallel in the
    repository. ``hooks`` are the blocking hooks. ``agents`` are those run by a command; all others
    are scripted. ``budget`` limits these commands; None without any, and in contracts older than
    budgets. ``base`` is the commit from which the work begins in a clone; None where gates judge
    the repository's own files. ``ship``: after the last round, the work is merged into the base's
    branch. It is pushed to ``ship_remote`` if one is named. ``fix_attempts`` is how often failed
    gates of one round are sent back to ``implementer``. ``rerun_red``: only after each has failed
    twice on the same tree. ``undoes`` is the shipped merge that the sprint reverts; None for most.
    ``active`` are the agents to which Agent 01, if run by a command, may assign tasks.
    ``confinement`` is the sandbox of the commands. ``approvals`` is the approval policy; None if no
    approval is needed.
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
    ship_remote: str = ""
    fix_attempts: int = 0
    implementer: str = LEAD
    rerun_red: bool = False
    undoes: Undone | None = None
    active: tuple[str, ...] = ()
    confinement: SandboxSettings = USUAL
    approvals: Approvals | None = None

    def round(self, code: str) -> RoundSpec:
        """Return the round of that code. Raises ``KeyError``."""
        for spec in self.rounds:
            if spec.code == code:
                return spec
        raise KeyError(code)

    def after(self, code: str) -> str | None:
        """Return the code of the next round; None after the last."""
        codes = [spec.code for spec in self.rounds]
        following = codes[codes.index(code) + 1 :]
        return following[0] if following else None

    def gates_of(self, code: str) -> tuple[Definition, ...]:
        """Return the gates of that round, in the order in which they run."""
        return tuple(gate for gate in self.gates if code in gate.rounds)

    def gate(self, gate_id: str) -> Definition:
        """Return the gate of that id. Raises ``KeyError``."""
        for gate in self.gates:
            if gate.gate_id == gate_id:
                return gate
        raise KeyError(gate_id)

    def hook(self, hook_id: str) -> HookDefinition:
        """Return the blocking hook of that id. Raises ``KeyError``."""
        for hook in self.hooks:
            if hook.hook_id == hook_id:
                return hook
        raise KeyError(hook_id)

    def agent(self, agent_id: str) -> AgentDefinition | None:
        """Return the agent of that id; None for a scripted agent."""
        return next((agent for agent in self.agents if agent.agent_id == agent_id), None)

    def to_json(self) -> JsonObject:
        """Return the contract as JSON data, as it is frozen with the sprint."""
        return {
            "profile": self.profile,
            "deadline": self.deadline,
            "gates_at_once": self.gates_at_once,
            "rounds": [asdict(spec) | {"acks": [*spec.acks]} for spec in self.rounds],
            "gates": [gate.frozen() for gate in self.gates],
            **({"hooks": [hook.to_json() for hook in self.hooks]} if self.hooks else {}),
            **({"agents": [agent.frozen() for agent in self.agents]} if self.agents else {}),
            **({"budget": self.budget.to_json()} if self.budget else {}),
            **({"base": self.base.to_json()} if self.base else {}),
            **({"ship": True} if self.ship else {}),
            **({"ship_remote": self.ship_remote} if self.ship_remote else {}),
            **({"undoes": self.undoes.to_json()} if self.undoes else {}),
            **({"active": [*self.active]} if self.active else {}),
            **self._feedback(),
            **self._confinement(),
            **({"approvals": self.approvals.to_json()} if self.approvals else {}),
        }

    def _feedback(self) -> JsonObject:
        found: JsonObject = {"rerun_red": True} if self.rerun_red else {}
        if self.fix_attempts:
            found |= {"fix_attempts": self.fix_attempts, "implementer": self.implementer}
        return found

    def _confinement(self) -> JsonObject:
        usual = self.confinement == USUAL
        return {} if usual else {"confinement": self.confinement.to_json()}

    @classmethod
    def from_json(cls, data: JsonMapping) -> Self:
        """Return the contract that ``to_json`` has written."""
        return cls(
            profile=data["profile"],
            deadline=data["deadline"],
            rounds=tuple(
                RoundSpec(**{**spec, "acks": tuple(spec["acks"])}) for spec in data["rounds"]
            ),
            gates=tuple(Definition.from_json(gate) for gate in data["gates"]),
            gates_at_once=data.get("gates_at_once", 1),  # contracts older than this setting
            hooks=tuple(HookDefinition.from_json(hook) for hook in data.get("hooks", ())),
            agents=tuple(AgentDefinition.from_json(agent) for agent in data.get("agents", ())),
            budget=AgentBudget(**data["budget"]) if "budget" in data else None,
            base=Base.from_json(data["base"]) if "base" in data else None,
            ship=data.get("ship", False),
            ship_remote=data.get("ship_remote", ""),
            undoes=Undone(**data["undoes"]) if "undoes" in data else None,
            fix_attempts=data.get("fix_attempts", 0),
            implementer=data.get("implementer", LEAD),
            rerun_red=data.get("rerun_red", False),
            active=tuple(data.get("active", ())),
            confinement=SandboxSettings.from_json(data.get("confinement", {})),
            approvals=Approvals.from_json(data["approvals"]) if "approvals" in data else None,
        )

    @cached_property
    def digest(self) -> str:
        """Return the hex SHA-256 of the frozen form."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def problems(self) -> list[Problem]:
        """Return every refused setting. Those of gate ``lint`` are ``gates.lint.command`` and so
        on, those of ``agent_04`` are ``agents.agent_04.command``.
        """
        codes = [spec.code for spec in self.rounds]
        gate_ids = [gate.gate_id for gate in self.gates]
        found = []
        if len(codes) < 5:
            text = f"a contract has at least five rounds, not {len(codes)}"
            found.append(Problem("rounds", ProblemCode.REQUIRED, text))
        if not gate_ids:
            text = f"no gate is left for the profile {self.profile}; see: studio-gateway gate list"
            found.append(Problem("gates", ProblemCode.REQUIRED, text))
        for what, ids in (("round", codes), ("gate", gate_ids)):
            found += [
                Problem(f"{what}s.{i}", ProblemCode.DUPLICATE, f"the {what} {i} stands twice")
                for i in sorted({i for i in ids if ids.count(i) > 1})
            ]
        found += [
            Problem(f"rounds.{code}", ProblemCode.UNKNOWN_CHOICE, f"{code} is not a round")
            for code in codes
            if code not in CODES
        ]
        if self.profile not in PROFILES:
            text = f"the gate profile must be one of {', '.join(PROFILES)}"
            found.append(Problem("gate_profile", ProblemCode.UNKNOWN_CHOICE, text))
        if self.deadline not in DEADLINES:
            text = f"the deadline must be one of {', '.join(DEADLINES)}"
            found.append(Problem("round_deadline", ProblemCode.UNKNOWN_CHOICE, text))
        if not is_count(self.gates_at_once, 1, MOST_AT_ONCE):
            text = f"gates_at_once must be a whole number from 1 to {MOST_AT_ONCE}"
            found.append(Problem("gates_at_once", ProblemCode.OUT_OF_RANGE, text))
        for spec in self.rounds:
            if not 0 <= spec.min_minutes <= spec.max_minutes <= 7 * 24 * 60:
                text = f"{spec.code}: minutes must run from low to high, within a week"
                name = f"round_minutes.{spec.code}"
                found.append(Problem(name, ProblemCode.OUT_OF_RANGE, text))
        for gate in self.gates:
            place = f"gates.{gate.gate_id}"
            found += [problem.within(place) for problem in gate.problems()]
            found += [
                Problem(
                    f"{place}.rounds",
                    ProblemCode.UNKNOWN_CHOICE,
                    f"gate {gate.gate_id}: {code} is not a round",
                )
                for code in gate.rounds
                if code not in codes
            ]
            found += self._too_long(gate)
        for agent in self.agents:
            found += [problem.within(f"agents.{agent.agent_id}") for problem in agent.problems()]
        if self.budget:
            found += [problem.within("budget") for problem in agent_budget.problems(self.budget)]
        return found

    def _too_long(self, gate: Definition) -> list[Problem]:
        """Return the rounds within which a gate cannot end under the deadline ``stop``."""
        if self.deadline != "stop":
            return []
        return [
            Problem(
                f"gates.{gate.gate_id}.timeout_s",
                ProblemCode.CONFLICT,
                f"gate {gate.gate_id}: timeout_s {gate.timeout_s:g} is over the "
                f"{spec.max_minutes:g} minutes of {spec.code}",
            )
            for spec in self.rounds
            if spec.code in gate.rounds and gate.timeout_s > spec.max_minutes * 60
        ]


def draft(
    meta: JsonMapping,
    gates: Iterable[Definition],
    hooks: Iterable[HookDefinition] = (),
    agents: Iterable[AgentDefinition] = (),
    budget: AgentBudget = AGENT_BUDGET,
) -> Contract:
    """Return the contract for a sprint with this ``meta``. Raises ``ContractError``.

    ``meta`` may override ``gate_profile``, ``round_deadline``, ``gates_at_once``, ``round_minutes``
    {code: [low, high]}, ``required_acks_by_round`` {code: [agent ids]}, ``enable_auto_merge``,
    ``ship_remote``, ``fix_attempts``, ``implementer``, ``rerun_red`` and the approval settings.
    ``gates`` are those of the profile. Of ``agents``, the contract takes those with a command that
    a round asks or that may be assigned tasks. ``budget`` is their budget.
    """
    gates = tuple(gates)
    rounds = tuple(_overridden(spec, meta) for spec in ROUNDS)
    implementer = implementer_of(meta)
    asked = {LEAD, implementer, *(agent for spec in rounds for agent in spec.acks)}
    able = [agent for agent in agents if agent.runner != SCRIPTED]
    active = active_of(meta, [agent.agent_id for agent in able])
    programs = tuple(a for a in able if a.agent_id in {*asked, *active})
    contract = Contract(
        profile=meta.get("gate_profile", "quick"),
        deadline=meta.get("round_deadline", "warn"),
        rounds=rounds,
        gates=gates,
        gates_at_once=meta.get("gates_at_once", 1),
        hooks=tuple(hooks),
        agents=programs,
        budget=budget if programs else None,
        ship=meta.get("enable_auto_merge") is True,
        ship_remote=remote_of(meta) if meta.get("enable_auto_merge") is True else "",
        fix_attempts=meta.get("fix_attempts", FIX_ATTEMPTS) if programs else 0,
        implementer=implementer,
        rerun_red=bool(programs) and meta.get("rerun_red") is True,
        active=active,
        approvals=approval_policy.agreed(meta, gates, works=bool(programs)),
    )
    problems = bad_overrides(meta) + approval_policy.problems(meta) + contract.problems()
    if programs and "implementer" in meta and contract.agent(implementer) is None:
        hint = f"type: studio-gateway agent set {implementer} --command '…'"
        text = f"the implementer {implementer} is no program; {hint}"
        problems.append(Problem("implementer", ProblemCode.CONFLICT, text))
    if problems:
        raise ContractError(*problems)
    return contract


def _overridden(spec: RoundSpec, meta: JsonMapping) -> RoundSpec:
    acks = table(meta, "required_acks_by_round").get(spec.code)
    if isinstance(acks, list) and all(isinstance(agent, str) for agent in acks):
        spec = replace(spec, acks=tuple(agent for agent in acks if agent != LEAD))
    minutes = table(meta, "round_minutes").get(spec.code)
    if minutes is not None and is_span(minutes):
        spec = replace(spec, min_minutes=minutes[0], max_minutes=minutes[1])
    return spec
