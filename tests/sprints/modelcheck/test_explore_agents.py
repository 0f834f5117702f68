"""Test that the invariants hold with agent commands, and that seeded faults are found."""

from dataclasses import replace

import pytest

from gates.verdict import Cause
from sprints.contract.approval_policy import Approvals
from sprints.contract.budget import GRANTED
from sprints.contract.contract import DEFAULT_GATE, draft
from sprints.contract.git_values import Base
from sprints.core import (
    agent_replies,
    agent_tasks,
    budget,
    decide,
    pending,
    questions,
    reducer,
    wait_reason,
)
from sprints.modelcheck import agent_invariants, invariants
from sprints.modelcheck.agent_invariants import AGENT_PROMISES
from sprints.modelcheck.explore import ENDS, OWNERS, explore
from sprints.modelcheck.plan import parts
from sprints.prompts import prompts
from sprints.state.actors import OPERATOR
from sprints.state.transitions import Update
from tests.faults.table import SHORT
from tests.sprints.core.test_agent_tasks import LEAD
from tests.sprints.modelcheck.bounds import brief

IN_R3 = replace(DEFAULT_GATE, rounds=("R3_BUILD_A_INTEGRATE",))
IN_R0 = replace(DEFAULT_GATE, rounds=("R0_SETUP",), timeout_s=60.0)
BASE = Base("main", "0" * 40)


def with_programs(*gates, agents=(LEAD,), meta=None, **terms):
    contract = draft(meta or {}, gates, agents=agents)
    here = {"fix_attempts": 0, "approvals": None}  # those have a walk of their own
    return replace(contract, base=BASE, **here | terms)


CONTRACTS = {
    "a lead": with_programs(IN_R0),
    "a lead who works": brief(with_programs(IN_R3), "R3", "R5"),
    "a fix": brief(with_programs(IN_R3, fix_attempts=1), "R3", "R5"),
    "who acknowledges": with_programs(IN_R3, agents=[replace(LEAD, agent_id="agent_02")]),
    "minutes that stop": brief(
        with_programs(IN_R0, meta={"round_deadline": "stop"}), "R0", "R3", "R5"
    ),
    "two at once": with_programs(IN_R0, replace(IN_R0, gate_id="more"), meta={"gates_at_once": 2}),
}
KINDS = {"a fix": ("fix",), "who acknowledges": ("ack",)}
PATHS = Approvals(protected=("tests/**",))
REAL = with_programs(DEFAULT_GATE, fix_attempts=2, ship=True, approvals=PATHS)
BRIEF = brief(REAL, "R1", "R3", "R5")


# Explored in parts under the smaller contracts of test_explore_fix_loop ("one gate"),
# test_explore ("shipped") and test_explore_approvals ("protected paths").
LONG = {"gates and what goes back to agents", "gates and shipping", "gates and approvals"}


@pytest.mark.parametrize(
    "walk",
    [
        pytest.param(walk, id=walk.name, marks=[pytest.mark.whole] * (walk.name in LONG))
        for walk in parts(BRIEF)
    ],
)
def test_every_promise_holds_of_a_sprint_that_a_program_builds_and_ships(walk):
    found = explore(walk.contract, kinds=walk.kinds)

    assert found.findings == ()
    assert found.holds
    assert found.states > (1_000 if SHORT else 5_000)


@pytest.mark.parametrize("name", ["who acknowledges", "minutes that stop"])
def test_every_promise_holds_whatever_programs_do(name):
    found = explore(CONTRACTS[name], kinds=KINDS.get(name, ("lead",)))

    assert found.findings == ()
    assert found.holds


def test_a_program_is_asked_stopped_lost_and_parked_in_that_walk(monkeypatch):
    """Else the contract with a fix would prove nothing."""
    told = set()

    def record(snapshot, action, outcome):
        moves = REDUCE(snapshot, action, outcome)
        told.update((type(action).__name__, move.kind) for move in moves)
        return moves

    monkeypatch.setattr(reducer, "reduce", record)
    found = explore(CONTRACTS["a fix"], kinds=["fix"])

    assert found.holds
    for kind in ("task_done", "task_asks", "task_failed", "task_stopped"):
        assert {("Ask", kind), ("RecoverTask", kind)} <= told
    assert ("BlockAtBudget", "error") in told
    assert ("BlockAtQuestion", "error") in told


def blind(*args):
    return None


def silent_is_done(snapshot, task, outcome):
    """No reply is taken for one."""
    move = REPLIED(snapshot, task, outcome)
    return changed(move, lambda v: v | {"status": "done"} if v["status"] == "blocked" else v)


def question_is_passed(snapshot, task, outcome):
    move = REPLIED(snapshot, task, outcome)
    return changed(move, lambda v: v | {"status": "done"} if "asks" in v["details"] else v)


def stopped_is_failed(snapshot, task, outcome):
    return REPLIED(snapshot, task, replace(outcome, exchange=unstopped(outcome.exchange)))


def unstopped(exchange):
    return replace(exchange, stopped=False)


def reply_without_a_guard(snapshot, task, outcome):
    move = REPLIED(snapshot, task, outcome)
    (change,) = move.changes
    return replace(move, changes=(Update("task", change.id, (), change.values),))


