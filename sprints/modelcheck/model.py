"""Define the states and steps of the model check; pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gates.verdict import Verdict
from sprints.contract.contract import Contract
from sprints.core import commands
from sprints.core.actions import Action
from sprints.state.engine_meta import SprintMeta
from sprints.state.messages import message
from sprints.state.snapshot import Snapshot, SprintValue, evolve
from sprints.state.transitions import Create, MoveRefused, Transition

NOON = datetime(2000, 1, 1, 12, tzinfo=UTC)
RED = (Verdict.FAILED.value, Verdict.ERROR.value, Verdict.TIMED_OUT.value)

# The cause of a step. ``FREE`` steps need a wish each time, so a cycle of them is allowed.
ENGINE, WORLD, CRASH, TIME, CANCEL, FREE = "engine", "world", "crash", "time", "cancel", "free"


@dataclass(frozen=True, slots=True)
class Sent:
    """The true facts of a fix: the round and attempt, the tree, and the gates' verdicts on it."""

    place: str
    attempt: int
    tree: str
    said: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Programs:
    """The true behaviour of agent commands.

    ``kinds`` of questions are explored; all others are answered at once. ``launches`` and
    ``seconds`` are the amounts used. ``names`` are the names by which the rows waited for attempts,
    ``answered`` the tasks whose question a human has answered.
    """

    kinds: frozenset[str] = frozenset()
    launches: int = 0
    seconds: float = 0.0
    names: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class State:
    """A state of the model: the rows, and the true facts, whatever the rows record.

    ``attended`` are the ids that this process has under way. ``truth`` holds the true verdicts and
    replies, by the id of the run, delivery or attempt. ``tree`` is the content of the clone,
    ``trees`` its content when a run judged it, ``sent`` the fixes. ``flags`` are the changes of
    protected paths in each compared tree, empty for none; ``approved`` is what a human has truly
    approved.
    """

    snapshot: Snapshot
    attended: frozenset[str]
    truth: dict[str, str]
    retries: int = 0
    tree: str = "1"
    trees: dict[str, str] = field(default_factory=dict)
    sent: tuple[Sent, ...] = ()
    flags: dict[str, str] = field(default_factory=dict)
    approved: frozenset[tuple[str, str]] = frozenset()
    programs: Programs = Programs()


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its cause, a text, and the state after it.

    ``fault`` says how the core failed; there is no state after that.
    """

    by: str
    text: str
    after: State | None
    action: Action | None = None
    fault: str = ""


def begin(contract: Contract, kinds: Collection[str] = ()) -> State:
    """Return a sprint just started under that contract.

    The behaviour of agent commands that are asked one of ``kinds`` is explored.
    """
    sprint = SprintValue(
        "s", "S", "created", None, "evidence", None, SprintMeta({}), NOON, None, None, 1, None, ""
    )
    created = Snapshot(sprint, (), (), (), None, 1, NOON)
    started = evolve(created, [commands.start(created, contract, NOON)], NOON)
    return State(started, frozenset(), {}, programs=Programs(frozenset(kinds)))


def sent_back(before: State, after: State) -> State:
    """Return the state with the fix recorded in its true facts."""
    now, attempt = before.snapshot.current_round, before.snapshot.sprint.attempt
    last = {
        run.gate_id: before.truth[run.id]
        for run in before.snapshot.gate_runs
        if (run.round_id, run.attempt) == (now.id, attempt)
        and before.trees.get(run.id) == before.tree
    }
    said = frozenset((gate, word) for gate, word in last.items() if word in RED)
    return replace(after, sent=(*before.sent, Sent(now.id, attempt, before.tree, said)))


def mended(step: Step, after: State) -> Iterator[Step]:
    """Yield the possible contents of the clone after a fix: unchanged, new, or an earlier one."""
    place, sent = (after.sent[-1].place, after.sent[-1].attempt), after.sent
    known = [one.tree for one in sent if (one.place, one.attempt) == place]
    new = str(1 + max(int(tree) for tree in (after.tree, *(one.tree for one in sent))))
    for tree in dict.fromkeys((after.tree, new, known[0])):
        found = replace(after, tree=tree)
        yield replace(step, text=f"{step.text}; the tree is {tree}", after=found)


def recorded(snapshot: Snapshot, moves: list[Transition], at: datetime) -> Snapshot:
    """Return the snapshot after the transitions.

    Raises ``MoveRefused`` as ``record`` would, also for a missing row.
    """
    made: set[str] = set()
    for change in (change for move in moves for change in move.changes):
        if isinstance(change, Create):
            made.add(change.id)
        elif change.id not in made and not _is_there(snapshot, change.id):
            raise MoveRefused(message("refused.no_row", row=change.row, id=change.id))
    return evolve(snapshot, moves, at)


def _is_there(snapshot: Snapshot, row_id: str) -> bool:
    """Return whether the snapshot has a row of that id."""
    found = (
        any(row.id == row_id for row in snapshot.rounds)
        or any(row.id == row_id for row in snapshot.tasks)
        or any(row.id == row_id for row in snapshot.gate_runs)
        or any(row.id == row_id for row in snapshot.deliveries)
    )
    return found or row_id == snapshot.sprint_id
