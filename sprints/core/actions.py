"""What the engine would do next, and what the world answers."""

from dataclasses import dataclass
from datetime import datetime

from gates.verdict import Judgement
from sprints.contract.protected_paths import Touched
from sprints.prompts.exchange import Exchange
from sprints.state import ship_values
from sprints.state.delivery_result import DeliveryResult


@dataclass(frozen=True, slots=True)
class StartRound:
    """Open the current round."""

    code: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask one agent; ``kind`` is ``ack``, ``lead``, ``plan``, ``build``, ``polish`` or ``fix``, and
    ``task`` the id of the planned task that it is about, if any.
    """

    code: str
    agent: str
    kind: str
    task: str = ""


@dataclass(frozen=True, slots=True)
class RecoverTask:
    """Find out what became of a question to an agent that an earlier life left."""

    task: str


@dataclass(frozen=True, slots=True)
class FailAtAgent:
    """An agent did not answer: end the sprint."""

    code: str
    task: str


@dataclass(frozen=True, slots=True)
class BlockAtQuestion:
    """An agent asks what only a human can answer."""

    code: str
    task: str


@dataclass(frozen=True, slots=True)
class BlockAtBudget:
    """Programs have used up what they may, and another is to be launched."""

    code: str


@dataclass(frozen=True, slots=True)
class RunGate:
    """Run a gate of the round."""

    code: str
    gate_id: str


@dataclass(frozen=True, slots=True)
class Recover:
    """Find out what became of a gate run that an earlier life left."""

    run_id: str


@dataclass(frozen=True, slots=True)
class RunHook:
    """Bring it to a blocking hook, for which the sprint waits at ``place``; ``detail`` is the gate
    or the gate run that the point is about.
    """

    code: str
    hook_id: str
    point: str
    place: str
    detail: str


@dataclass(frozen=True, slots=True)
class RecoverHook:
    """Find out what became of a blocking hook that an earlier life left."""

    delivery_id: str


@dataclass(frozen=True, slots=True)
class BlockAtHook:
    """A blocking hook said no as often as it may: a human has to look."""

    code: str
    delivery_id: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Merge the sprint's branch with its base, to be judged."""

    code: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish the merge that the gates have passed."""

    code: str


@dataclass(frozen=True, slots=True)
class RecoverShip:
    """Find out how far a merge or its publishing came that an earlier life left, and go on."""

    code: str


@dataclass(frozen=True, slots=True)
class BlockAtShip:
    """What has passed cannot be shipped: a human has to look."""

    code: str


@dataclass(frozen=True, slots=True)
class Compare:
    """Find out what the work changes of protected paths."""

    code: str


@dataclass(frozen=True, slots=True)
class BlockForApproval:
    """A human has to say yes before the sprint goes on; ``what`` says to what."""

    code: str
    what: str


@dataclass(frozen=True, slots=True)
class WarnOverdue:
    """The round is over its minutes; the contract says: tell it once."""

    code: str


@dataclass(frozen=True, slots=True)
class StopOverdue:
    """The round is over its minutes; the contract says: stop."""

    code: str


@dataclass(frozen=True, slots=True)
class FailAtGate:
    """A required gate said no: end the sprint."""

    code: str
    run_id: str


@dataclass(frozen=True, slots=True)
class BlockAtFlaky:
    """A required gate has said no and yes of one and the same tree: a human has to look."""

    code: str
    run_id: str


@dataclass(frozen=True, slots=True)
class FinishRound:
    """Everything that the round asks for is there: close it, and the sprint after the last."""

    code: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody has asked for it, and nothing runs any more."""

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
    """The action begins at ``at``; all that a bookkeeping action needs to be settled."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """A gate has ended."""

    at: datetime
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Replied:
    """An agent has answered, or will not any more."""

    at: datetime
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Brought:
    """A blocking hook has answered, or was stopped."""

    at: datetime
    answer: DeliveryResult


@dataclass(frozen=True, slots=True)
class Merged:
    """There is something to judge, or nothing to ship."""

    at: datetime
    merge: ship_values.Merge


@dataclass(frozen=True, slots=True)
class Published:
    """It is published, with ``tag`` unless ``unfinished`` says why something was left undone; or
    the base has ``moved``; or ``reason`` says why not.
    """

    at: datetime
    tag: str = ""
    unfinished: str = ""
    moved: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs of protected paths, or why that could not be told."""

    at: datetime
    touched: Touched


Outcome = Begun | Judged | Replied | Brought | Merged | Published | Compared
