"""Test that a failed gate is sent back to the agent, within limits; in the pure engine."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gates.verdict import Judgement, Verdict
from sprints.contract.agent_spec import AgentDefinition
from sprints.contract.budget import AgentBudget
from sprints.contract.contract import DEFAULT_GATE, Contract, ContractError, draft
from sprints.contract.git_values import Base, Seen
from sprints.contract.meta import BadMeta, merged
from sprints.core import budget, commands, fix_loop, questions
from sprints.core.actions import (
    Ask,
    Begun,
    BlockAtBudget,
    FailAtGate,
    Judged,
    Recover,
    RunGate,
    StopOverdue,
)
from sprints.core.decide import decide
from sprints.core.reducer import reduce
from sprints.core.wait_reason import wait_of
from sprints.prompts.exchange import LOST, Exchange
from sprints.state.messages import message
from sprints.state.snapshot import evolve
from sprints.state.stop_reason import StopCode, StopReason
from tests.engine import GREEN, NOON, drive, fresh, step
from tests.sprints.core.test_agent_tasks import ASKED_BACK, LEAD, YES, says

R3 = "R3_BUILD_A_INTEGRATE"
LOGS = "/srv/a/s1/gates/qa_smoke_quick/runs/1"
SECOND = replace(DEFAULT_GATE, gate_id="second")
MADE = replace(YES, seen=Seen("observed", "0" * 40, "1" * 40, 1, ("src/importer.py",)))


def red(tree: str, code: int = 3) -> Judgement:
    """A gate that says no to that tree."""
    said = f"exit code {code}"
    return Judgement(Verdict.FAILED, code, said, 1.0, tree=tree, excerpt="E   assert 1 == 2\n")


def green(tree: str) -> Judgement:
    """A gate that says yes to it."""
    return replace(GREEN, tree=tree)


def in_a_clone(gates=(DEFAULT_GATE,), agents=(LEAD,), **meta: object):
    """A sprint whose agents work in a clone."""
    snapshot = fresh(meta, gates, agents=agents)
    return replace(
        snapshot, contract=replace(snapshot.started_contract, base=Base("main", "0" * 40))
    )


def judging(*said: Judgement):
    """What gates say one after the other; the last for ever."""
    left = list(said)
    return lambda action: left.pop(0) if len(left) > 1 else left[0]


def is_fix(action) -> bool:
    return isinstance(action, Ask) and action.kind == "fix"


def is_gate(action) -> bool:
    return isinstance(action, RunGate)


def fixes(snapshot) -> list:
    return [task for task in snapshot.tasks if task.details["kind"] == "fix"]


def to(snapshot, wanted, judge):
    """Step until the next action is wanted; the snapshot, and it."""
    for _ in range(60):
        if wanted(action := decide(snapshot)):
            return snapshot, action
        snapshot, _, _ = step(snapshot, judge, NOON, speak=says(YES))
    raise AssertionError("it never comes to that")


def test_what_is_mended_is_judged_again_and_the_sprint_succeeds():
    judge = judging(red("a"), green("b"))

    after, moves = drive(in_a_clone(), judge, speak=says(MADE))

    (fix,) = fixes(after)
    assert after.sprint.status == "succeeded"
    assert (fix.task_id, fix.owner_agent, fix.status) == ("fix1_agent_01", "agent_01", "done")
    assert fix.round_id == f"s1/{R3}"
    assert fix.details["failures"] == [
        {
            "gate_id": "qa_smoke_quick",
            "run": 1,
            "command": ["python", "tools/qa_smoke.py", "--quick"],
            "verdict": "failed",
            "exit_code": 3,
            "reason": "exit code 3",
            "tree": "a",
        }
    ]
    assert [run.status for run in after.gate_runs] == ["failed", "passed", "passed"]
    of_r3 = [move.kind for move in moves if move.round_id == R3]
    assert of_r3 == [
        "round_started", "task_started", "task_done", "gate_started", "gate_finished",
        "task_started", "task_done", "gate_started", "gate_finished", "paths_compared",
        "round_done",
    ]  # fmt: skip


def test_the_prompt_says_what_failed_how_and_what_was_tried():
    judge = judging(red("a"), red("b", 4), green("c"))

    after, _ = drive(in_a_clone(), judge, speak=says(MADE))

    first, second = fixes(after)
    for line in (
        "Failed gates (fix 1 of 2):\n",
        "- gate qa_smoke_quick: failed, exit code 3\n",
        "  command: python tools/qa_smoke.py --quick\n",
        "  tree: a\n",
        f"  full log: {LOGS}/stdout.txt {LOGS}/stderr.txt\n",
        "    | E   assert 1 == 2\n",
    ):
        assert line in first.prompt
    assert "What was tried before" not in first.prompt
    assert "  tree: b\n" in second.prompt
    assert "Failed gates (fix 2 of 2)" in second.prompt
    assert "- attempt 1, after qa_smoke_quick failed: DONE\n" in second.prompt
    assert "  files changed: src/importer.py\n" in second.prompt


def test_all_that_is_red_is_told_and_every_gate_runs_again():
    """One that was green may be red on the tree that the fix has left."""
    said = {"qa_smoke_quick": [green("a"), red("b"), green("c")], "second": [red("a"), green("c")]}
    start = in_a_clone((DEFAULT_GATE, SECOND))

    after, _ = drive(
        start,
        lambda a: said[a.gate_id].pop(0) if said[a.gate_id] else green("d"),
        speak=says(YES),
    )

    assert after.sprint.status == "succeeded"
    told = [[one["gate_id"] for one in fix.details["failures"]] for fix in fixes(after)]
    assert told == [["second"], ["qa_smoke_quick"]]
    assert said == {"qa_smoke_quick": [], "second": []}


def test_past_the_bound_the_sprint_fails_as_it_always_did():
    judge = judging(red("a"), red("b"), red("c"))

    after, moves = drive(in_a_clone(), judge, speak=says(YES))

    assert len(fixes(after)) == 2
    assert (after.sprint.status, after.round_if_any.status) == ("failed", "blocked")
    assert after.sprint.last_error == "gate_failed:qa_smoke_quick exit_code=3"
    assert moves[-1].data["not_sent_back"] == "sent back 2 times already"


@pytest.mark.parametrize(
    ("said", "sent", "why"),
    [
        ([red("a"), red("a")], 1, fix_loop.SAME_FAILURE),
        ([red("a"), red("a", 4), red("a")], 2, fix_loop.SAME_FAILURE),
        ([red("a"), red("b"), red("a", 9)], 2, fix_loop.SAME_TREE),
    ],
)
def test_what_comes_to_nothing_stops_with_its_reason(said, sent, why):
    after, moves = drive(in_a_clone(fix_attempts=9), judging(*said), speak=says(YES))

    assert len(fixes(after)) == sent
    assert after.sprint.status == "failed"
    assert (
        after.sprint.last_error
        == f"gate_failed:qa_smoke_quick exit_code={said[-1].exit_code} ({message(f'reason.{why}')})"
    )
    assert moves[-1].data["not_sent_back"] == message(f"reason.{why}")


@pytest.mark.parametrize(
    "snapshot",
    [
        in_a_clone(fix_attempts=0),
        fresh(),
        fresh(agents=(LEAD,)),
        in_a_clone(agents=(replace(LEAD, agent_id="agent_03"),)),
    ],
    ids=["off", "scripted", "no clone", "another's program"],
)
def test_without_a_program_a_clone_or_attempts_a_red_gate_ends_the_sprint(snapshot):
    after, moves = drive(snapshot, judging(red("a")), speak=says(YES))

    assert after.sprint.status == "failed"
    assert fixes(after) == []
    assert moves[-1].data == {
        "code": "gate_failed",
        "exit_code": 3,
        "gate_id": "qa_smoke_quick",
        "reason": "exit code 3",
    }


def test_only_what_was_built_goes_back():
    early = replace(DEFAULT_GATE, rounds=("R1_CONTRACTS",))

    after, _ = drive(in_a_clone((early,)), judging(red("a")), speak=says(YES))

    assert (after.sprint.status, fixes(after)) == ("failed", [])


def test_a_gate_that_has_judged_no_tree_says_nothing_of_the_work():
    after, _ = drive(in_a_clone(), judging(red("")), speak=says(YES))

    assert (after.sprint.status, fixes(after)) == ("failed", [])


def test_a_gate_that_may_end_the_gateway_is_not_sent_back():
    snapshot, action = to(in_a_clone(), is_gate, judging(GREEN))
    lost = Judgement(Verdict.INTERRUPTED, None, "lost", 0.0, tree="a")
    for _ in range(5):
        snapshot = evolve(snapshot, reduce(snapshot, action, Begun(NOON)), NOON)
        run = snapshot.gate_runs[-1]
        recovered = reduce(snapshot, Recover(run.id), Judged(NOON, lost))
        snapshot = evolve(snapshot, recovered, NOON)

    assert snapshot.gate_runs[-1].status == "error"
    assert isinstance(decide(snapshot), FailAtGate)


def test_another_implementer_is_asked_in_place_of_the_lead():
    other = replace(LEAD, agent_id="agent_05")
    start = in_a_clone(agents=(LEAD, other), implementer="agent_05")

    after, _ = drive(start, judging(red("a"), green("b")), speak=says(YES))

    assert [fix.owner_agent for fix in fixes(after)] == ["agent_05"]
    assert after.sprint.status == "succeeded"


def test_a_fix_whose_gateway_dies_is_asked_again_in_the_same_task():
    snapshot, action = to(in_a_clone(), is_fix, judging(red("a")))
    snapshot = evolve(snapshot, reduce(snapshot, action, Begun(NOON)), NOON)

    recovered, _, _ = step(snapshot, judging(GREEN), NOON, speak=lambda action: LOST)
    after, _ = drive(recovered, judging(green("b")), speak=says(YES))

    (fix,) = fixes(after)
    assert wait_of(snapshot)["what"] == "agent agent_01, fix"
    assert (fix.details["try"], fix.details["lost"], fix.details["number"]) == (2, 1, 1)
    assert after.sprint.status == "succeeded"


def test_a_fix_counts_against_the_budget_and_goes_on_once_there_is_more():
    snapshot, _ = to(in_a_clone(), is_fix, judging(red("a")))
    terms = replace(snapshot.started_contract, budget=AgentBudget(4, 240.0))

    parked, _ = drive(replace(snapshot, contract=terms), judging(red("a")), speak=says(YES))
    more = budget.grant(parked, 40, None, "ada", NOON)
    after, _ = drive(evolve(parked, [more], NOON), judging(green("b")), speak=says(YES))

    assert decide(replace(snapshot, contract=terms)) == BlockAtBudget(R3)
    assert (parked.sprint.status, parked.sprint.last_error) == ("blocked", "budget:4 of 4 launches")
    assert after.sprint.status == "succeeded"
    assert len(fixes(after)) == 1


def test_a_question_in_a_fix_is_the_humans_and_its_answer_leads_on():
    snapshot, _ = to(in_a_clone(), is_fix, judging(red("a")))
    blocked, _ = drive(snapshot, judging(red("a")), speak=says(ASKED_BACK))
    told = questions.answer(blocked, "Blue.", "ada", NOON)

    after, _ = drive(evolve(blocked, [told], NOON), judging(green("b")), speak=says(YES))

    (fix,) = fixes(after)
    assert blocked.sprint.status == "blocked"
    assert "answer of ada:\n  Blue." in fix.prompt
    assert "- gate qa_smoke_quick: failed, exit code 3\n" in fix.prompt
    assert after.sprint.status == "succeeded"


def test_an_agent_that_does_not_answer_fails_the_sprint_as_in_every_task():
    snapshot, _ = to(in_a_clone(), is_fix, judging(red("a")))
    silent = Exchange(None, "exit code 3", exit_code=3, duration_s=1.0)

    after, _ = drive(snapshot, judging(red("a")), speak=says(silent))

    assert after.sprint.last_error == "agent_failed:agent_01 exit code 3"


def test_minutes_that_stop_come_before_another_attempt():
    gate = replace(DEFAULT_GATE, timeout_s=60.0)
    snapshot, _ = to(in_a_clone((gate,), round_deadline="stop"), is_fix, judging(red("a")))

    assert decide(replace(snapshot, at=NOON + timedelta(hours=1))) == StopOverdue(R3)


def test_a_red_gate_is_run_again_before_anything_follows_from_it():
    start = in_a_clone(rerun_red=True)

    after, _ = drive(start, judging(red("a"), red("a"), green("b")), speak=says(YES))

    assert [run.status for run in after.gate_runs] == ["failed", "failed", "passed", "passed"]
    assert len(fixes(after)) == 1
    assert fixes(after)[0].details["failures"][0]["run"] == 2
    assert after.sprint.status == "succeeded"


def test_a_flaky_gate_blocks_costs_no_attempt_and_asks_a_human():
    start = in_a_clone(rerun_red=True)

    blocked, moves = drive(start, judging(red("a"), green("a")), speak=says(YES))
    retried = evolve(blocked, [commands.retry(blocked, blocked.started_contract, NOON)], NOON)
    after, _ = drive(retried, judging(green("a")), speak=says(YES))

    assert (blocked.sprint.status, fixes(blocked)) == ("blocked", [])
    assert blocked.sprint.last_error == "gate_flaky:qa_smoke_quick runs 1 and 2 of one tree"
    flaky = {"code": "gate_flaky", "gate_id": "qa_smoke_quick", "runs": [1, 2]}
    assert moves[-1].data == {**flaky, "tree": "a"}
    assert wait_of(blocked)["who"] == "an operator"
    assert after.sprint.status == "succeeded"


def test_a_gate_is_flaky_too_that_says_yes_after_a_fix_which_changed_nothing():
    said = judging(red("a"), red("a"), green("a"))

    after, moves = drive(in_a_clone(rerun_red=True), said, speak=says(YES))

    assert after.sprint.status == "blocked"
    assert moves[-1].data["runs"] == [1, 2, 3]


def test_without_attempts_to_mend_it_a_red_gate_may_still_run_again():
    start = in_a_clone(rerun_red=True, fix_attempts=0)

    after, _ = drive(start, judging(red("a")), speak=says(YES))

    assert [run.status for run in after.gate_runs] == ["failed", "failed"]
    assert after.sprint.last_error == "gate_failed:qa_smoke_quick exit_code=3"
    assert Contract.from_json(after.started_contract.to_json()) == after.started_contract


def test_it_is_a_switch():
    with pytest.raises(BadMeta, match="rerun_red must be true or false"):
        merged({}, {"rerun_red": 1})


def test_the_dashboard_says_why_it_was_not_sent_back():
    reason = StopReason(StopCode.GATE_FAILED, gate_id="lint", exit_code=3)

    assert reason.text() == "gate lint failed, exit code 3"
    assert replace(reason, detail=message("reason.same_failure")).text() == (
        "gate lint failed, exit code 3: the same tree failed in the same way before"
    )


def test_a_retry_begins_its_attempts_anew():
    failed, _ = drive(in_a_clone(), judging(red("a"), red("a")), speak=says(YES))
    again = evolve(failed, [commands.retry(failed, failed.started_contract, NOON)], NOON)

    after, _ = drive(again, judging(red("a"), green("b")), speak=says(YES))

    assert after.sprint.status == "succeeded"
    assert [fix.task_id for fix in fixes(after)] == ["fix1_agent_01", "fix1_agent_01_attempt2"]


def test_a_contract_freezes_it_and_one_without_programs_says_nothing_of_it():
    frozen = draft({}, [DEFAULT_GATE], agents=[LEAD])

    assert (frozen.fix_attempts, frozen.implementer) == (2, "agent_01")
    assert Contract.from_json(frozen.to_json()) == frozen
    assert "fix_attempts" not in draft({"fix_attempts": 3}, [DEFAULT_GATE]).to_json()
    before = {k: v for k, v in frozen.to_json().items() if k not in ("fix_attempts", "implementer")}
    assert Contract.from_json(before).fix_attempts == 0


@pytest.mark.parametrize("odd", [-1, 21, 1.5, True, "2", [2]])
def test_an_odd_number_of_attempts_is_refused(odd):
    with pytest.raises(BadMeta, match="fix_attempts must be a whole number from 0 to 20"):
        merged({}, {"fix_attempts": odd})


@pytest.mark.parametrize("odd", ["agent_16", 1, ["agent_01"], {}])
def test_an_odd_implementer_is_refused(odd):
    with pytest.raises(BadMeta, match="implementer must be an agent from agent_01 to agent_15"):
        merged({}, {"implementer": odd})


def test_an_implementer_that_is_no_program_is_refused_with_what_to_type():
    agents: list[AgentDefinition] = [LEAD]

    with pytest.raises(ContractError, match="type: studio-gateway agent set agent_04 --command"):
        draft({"implementer": "agent_04"}, [DEFAULT_GATE], agents=agents)
