"""Test that the invariants hold with approvals, and that seeded faults are found."""

from dataclasses import replace

import pytest

from sprints.contract.approval_policy import Approvals
from sprints.contract.contract import DEFAULT_GATE, draft
from sprints.contract.git_values import Base
from sprints.core import approval_decisions, approval_requests, decide, shipping
from sprints.core.actions import Compare
from sprints.modelcheck.explore import ENDS, explore
from tests.sprints.core.test_agent_tasks import LEAD
from tests.sprints.modelcheck.bounds import brief

IN_R3 = replace(DEFAULT_GATE, rounds=("R3_BUILD_A_INTEGRATE",))
IN_R5 = replace(DEFAULT_GATE, rounds=("R5_RELEASE_CANDIDATE",))
PATHS = Approvals(protected=("tests/**",))


def in_a_clone(gate, approvals, agents=(), **terms):
    contract = draft({}, [gate], agents=agents)
    return replace(contract, base=Base("main", "0" * 40), approvals=approvals, **terms)


CONTRACTS = {
    "before it builds": draft({"approvals": ["before_build"]}, [IN_R3]),
    "it waits on": draft({"approvals": ["before_build"], "approval_default": "wait"}, [IN_R3]),
    "protected paths": brief(in_a_clone(IN_R3, PATHS, [LEAD], fix_attempts=1), "R2", "R3", "R5"),
    "before it ships": in_a_clone(IN_R5, Approvals(("before_ship",)), ship=True),
    "shipped with its paths": in_a_clone(IN_R5, PATHS, ship=True),
}


MERGES = {"before it ships": 2}  # enough for a base that has moved; each more doubles the walk


def walk(name, monkeypatch, until=""):
    monkeypatch.setattr(shipping, "MOST_TRIES", MERGES.get(name, 1))
    return explore(CONTRACTS[name], until=until)


# Every run explores its parts: these paths without a fix, and fixes in test_explore_fix_loop.
LONG = {"protected paths"}
CONTRACTS["paths without a fix"] = replace(CONTRACTS["protected paths"], fix_attempts=0)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.whole] * (name in LONG)) for name in CONTRACTS],
)
def test_every_promise_holds_where_humans_are_asked(name, monkeypatch):
    found = walk(name, monkeypatch)

    assert found.findings == ()
    assert found.holds


def lets_all_through(snapshot, action):
    return action


def any_yes_counts(snapshot, what, of):
    """A yes to one tree is taken for one to another."""
    given = approval_requests.state(snapshot).given or ()
    return any((one.what, one.verdict) == (what, "approved") for one in given)


def a_no_counts(snapshot, what, of):
    """Whatever was decided of that tree is taken for a yes."""
    given = approval_requests.state(snapshot).given or ()
    subject = approval_requests._subject
    return any(one.what == what and subject(one, what) == of for one in given)


def no_yes_counts(snapshot, what, of):
    return False


def what_was_found_once(snapshot):
    """The tree has moved since."""
    found = approval_requests.state(snapshot).compared
    return found.touched if found else None


def never_compares(snapshot, action):
    found = GATED(snapshot, action)
    return action if isinstance(found, Compare) else found


def time_is_a_yes(snapshot, at):
    return APPROVE(snapshot, "nobody", "", snapshot.at) if EXPIRED(snapshot, at) else None


def a_no_goes_on(snapshot, by, why, at, ask=""):
    return APPROVE(snapshot, by, why, at, ask)


def forgets_the_branch(snapshot, action):
    """Only what is merged is looked at."""
    return action if isinstance(action, decide.FinishRound) else GATED(snapshot, action)


GATED, APPROVE, EXPIRED = (
    approval_requests.gated,
    approval_decisions.approve,
    approval_decisions.expired,
)
FIRST = "asks before it goes on"

MUTATIONS = [
    (
        "building without a yes",
        approval_requests,
        "gated",
        lets_all_through,
        "before it builds",
        FIRST,
    ),
    (
        "shipping without a yes",
        approval_requests,
        "gated",
        lets_all_through,
        "before it ships",
        FIRST,
    ),
    ("paths without a yes", approval_requests, "gated", lets_all_through, "protected paths", FIRST),
    (
        "a yes to another merge",
        approval_requests,
        "is_given",
        any_yes_counts,
        "before it ships",
        FIRST,
    ),
    (
        "a yes to other paths",
        approval_requests,
        "is_given",
        any_yes_counts,
        "protected paths",
        FIRST,
    ),
    ("a no is a yes", approval_requests, "is_given", a_no_counts, "before it builds", FIRST),
    ("no yes leads on", approval_requests, "is_given", no_yes_counts, "before it builds", ENDS),
    (
        "an older look",
        approval_requests,
        "comparison",
        what_was_found_once,
        "protected paths",
        FIRST,
    ),
    ("nobody looks", approval_requests, "gated", never_compares, "protected paths", FIRST),
    ("time says yes", approval_decisions, "expired", time_is_a_yes, "before it builds", FIRST),
    ("a no goes on", approval_decisions, "reject", a_no_goes_on, "before it ships", FIRST),
    (
        "rounds close unseen",
        approval_requests,
        "gated",
        forgets_the_branch,
        "protected paths",
        FIRST,
    ),
]


@pytest.mark.parametrize(
    ("where", "name", "fault", "contract", "promise"),
    [m[1:] for m in MUTATIONS],
    ids=[m[0] for m in MUTATIONS],
)
def test_a_fault_in_approvals_is_found(monkeypatch, where, name, fault, contract, promise):
    monkeypatch.setattr(where, name, fault)

    found = walk(contract, monkeypatch, promise)

    assert promise in {one.promise for one in found.findings}
