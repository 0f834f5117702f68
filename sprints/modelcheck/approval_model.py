"""Model the decisions of humans and the content of protected paths; pure."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from datetime import datetime

from sprints.contract.approval_policy import BUILD, PATHS, REJECT, SHIP
from sprints.contract.protected_paths import Touched
from sprints.contract.rounds import BUILDS
from sprints.core import approval_decisions, approval_requests, reducer, shipping
from sprints.core.actions import Compare, Compared
from sprints.modelcheck.model import TIME, WORLD, State, Step
from sprints.state.event_format import moment
from sprints.state.snapshot import evolve
from sprints.state.stop_reason import StopCode
from sprints.state.transitions import Transition

HUMAN = "human"  # the cause of the step; no cycle, because each approval is for one subject
PLAN = "plan"
ENDS = (StopCode.APPROVAL_REJECTED, StopCode.APPROVAL_EXPIRED)


def compared(state: State, action: Compare) -> Iterator[Step]:
    """Yield the possible changes of protected paths in the present tree.

    They are nothing, something new, or those of the tree from which it came. One tree always has
    the same.
    """
    tree, there = tree_of(state), state.flags.get(tree_of(state))
    earlier = [one.tree for one in state.sent if _is_here(state, one)][-1:]
    came_from = [state.tree] if tree != state.tree else earlier
    kept = [flag for one in came_from if (flag := state.flags.get(one))]
    digests = dict.fromkeys(("", f"d{tree}", *kept)) if there is None else [there]
    outcomes = [Touched(tree, one, int(bool(one)), ("tests",) if one else ()) for one in digests]
    for touched in (*outcomes, Touched(reason="git is away")):
        text = f"protected paths of {tree}: {touched.digest or touched.reason or 'unchanged'}"
        try:
            at = state.snapshot.at
            moves = reducer.reduce(state.snapshot, action, Compared(at, touched))
            after = replace(state, snapshot=evolve(state.snapshot, moves, at))
        except Exception as exc:
            yield Step(WORLD, text, None, action, f"{type(exc).__name__}: {exc}")
            continue
        if not touched.reason:
            after = replace(after, flags=state.flags | {tree: touched.digest})
        yield Step(WORLD, text, after, action)


def tree_of(state: State) -> str:
    """Return the tree to compare: the merge while it is judged, else the clone's."""
    if shipping.status(state.snapshot) == shipping.JUDGING:
        return _merged_tree(state)
    return state.tree


def _merged_tree(state: State) -> str:
    """Return the tree of the merge that is to be shipped; empty if there is none."""
    found = shipping.state(state.snapshot)
    return (found.tree or "") if found else ""


def decided(state: State) -> Iterator[Step]:
    """Yield the possible decisions on the open request: approved, rejected, expired."""
    snapshot = state.snapshot
    ask = approval_requests.ask_of(snapshot)
    if ask is None:
        return
    seen = {BUILD: PLAN, SHIP: ask.tree or "", PATHS: ask.digest or ""}
    yes = {(ask.what, seen[ask.what])} | ({(PATHS, seen[PATHS])} if seen[PATHS] else set())
    until = moment(ask.until_ts)
    approved = replace(state, approved=state.approved | yes)
    yield _step(approved, HUMAN, lambda at: approval_decisions.approve(snapshot, "sam", "", at))
    yield _step(state, HUMAN, lambda at: approval_decisions.reject(snapshot, "sam", "no", at))
    terms = snapshot.started_contract.approvals
    if terms and terms.at_deadline == REJECT:
        yield _step(state, TIME, lambda at: approval_decisions.expired(snapshot, until))


def _step(state: State, by: str, act: Callable[[datetime], Transition | None]) -> Step:
    at = state.snapshot.at
    try:
        move = act(at)
        if move is None:
            raise ValueError("its time is over, and nothing follows")
        after = replace(state, snapshot=evolve(state.snapshot, [move], at))
    except Exception as exc:
        return Step(by, "an approval is decided", None, fault=f"{type(exc).__name__}: {exc}")
    return Step(by, move.message, after)


