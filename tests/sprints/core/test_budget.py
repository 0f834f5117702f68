"""Test budgets of agent commands: reserved before each launch, and raised by a human."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sprints.contract.budget import AGENT_BUDGET, GRANTED, AgentBudget, Granted, Spending, spending
from sprints.contract.contract import DEFAULT_GATE, Contract, draft
from sprints.contract.token_usage import Usage
from sprints.core import budget as budget_moves
from sprints.core import commands
from sprints.core.actions import Begun, BlockAtBudget, RecoverTask, Replied
from sprints.core.budget import spent
from sprints.core.decide import decide
from sprints.core.reducer import reduce
from sprints.core.wait_reason import wait_of
from sprints.modelcheck.explore import explore
from sprints.prompts.exchange import LOST, Exchange
from sprints.state.engine_meta import SprintMeta
from sprints.state.snapshot import evolve
from sprints.state.transitions import MoveRefused
from tests.engine import NOON, drive, fresh
from tests.sprints.core.test_agent_tasks import LEAD, YES, asked, says, started

CUT = Exchange(None, "timed out", stopped=True, exit_code=-15, duration_s=29.9, out_of_budget=True)


def allowed(launches=40, minutes=240.0):
    """A sprint whose lead is a program with that budget."""
    snapshot = started()
    return replace(
        snapshot, contract=replace(snapshot.started_contract, budget=AgentBudget(launches, minutes))
    )


def granted(snapshot, launches=None, minutes=None):
    """The snapshot after ada has given so much."""
    return evolve(snapshot, [budget_moves.grant(snapshot, launches, minutes, "ada", NOON)], NOON)


def used(tokens=0, usd=None):
    """A reply after which the lead's program tells what it used."""
    return replace(YES, usage=Usage(tokens, 0, 0, usd, "last"))


@pytest.mark.parametrize(
    ("budget", "exchange", "words"),
    [
        ({"tokens": 25}, used(10), "30 of 25 tokens"),
        ({"tokens": 30}, used(10), "30 of 30 tokens"),
        ({"usd": 0.5}, used(1, 0.25), "0.5 of 0.5 USD"),
    ],
)
def test_no_program_is_launched_once_tokens_or_money_are_used_up(budget, exchange, words):
    snapshot = started()
    terms = replace(snapshot.started_contract, budget=AgentBudget(40, 240.0, **budget))

    parked, moves = drive(replace(snapshot, contract=terms), speak=says(exchange))

    assert parked.sprint.last_error == f"budget:{words}"
    assert moves[-1].data["used_up"] == next(iter(budget))
    assert wait_of(parked)["what"].endswith(f"(sprint budget s1 --{next(iter(budget))} N)")
    move = budget_moves.grant(parked, None, None, "ada", NOON, **dict.fromkeys(budget, 99))
    after, _ = drive(evolve(parked, [move], NOON), speak=says(exchange))
    assert after.sprint.status == "succeeded"


def test_what_a_human_gives_of_them_stands_in_the_event():
    move = budget_moves.grant(allowed(), None, None, "ada", NOON, tokens=7, usd=1.5)

    assert move.message == (
        "ada set the agent budget to 40 launches and 240 minutes, 7 tokens, 1.5 USD"
    )
    assert move.data["after"]["tokens"] == 7


def test_launches_that_tell_nothing_or_no_money_are_counted():
    snapshot, _ = drive(started(), speak=says(YES))
    told, _ = drive(started(), speak=says(used(5)))

    assert (spent(snapshot).unmetered, spent(snapshot).unpriced) == (6, 0)
    assert (spent(told).unmetered, spent(told).unpriced, spent(told).tokens) == (0, 6, 30)
    assert str(spent(told)).endswith(
        "30 of 5000000 tokens, 0 of 50 USD (6 launches reported no cost)"
    )
    assert Spending.from_json(spent(told).to_json()) == spent(told)


def test_a_try_of_which_nobody_saw_the_end_counts_with_what_it_had_told():
    snapshot, _ = asked()
    lost = replace(LOST, usage=Usage(7, 0, 0, None, "each"))
    moves = reduce(snapshot, RecoverTask(snapshot.tasks[-1].id), Replied(NOON, lost))
    after, _ = drive(evolve(snapshot, moves, NOON), speak=says(used(5)))

    assert after.tasks[0].details["usage"]["tries"] == 2
    assert after.tasks[0].details["usage"]["input_tokens"] == 12
    assert after.tasks[0].details["lost"] == 1