def lost_is_not_counted(snapshot, task, outcome):
    move = REPLIED(snapshot, task, outcome)
    return changed(move, lambda v: v | {"details": v["details"] | {"lost": 0}})


def counts_no_change(snapshot, task, said):
    return {}


def asked_for_a_change_for_ever(snapshot, task, said):
    return {"unchanged": 1} if UNCHANGED(snapshot, task, said) else {}


def never_sent_back(snapshot, task, said):
    return False


def formless_for_ever(snapshot, task, said):
    return said.cause == Cause.NO_FORM


def asks_for_nothing(task):
    return []


def changed(move, values):
    (change,) = move.changes
    return replace(move, changes=(replace(change, values=values(dict(change.values))),))


def the_first_try(*args):
    return TRY(*args) | {"try": 1}


def answers_are_lost(*args):
    return TRY(*args) | {"answers": []}


def for_as_long_as_it_likes(snapshot, agent, *args):
    return TRY(snapshot, agent, *args) | {"reserved_s": agent.timeout_s}


def answer_is_not_told(snapshot, kind, agent, spec, details):
    tasks = tuple(
        replace(task, details=task.details | {"answers": []})
        for task in snapshot.tasks
        if "try" in task.details
    )
    return WHOLE(replace(snapshot, tasks=tasks), kind, agent, spec, details)


def launches_on(snapshot, ask):
    """Nobody looks at the budget."""
    return ask


def fails_when_parked(snapshot, at):
    """What waited for a budget is taken for unanswered once there is one."""
    move = PARKED(snapshot, at)
    changes = [c for c in move.changes if c.row != "task"]
    tasks = [
        replace(c, values={k: v for k, v in c.values.items() if k != "details"})
        for c in move.changes
        if c.row == "task"
    ]
    return replace(move, changes=(*tasks, *changes))


def grant_is_forgotten(snapshot, meta, at):
    return GOES_ON(snapshot, meta.without(GRANTED), at)


def grants_nothing(snapshot, meta, at):
    """The sprint stays where it is."""
    return (budget._set(snapshot, {"meta": meta.stored}),)


def still_asked(snapshot, *args, **kwargs):
    move = ANSWER(snapshot, *args, **kwargs)
    *others, task = move.changes
    return replace(move, changes=(*others, replace(task, values={"status": "blocked"})))


def answer_refused(snapshot, *args, **kwargs):
    raise questions.MoveRefused("nobody asks")


def only_by_its_task(task):
    return task.id


def takes_agents_for_ours(snapshot, attended=()):
    """A try that an earlier life left is waited for."""
    left = [task.id for task in snapshot.tasks if agent_tasks.is_open(task)]
    return DECIDE(snapshot, {*attended, *left})


def asks_while_paused(snapshot, attended=()):
    meta = snapshot.sprint.meta.without("automation_paused")
    return DECIDE(replace(snapshot, sprint=replace(snapshot.sprint, meta=meta)), attended)


def cancelled_in_the_midst(snapshot, attended=()):
    """A cancel does not wait until the agent has ended."""
    if snapshot.sprint.status == "running" and snapshot.sprint.cancel_by:
        return decide.Cancel(snapshot.current_round.code)
    return DECIDE(snapshot, attended)


def asked_again_after_a_cancel(snapshot, attended=()):
    """Who was stopped by a cancel is asked once more before that is heeded."""
    waits = any(task.status == "pending" for task in snapshot.tasks)
    if not (waits and snapshot.sprint.cancel_by):
        return DECIDE(snapshot, attended)
    return DECIDE(replace(snapshot, sprint=replace(snapshot.sprint, cancel_by="")), attended)


def beside_an_agent(snapshot, contract, now, running):
    """Gates start while an agent works."""
    others = tuple(task for task in snapshot.tasks if not agent_tasks.is_open(task))
    return RUN_BESIDE(replace(snapshot, tasks=others), contract, now, running)


def never_lost_too_often(task, outcome):
    return outcome


def lost_at_once(task, outcome):
    said = outcome.exchange
    return replace(outcome, exchange=unstopped(said)) if agent_tasks.is_lost(said) else outcome


def uses_nothing(task, outcome):
    return 0.0


def wait_without_its_code(snapshot):
    found = WAIT_OF(snapshot)
    return found | {"code": ""} if found and found["who"] == OPERATOR else found


def nobody_is_asked(snapshot):
    found = WAIT_OF(snapshot)
    return None if snapshot.sprint.status == "blocked" else found


def agents_have_no_time(snapshot):
    found = WAIT_OF(snapshot)
    return found | {"until_ts": None} if found and found["what"].startswith("agent") else found


REPLIED, TRY, BOUNDED, USED_S = (
    agent_tasks.replied,
    agent_tasks._try,
    agent_tasks.bounded,
    agent_tasks._used_s,
)
WHOLE, REDUCE, DECIDE = prompts.whole, reducer.reduce, decide.decide
PARKED, GOES_ON, ANSWER = budget.parked, budget._goes_on, questions.answer
UNCHANGED = agent_replies._unchanged
WAIT_OF, RUN_BESIDE = wait_reason.wait_of, decide._run_beside