def approval_key(state: State) -> Hashable:
    """Return everything that a later step may read of approvals, in rows and in truth."""
    snapshot, terms = state.snapshot, state.snapshot.started_contract.approvals
    if terms is None:
        return ()
    given = approval_requests.is_given
    found, ask = approval_requests.comparison(snapshot), approval_requests.ask_of(snapshot)
    build = BUILD in terms.before and snapshot.current_round.code <= BUILDS[0]
    planned = build and given(snapshot, BUILD, approval_requests.plan_of(snapshot))
    trees = [tree_of(state), state.tree, *(one.tree for one in state.sent if _is_here(state, one))]
    flags = [_open(state, state.flags.get(tree)) for tree in dict.fromkeys(trees)]
    seen = _open(state, found.digest) if found else ""
    numbers = {one: n for n, one in enumerate(dict.fromkeys([seen, *flags]))}
    merged = _merged_tree(state)
    yeses = {what for what, _ in state.approved}  # subjects that could be mixed up
    return (
        (planned, (BUILD, PLAN) in state.approved, ask and ask.what, frozenset(yeses)),
        found and (bool(found.reason), numbers[seen]),
        tuple(numbers[flag] for flag in flags),
        tuple(
            (given(snapshot, PATHS, one), (PATHS, one) in state.approved) if one else one
            for one in numbers
        ),
        merged and (given(snapshot, SHIP, merged), (SHIP, merged) in state.approved),
    )


def _open(state: State, flag: str | None) -> str | None:
    """Return the flag of protected paths, or empty if an approval covers it."""
    counts = flag and approval_requests.is_given(state.snapshot, PATHS, flag)
    return "" if counts and (PATHS, flag) in state.approved else flag


def _is_here(state: State, sent: object) -> bool:
    place = state.snapshot.current_round.id, state.snapshot.sprint.attempt
    return (getattr(sent, "place", None), getattr(sent, "attempt", None)) == place


def asks_first(before: State, step: Step, after: State) -> Iterator[str]:
    """Yield anything built, closed or published without the required approval."""
    snapshot, terms = after.snapshot, after.snapshot.started_contract.approvals
    if terms is None:
        return
    was, now = shipping.status(before.snapshot), shipping.status(snapshot)
    for earlier, one in zip(before.snapshot.rounds, snapshot.rounds, strict=True):
        if one.status == earlier.status:
            continue
        opens = one.status == "in_progress" and one.code == BUILDS[0]
        if opens and BUILD in terms.before and (BUILD, PLAN) not in after.approved:
            yield f"{one.code} has begun without an approval"
        if one.status == "done" and now not in approval_requests.OVER:
            yield from _unapproved(after, after.tree, f"{one.code} is done")
    if now == shipping.PUBLISHING != was:
        tree = _merged_tree(after)
        if SHIP in terms.before and (SHIP, tree) not in after.approved:
            yield f"the tree {tree} is published without an approval"
        yield from _unapproved(after, tree, f"the tree {tree} is published")


def _unapproved(state: State, tree: str, what: str) -> Iterator[str]:
    """Yield protected changes in that tree that were not compared or not approved."""
    terms = state.snapshot.started_contract
    works = state.snapshot.gate_runs or any(
        task.details.get("try") for task in state.snapshot.tasks
    )
    if not (terms.base and terms.approvals and terms.approvals.protected and works):
        return
    flag = state.flags.get(tree)
    if flag is None:
        yield f"{what}, and its protected paths were not compared"
    elif flag and (PATHS, flag) not in state.approved:
        yield f"{what}, and the change {flag} of its protected paths is not approved"


def says_no(before: State, step: Step, after: State) -> bool:
    """Return whether a rejection or an expiry has ended the sprint."""
    asked = approval_requests.ask_of(before.snapshot) is not None
    return asked and step.by in (HUMAN, TIME) and after.snapshot.stopped_with(*ENDS)