def test_a_contract_without_them_is_frozen_and_read_as_before():
    old = {"launches": 3, "minutes": 5.0}

    assert AgentBudget(**old).to_json() == old
    assert AgentBudget(**old, tokens=7).to_json() == old | {"tokens": 7}
    assert Contract.from_json(draft({}, [DEFAULT_GATE], agents=[LEAD]).to_json()).budget.usd == 50


def test_whoever_asks_programs_has_a_finite_budget_frozen_with_the_contract():
    contract = draft({}, [DEFAULT_GATE], agents=[LEAD])

    assert contract.budget == AGENT_BUDGET == AgentBudget(40, 240.0)
    assert Contract.from_json(contract.to_json()) == contract
    assert draft({}, [DEFAULT_GATE]).budget is None
    assert "budget" not in draft({}, [DEFAULT_GATE]).to_json()


def test_one_that_was_frozen_before_there_were_budgets_has_the_usual_one():
    before = {k: v for k, v in started().started_contract.to_json().items() if k != "budget"}
    snapshot = replace(started(), contract=Contract.from_json(before))

    assert snapshot.started_contract.to_json() == before
    assert spent(snapshot).allowed == AGENT_BUDGET
    assert spent(fresh()) is None


def test_no_program_is_launched_beyond_the_launches():
    after, moves = drive(allowed(launches=2), speak=says(YES))

    launches = [m for m in moves if m.kind == "task_started" and m.data.get("runner")]
    assert len(launches) == 2
    assert (after.sprint.status, after.sprint.current_round) == ("blocked", "R2_PLAN_CONFIRM")
    assert after.sprint.last_error == "budget:2 of 2 launches"
    assert moves[-1].data["code"] == "budget"
    assert moves[-1].message == (
        "the agent budget is used up: 2 of 2 launches; the sprint is blocked"
    )
    assert moves[-1].data["launches_used"] == 2
    waits = wait_of(after)
    assert waits["who"] == "an operator"
    assert waits["what"] == "more launches, 2 of 2 launches used (sprint budget s1 --launches N)"


def test_a_scripted_agent_costs_nothing():
    """R1 asks four of them."""
    after, _ = drive(allowed(launches=6), speak=says(YES))

    assert after.sprint.status == "succeeded"
    assert spent(after).launches == 6


def test_a_human_who_gives_more_leads_on_in_the_same_round():
    parked, _ = drive(allowed(launches=2), speak=says(YES))
    move = budget_moves.grant(parked, 6, None, "ada", NOON)

    after, moves = drive(evolve(parked, [move], NOON), speak=says(YES))

    assert (move.kind, move.data["by"]) == ("budget_changed", "ada")
    assert move.message == "ada set the agent budget to 6 launches and 240 minutes"
    assert after.sprint.status == "succeeded"
    assert after.sprint.meta.stored[GRANTED] == {"launches": 6}
    assert moves[0].kind == "round_started"
    assert spent(after).launches == 6


def test_what_a_try_may_take_is_reserved_before_it_begins():
    usual, _ = asked()
    snapshot = allowed(minutes=0.5)
    for _ in range(2):  # the round, then the question
        action = decide(snapshot)
        snapshot = evolve(snapshot, reduce(snapshot, action, Begun(NOON)), NOON)

    assert usual.tasks[-1].details["reserved_s"] == LEAD.timeout_s == 60
    assert snapshot.tasks[-1].details["reserved_s"] == 30
    assert (spent(snapshot).seconds, spent(snapshot).out) == (30, "minutes")


def test_a_try_that_the_minutes_end_is_no_failure_and_is_asked_again():
    parked, moves = drive(allowed(minutes=0.5), speak=says(CUT))

    assert [move.kind for move in moves][-2:] == ["task_stopped", "error"]
    assert parked.sprint.last_error == "budget:0.5 of 0.5 minutes"
    assert (parked.tasks[-1].status, parked.tasks[-1].details["spent_s"]) == ("blocked", 30)
    after, _ = drive(granted(parked, minutes=60.0), speak=says(YES))
    assert after.sprint.status == "succeeded"
    assert after.tasks[0].details["try"] == 2
    assert after.tasks[0].details["spent_s"] == 31
    assert "parked" not in after.tasks[0].details


