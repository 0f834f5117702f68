"""Simulate a sprint in which every gate passes, and compute its greatest possible usage; pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from gates.verdict import Judgement, Verdict
from sprints.contract.budget import (
    GRANTED,
    MOST_LAUNCHES,
    MOST_MINUTES,
    AgentBudget,
    Granted,
    with_granted,
)
from sprints.contract.contract import Contract
from sprints.contract.json_types import JsonMapping
from sprints.contract.protected_paths import Touched
from sprints.contract.rounds import BUILDS, LEAD
from sprints.core import commands
from sprints.core.actions import (
    Action,
    Ask,
    Begun,
    Brought,
    Compare,
    Compared,
    Judged,
    Merge,
    Merged,
    Outcome,
    Replied,
    RunHook,
)
from sprints.core.decide import decide
from sprints.core.reducer import needs_effect, reduce
from sprints.prompts import lead_plan
from sprints.prompts.assignments import MOST_TASKS
from sprints.prompts.exchange import Exchange
from sprints.prompts.reply_format import Reply
from sprints.state import ship_values
from sprints.state.delivery_result import DeliveryResult
from sprints.state.engine_meta import PAUSE, STEP, SprintMeta
from sprints.state.snapshot import Snapshot, SprintValue, evolve
from sprints.state.transitions import Transition

NOT_YET = "(what {0} says here is not known before it is asked)"
MOST_STEPS = 2000
_GREEN = Judgement(Verdict.PASSED, 0, "", 0.0)


@dataclass(frozen=True, slots=True)
class Worst:
    """The most that agent commands may use, without extra attempts requested by humans."""

    launches: int
    minutes: float

    def of(self, budget: AgentBudget) -> str:
        """Return the usage in words, next to the budget."""
        parked = self.launches > budget.launches or self.minutes > budget.minutes
        more = "; above the budget, the sprint waits for you" if parked else ""
        return (
            f"agents need up to {self.launches} launches (budget {budget.launches}) "
            f"and {self.minutes:g} minutes (budget {budget.minutes:g}){more}"
        )


def begun(sprint_id: str, title: str, meta: JsonMapping, at: datetime) -> Snapshot:
    """Return an unstarted sprint with that name and meta, without any hold."""
    kept = SprintMeta(dict(meta)).without(STEP, GRANTED, *PAUSE)
    artifacts = "(the folder of its evidence)"
    value = SprintValue(
        sprint_id, title, "created", None, artifacts, None, kept, at, None, None, 1, None, ""
    )
    return Snapshot(value, (), (), (), None, 1, at)


def simulate(snapshot: Snapshot, contract: Contract) -> Iterator[Transition]:
    """Yield every transition from the start until the sprint succeeds or waits for a human.

    Approvals before that count as given.
    """
    at = snapshot.at
    if contract.approvals:
        contract = replace(contract, approvals=replace(contract.approvals, before=()))
    if contract.budget:
        contract = replace(contract, budget=AgentBudget(MOST_LAUNCHES, MOST_MINUTES))
    moves = [commands.start(snapshot, contract, at)]
    for _ in range(MOST_STEPS):
        snapshot = evolve(snapshot, moves, at)
        yield from moves
        if (action := decide(snapshot)) is None:
            return
        moves = reduce(snapshot, action, Begun(at))
        if needs_effect(action):
            after = evolve(snapshot, moves, at)
            moves += reduce(after, action, _answered(action, at))


def _answered(action: Action, at: datetime) -> Outcome:
    if isinstance(action, Ask):
        reply = Reply(NOT_YET.format(action.agent), (), (), ())
        return Replied(at, Exchange(reply, text=reply.status, exit_code=0, duration_s=0.0))
    if isinstance(action, Compare):
        return Compared(at, Touched())
    if isinstance(action, RunHook):
        return Brought(at, DeliveryResult(True, "", exit_code=0))
    if isinstance(action, Merge):
        return Merged(at, ship_values.Merge("", "", ""))  # nothing to merge: there is no work yet
    return Judged(at, _GREEN)


def worst(contract: Contract, granted: Granted | None) -> tuple[Worst, AgentBudget] | None:
    """Return the most that the sprint's agent commands may use, and its budget, or None."""
    if contract.budget is None:
        return None
    asked = [agent for spec in contract.rounds for agent in (*spec.acks, LEAD)]
    longest = {agent.agent_id: agent.timeout_s for agent in contract.agents}
    seconds = [longest[agent] for agent in asked if agent in longest]
    if contract.active:
        most = max(longest[agent] for agent in contract.active)
        implementers = min(len(contract.active), MOST_TASKS)
        # each is confirmed, built, repeated once if nothing has changed, and polished
        seconds += [most] * (implementers + 3 * MOST_TASKS)
        seconds += [longest[LEAD]] * lead_plan.MOST_RETURNED * len(lead_plan.PLANNED_IN)
    elif LEAD in longest:
        seconds.append(longest[LEAD])  # once more in R3, if nothing has changed
    owners = [longest[one] for one in (contract.implementer, *contract.active) if one in longest]
    for code in BUILDS:
        if owners and any(gate.required for gate in contract.gates_of(code)):
            seconds += [max(owners)] * contract.fix_attempts
    return (
        Worst(len(seconds), round(sum(seconds) / 60, 1)),
        with_granted(contract.budget, granted),
    )
