"""Define the actions that the core can decide on, and their outcomes."""

from dataclasses import dataclass
from datetime import datetime

from gates.verdict import Judgement
from sprints.contract.protected_paths import Touched
from sprints.prompts.exchange import Exchange
from sprints.state import ship_values
from sprints.state.delivery_result import DeliveryResult

# The gateway may die this often during one gate, agent or hook; then it is no longer repeated.
MOST_LOST = 5


@dataclass(frozen=True, slots=True)
class StartRound:
    """Open the current round."""

    code: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask one agent.

    ``kind`` is ``ack``, ``lead``, ``plan``, ``build``, ``polish`` or ``fix``; ``task`` is the id of
    the planned task to work on, if any.
    """

    code: str
    agent: str
    kind: str
    task: str = ""


@dataclass(frozen=True, slots=True)
class RecoverTask:
    """Find the result of an agent's task that an earlier process left."""

    task: str


@dataclass(frozen=True, slots=True)
class FailAtAgent:
    """End the sprint, because an agent did not answer."""

    code: str
    task: str


@dataclass(frozen=True, slots=True)
class BlockAtQuestion:
    """Block the sprint until a human answers an agent's question."""

    code: str
    task: str


@dataclass(frozen=True, slots=True)
class BlockAtBudget:
    """Block the sprint, because the next launch exceeds the budget of the agent commands."""

    code: str


@dataclass(frozen=True, slots=True)
class RunGate:
    """Run a gate of the round."""

    code: str
    gate_id: str


@dataclass(frozen=True, slots=True)
class Recover:
    """Find the result of a gate run that an earlier process left."""

    run_id: str


@dataclass(frozen=True, slots=True)
class RunHook:
    """Deliver an event to a blocking hook, for which the sprint waits at ``place``.

    ``detail`` is the gate or the gate run of the event.
    """

    code: str
    hook_id: str
    point: str
    place: str
    detail: str


@dataclass(frozen=True, slots=True)
class RecoverHook:
    """Find the result of a blocking hook that an earlier process left."""

    delivery_id: str


@dataclass(frozen=True, slots=True)
class BlockAtHook:
    """Block the sprint, because a blocking hook has failed in all its attempts."""

    code: str
    delivery_id: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Merge the sprint's branch with its base, so that gates can judge the result."""

    code: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish the merge that the gates have passed."""

    code: str


@dataclass(frozen=True, slots=True)
class RecoverShip:
    """Find how far an interrupted merge or publication came, and continue it."""

    code: str


@dataclass(frozen=True, slots=True)
class BlockAtShip:
    """Block the sprint, because its passed work cannot be shipped."""

    code: str


@dataclass(frozen=True, slots=True)
class Compare:
    """Find which protected paths the work has changed."""

    code: str


@dataclass(frozen=True, slots=True)
class BlockForApproval:
    """Block the sprint until a human approves; ``what`` names the subject."""

    code: str
    what: str


@dataclass(frozen=True, slots=True)
class WarnOverdue:
    """Report once that the round exceeds its minutes, as the contract demands."""

    code: str


@dataclass(frozen=True, slots=True)
class StopOverdue:
    """Stop the sprint, because the round exceeds its minutes, as the contract demands."""

    code: str


@dataclass(frozen=True, slots=True)
class FailAtGate:
    """End the sprint, because a required gate has failed."""

    code: str
    run_id: str


@dataclass(frozen=True, slots=True)
class BlockAtFlaky:
    """Block the sprint, because a required gate has failed and passed on the same tree."""

    code: str
    run_id: str


@dataclass(frozen=True, slots=True)
class FinishRound:
    """Close the completed round; after the last round, end the sprint."""

    code: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel the sprint on request, when nothing runs any more."""

    code: str


Action = (
    StartRound
    | Ask
    | RecoverTask
    | FailAtAgent
    | BlockAtQuestion
    | BlockAtBudget
    | RunGate
    | Recover
    | RunHook
    | RecoverHook
    | BlockAtHook
    | Merge
    | Publish
    | RecoverShip
    | BlockAtShip
    | Compare
    | BlockForApproval
    | WarnOverdue
    | StopOverdue
    | FailAtGate
    | BlockAtFlaky
    | FinishRound
    | Cancel
)


@dataclass(frozen=True, slots=True)
class Begun:
    """The action begins at ``at``: the only outcome of an action without an outside effect."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """A gate has ended."""

    at: datetime
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Replied:
    """An agent has answered, or will never answer."""

    at: datetime
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Brought:
    """A blocking hook has answered, or was stopped."""

    at: datetime
    answer: DeliveryResult


@dataclass(frozen=True, slots=True)
class Merged:
    """The merge is made, or there is nothing to ship."""

    at: datetime
    merge: ship_values.Merge


@dataclass(frozen=True, slots=True)
class Published:
    """The merge is published, with ``tag`` unless ``unfinished`` names a failed follow-up.

    Otherwise the base has ``moved``, or ``reason`` says why nothing was published.
    """

    at: datetime
    tag: str = ""
    unfinished: str = ""
    moved: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """The changed protected paths, or why the comparison failed."""

    at: datetime
    touched: Touched


Outcome = Begun | Judged | Replied | Brought | Merged | Published | Compared