def test_a_try_whose_end_nobody_saw_is_charged_with_what_it_may_have_used():
    snapshot, _ = asked()
    task = snapshot.tasks[-1]
    for seconds, charged in ((10, 10), (9000, 60)):
        at = NOON + timedelta(seconds=seconds)
        moves = reduce(snapshot, RecoverTask(task.id), Replied(at, LOST))
        after = evolve(snapshot, moves, at)

        assert after.tasks[-1].details["spent_s"] == charged


def test_a_retry_begins_with_what_is_left():
    parked, _ = drive(allowed(launches=1), speak=says(YES))
    terms = parked.started_contract
    again = evolve(parked, [commands.retry(parked, terms, NOON)], NOON)

    after, _ = drive(again, speak=says(YES))

    assert after.sprint.last_error == "budget:1 of 1 launches"


def test_more_is_given_ahead_of_time_and_less_counts_from_the_next_launch():
    created = replace(allowed(), contract=None, rounds=())
    created = replace(created, sprint=replace(created.sprint, status="created"))
    running = granted(allowed(), minutes=1.5)

    assert granted(created, launches=7).sprint.meta.stored == {GRANTED: {"launches": 7}}
    assert spent(granted(running, launches=3)).allowed == AgentBudget(3, 1.5)
    after, _ = drive(granted(running, launches=1), speak=says(YES))
    assert after.sprint.last_error == "budget:1 of 1 launches"


@pytest.mark.parametrize(
    ("state", "launches", "words"),
    [
        ("parked", 1, "s1 stays blocked: agents have used 2 of 1 launches; give more --launches"),
        ("succeeded", 50, "sprint s1 has succeeded; there is nothing to launch"),
        ("scripted", 50, "sprint s1 runs no agent command: there is no budget to set"),
    ],
)
def test_what_cannot_be_given_is_refused(state, launches, words):
    snapshot = {
        "parked": lambda: drive(allowed(launches=2), speak=says(YES))[0],
        "succeeded": lambda: drive(allowed(), speak=says(YES))[0],
        "scripted": fresh,
    }[state]()

    with pytest.raises(MoveRefused, match=words):
        budget_moves.grant(snapshot, launches, None, "ada", NOON)


def test_what_is_so_already_is_no_event():
    assert budget_moves.grant(allowed(), 40, None, "ada", NOON) is None


@pytest.mark.parametrize("granted", [None, 7, [], {"launches": "x"}, {"minutes": -1}, {"x": 1}])
def test_what_stands_in_an_imported_meta_is_no_budget(granted):
    assert (
        spending(AGENT_BUDGET, SprintMeta({GRANTED: granted}).granted, []).allowed == AGENT_BUDGET
    )


@pytest.mark.parametrize(
    "budget",
    [
        AgentBudget(0, 1.0),
        AgentBudget(1, float("inf")),
        AgentBudget(1, 1.0, 0),
        AgentBudget(1, 1.0, usd=float("nan")),
    ],
)
def test_a_contract_has_no_endless_budget(budget):
    contract = replace(draft({}, [DEFAULT_GATE], agents=[LEAD]), budget=budget)

    assert len(contract.problems()) == 1


def test_every_path_of_a_sprint_that_runs_out_ends_and_has_an_owner():
    contract = replace(draft({}, [DEFAULT_GATE], agents=[LEAD]), budget=AgentBudget(3, 240.0))

    report = explore(contract)

    assert report.holds, report.findings


def test_decide_names_the_same_block_again_after_a_crash():
    snapshot = allowed(launches=1)
    parked, _ = drive(snapshot, speak=says(YES))
    before = replace(
        parked,
        sprint=replace(parked.sprint, status="running"),
        rounds=tuple(
            replace(one, status="in_progress") if one.status == "blocked" else one
            for one in parked.rounds
        ),
    )

    assert decide(before) == decide(before) == BlockAtBudget("R1_CONTRACTS")


def test_a_stored_amount_that_no_gateway_writes_does_not_count():
    stored = {"launches": 10**400, "minutes": "many", "tokens": 2.5, "usd": 3}

    granted = Granted.from_json(stored)

    assert (granted.launches, granted.minutes, granted.tokens, granted.usd) == (None, None, None, 3)
    assert granted.to_json() == stored