SILENCE, REASON = "an agent's silence counts", "an agent's end has a reason"
BUDGET, ARRIVE = "within its budget", "answers reach their agent"
LEADS, LATE, ALONE = (
    "who is asked can lead on",
    "late answers are refused",
    "an agent works alone",
)
LEFT, PAUSE, STOPS = "nothing is left behind", "a pause holds", "cancel means stopped"

FORM = "lacks_form"

FAULTS = [
    # what is broken: where, its name, by what, under which contract; and the promise it breaks
    ("no reply is not looked at", decide, "_unanswered", blind, "a lead", SILENCE),
    ("no reply is one", agent_tasks, "replied", silent_is_done, "a lead", SILENCE),
    ("a question is passed over", agent_tasks, "replied", question_is_passed, "a fix", SILENCE),
    ("a question is a failure", decide, "asks", asks_for_nothing, "a lead", REASON),
    (
        "no change is not looked at",
        agent_replies,
        "_unchanged",
        counts_no_change,
        "a lead who works",
        SILENCE,
    ),
    (
        "no change is asked about for ever",
        agent_replies,
        "_unchanged",
        asked_for_a_change_for_ever,
        "a lead who works",
        ENDS,
    ),
    ("no form fails at once", agent_replies, FORM, never_sent_back, "a lead", REASON),
    ("no form is sent back for ever", agent_replies, FORM, formless_for_ever, "a fix", ENDS),
    ("who is stopped has failed", agent_tasks, "replied", stopped_is_failed, "a lead", REASON),
    ("one crash is too many", agent_tasks, "bounded", lost_at_once, "a fix", REASON),
    ("gateways die for ever", agent_tasks, "bounded", never_lost_too_often, "a fix", ENDS),
    ("crashes are not counted", agent_tasks, "replied", lost_is_not_counted, "a fix", ENDS),
    ("what is parked has failed", budget, "parked", fails_when_parked, "a lead", LEADS),
    ("launches without a budget", decide, "_launch", launches_on, "a lead", BUDGET),
    ("tries are not counted", agent_tasks, "_try", the_first_try, "a lead", BUDGET),
    ("minutes are not counted", agent_tasks, "_used_s", uses_nothing, "a lead", BUDGET),
    ("minutes without an end", agent_tasks, "_try", for_as_long_as_it_likes, "a lead", BUDGET),
    ("an answer is lost", agent_tasks, "_try", answers_are_lost, "a fix", ARRIVE),
    ("an answer is not told", prompts, "whole", answer_is_not_told, "a lead", ARRIVE),
    ("an answer is refused", questions, "answer", answer_refused, "a lead", LEADS),
    (
        "an answer changes nothing",
        questions,
        "answer",
        still_asked,
        "a lead",
        LEADS,
    ),
    ("a grant is forgotten", budget, "_goes_on", grant_is_forgotten, "a lead", LEADS),
    ("a grant leads nowhere", budget, "_goes_on", grants_nothing, "a lead", LEADS),
    ("a question has no code", agent_invariants, "wait_of", wait_without_its_code, "a lead", LEADS),
    ("nobody is asked", invariants, "wait_of", nobody_is_asked, "a lead", OWNERS),
    ("an agent has no time", invariants, "wait_of", agents_have_no_time, "a lead", OWNERS),
    ("tries are not told apart", pending, "_asked", only_by_its_task, "a lead", LATE),
    ("a late answer is taken", agent_tasks, "replied", reply_without_a_guard, "a lead", LATE),
    ("an agent is not recovered", decide, "decide", takes_agents_for_ours, "a lead", OWNERS),
    ("a pause is not heard", decide, "decide", asks_while_paused, "a lead", PAUSE),
    ("cancelled in the midst", decide, "decide", cancelled_in_the_midst, "a lead", LEFT),
    ("a cancel asks again", decide, "decide", asked_again_after_a_cancel, "a lead", STOPS),
    ("who waits is left behind", agent_tasks, "dropped", lambda *a: (), "a lead", LEFT),
    ("gates beside an agent", decide, "_run_beside", beside_an_agent, "two at once", ALONE),
]


@pytest.mark.parametrize(
    ("where", "name", "fault", "contract", "promise"),
    [fault[1:] for fault in FAULTS],
    ids=[fault[0] for fault in FAULTS],
)
def test_a_fault_in_what_follows_from_programs_is_found(
    monkeypatch, where, name, fault, contract, promise
):
    monkeypatch.setattr(where, name, fault)

    far = promise == ENDS or fault is counts_no_change  # who is to work is asked in R3
    most = 20_000 if far else 1_500
    until = promise if SHORT else ""
    kinds = KINDS.get(contract, ("lead",))
    found = explore(CONTRACTS[contract], most_states=most, kinds=kinds, until=until)

    broken = {one.promise for one in found.findings}
    assert promise in broken
    if not SHORT and promise in AGENT_PROMISES and fault not in (launches_on, the_first_try):
        assert broken == {promise}  # nothing else would have found it
