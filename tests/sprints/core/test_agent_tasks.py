"""Test agent commands in the pure engine: asked, answered, lost, stopped, asked again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gates.definition import Definition
from gates.verdict import Cause
from sprints.contract.agent_spec import COMMAND, AgentDefinition
from sprints.contract.contract import DEFAULT_GATE, Contract, draft
from sprints.contract.git_values import Base, Seen
from sprints.core import commands, questions
from sprints.core.actions import MOST_LOST, Ask, BlockAtQuestion, FailAtAgent, RecoverTask, Replied
from sprints.core.decide import decide
from sprints.core.pending import awaited
from sprints.core.reducer import reduce
from sprints.core.wait_reason import wait_of
from sprints.effects.perform import is_instant
from sprints.prompts.exchange import LOST, Exchange
from sprints.prompts.reply_format import parse
from sprints.state.snapshot import evolve
from sprints.state.transitions import MoveRefused
from tests.engine import NOON, begun, drive, fresh, scripted, step

LEAD = AgentDefinition(
    "agent_01", "ExecutiveProducer_PM", "Producer", "Leads.", COMMAND, ("speak",), timeout_s=60
)
REPLY = parse("Status: DONE\nDeliverables:\n- it")
YES = Exchange(REPLY, text=REPLY.text(), exit_code=0, duration_s=1.0)
NO = Exchange(None, "exit code 3", exit_code=3, duration_s=1.0, tail="oh no")
STOPPED = Exchange(None, "the gateway stops", stopped=True, exit_code=-15, duration_s=1.0)
ASKS = parse("Status: BLOCKED\nQuestions:\n- DIRECTIONAL: red or blue?\n- which file?")
ASKED_BACK = Exchange(ASKS, text=ASKS.text(), exit_code=0, duration_s=1.0)
KEYS = {
    "kind", "attempt", "runner", "command", "model", "try", "lost", "answers", "started_ts",
    "reserved_s", "spent_s", "folder", "exit_code", "duration_s", "reason", "stdout", "stderr",
}  # fmt: skip


def started(**meta: object):
    """A sprint whose lead is a program."""
    return fresh(meta, agents=(LEAD,))


def says(exchange: Exchange):
    """What a lead answers; who acknowledges says what the scripted runner does."""

    def speak(action):
        if getattr(action, "kind", "") != "ack":
            return exchange
        said = scripted(action)
        return replace(said, text=said.reply.text())

    return speak


def asked(snapshot=None):
    """The lead has just been asked for the first time: the snapshot and the action."""
    snapshot, _, _ = step(snapshot or started(), says(YES), NOON)
    action = decide(snapshot)
    return evolve(snapshot, reduce(snapshot, action, begun(snapshot)), NOON), action


def test_the_default_contract_says_nothing_of_agents():
    plain = draft({}, [DEFAULT_GATE], agents=[replace(LEAD, runner="scripted")])

    assert "agents" not in plain.to_json()
    assert plain == draft({}, [DEFAULT_GATE])


def test_a_contract_freezes_the_programs_of_those_that_it_asks():
    others = [replace(LEAD, agent_id=f"agent_{n:02d}") for n in (2, 5)]
    meta = {"active_agents": ["agent_01"]}
    frozen = draft(meta, [DEFAULT_GATE], agents=[LEAD, *others])

    assert [agent.agent_id for agent in frozen.agents] == ["agent_01", "agent_02"]
    assert frozen.active == ()
    assert Contract.from_json(frozen.to_json()) == frozen
    assert frozen.digest != draft({}, [DEFAULT_GATE]).digest


def test_a_contract_freezes_all_programs_that_its_lead_may_give_tasks_to():
    others = [replace(LEAD, agent_id=f"agent_{n:02d}") for n in (2, 5, 6)]
    named = {"active_agents": ["agent_05"], "implementer": "agent_06"}

    frozen = draft({}, [DEFAULT_GATE], agents=[LEAD, *others])
    fewer = draft(named, [DEFAULT_GATE], agents=[LEAD, *others])

    assert frozen.active == ("agent_02", "agent_05", "agent_06")
    assert fewer.active == ("agent_05", "agent_06")
    assert Contract.from_json(fewer.to_json()) == fewer


def test_a_lead_that_is_scripted_gives_no_tasks_and_nobody_more_is_frozen():
    others = [replace(LEAD, agent_id=f"agent_{n:02d}") for n in (2, 5)]
    frozen = draft({}, [DEFAULT_GATE], agents=others)

    assert [agent.agent_id for agent in frozen.agents] == ["agent_02"]
    assert "active" not in frozen.to_json()


def test_a_program_that_answers_carries_the_sprint_to_its_end():
    after, moves = drive(started(), speak=says(YES))

    assert after.sprint.status == "succeeded"
    leads = [task for task in after.tasks if task.owner_agent == "agent_01"]
    assert {task.status for task in leads} == {"done"}
    assert {task.reply for task in leads} == {REPLY.text()}
    assert leads[0].details.keys() == KEYS | {"reply", "questions"}
    first = next(move for move in moves if move.kind == "task_started")
    assert first.data["prompt"] == leads[0].prompt


def test_only_a_scripted_answer_is_on_record_together_with_its_question():
    snapshot, action = asked()

    assert not is_instant(snapshot, action)
    assert is_instant(fresh(), action)
    assert awaited(snapshot, action) == "s1/R0_SETUP/lead_agent_01@2026-11-24T12:00:00Z 1"


def test_a_program_that_does_not_answer_fails_the_sprint_in_that_round():
    after, moves = drive(started(), speak=says(NO))

    assert [move.kind for move in moves][-2:] == ["task_failed", "error"]
    assert (after.sprint.status, after.sprint.current_round) == ("failed", "R0_SETUP")
    assert after.sprint.last_error == "agent_failed:agent_01 exit code 3"
    assert after.tasks[-1].status == "blocked"
    assert after.tasks[-1].details.keys() == KEYS | {"tail"}
    assert after.round_if_any.status == "blocked"


def test_a_program_that_has_no_clone_to_work_in_is_not_called_silent():
    unasked = replace(NO, reason="no place to work in", cause=Cause.NO_WORKSPACE)

    after, moves = drive(started(), speak=says(unasked))

    assert (after.sprint.status, after.sprint.last_error) == (
        "failed", "no_workspace:agent_01 no place to work in",
    )  # fmt: skip
    assert [move.message for move in moves][-2:] == [
        "agent_01 was not asked: no place to work in",
        "agent_01 could not be asked; stopping sprint",
    ]


def test_a_retry_asks_anew_and_leaves_the_failure_on_record():
    failed, _ = drive(started(), speak=says(NO))
    again = evolve(failed, [commands.retry(failed, failed.started_contract, NOON)], NOON)

    after, _ = drive(again, speak=says(YES))

    assert after.sprint.status == "succeeded"
    first, second = [task for task in after.tasks if task.round_id == "s1/R0_SETUP"]
    assert (first.task_id, first.status) == ("lead_agent_01", "blocked")
    assert (second.task_id, second.status) == ("lead_agent_01_attempt2", "done")


def test_what_an_earlier_life_left_is_looked_after_and_then_asked_again():
    snapshot, _ = asked()
    task = snapshot.tasks[-1]

    assert decide(snapshot) == RecoverTask(task.id)
    assert decide(snapshot, {task.id}) is None
    lost = reduce(snapshot, RecoverTask(task.id), Replied(NOON, LOST))
    snapshot = evolve(snapshot, lost, NOON)
    assert snapshot.tasks[-1].status == "pending"
    assert isinstance(decide(snapshot), Ask)
    after, _ = drive(snapshot, speak=says(YES))
    assert after.tasks[0].details["try"] == 2
    assert after.tasks[0].details["lost"] == 1


def test_an_agent_under_which_every_gateway_dies_is_not_asked_for_ever():
    snapshot = started()
    for _ in range(50):
        snapshot = replace(snapshot, at=snapshot.at + timedelta(seconds=1))
        action = decide(snapshot)
        if action is None or isinstance(action, FailAtAgent):
            break
        snapshot = evolve(snapshot, reduce(snapshot, action, begun(snapshot)), snapshot.at)
        if isinstance(action, RecoverTask):
            found = reduce(snapshot, action, Replied(snapshot.at, LOST))
            snapshot = evolve(snapshot, found, snapshot.at)

    assert isinstance(action, FailAtAgent)
    assert snapshot.tasks[-1].details["try"] == MOST_LOST
    assert f"{MOST_LOST} times: it may be the agent" in snapshot.tasks[-1].details["reason"]


def test_one_that_was_stopped_is_asked_again_unless_the_sprint_was_cancelled():
    snapshot, action = asked()
    again = evolve(snapshot, reduce(snapshot, action, Replied(NOON, STOPPED)), NOON)
    cancelling = evolve(snapshot, [commands.cancel(snapshot, "ada", NOON)], NOON)
    ended = evolve(cancelling, reduce(cancelling, action, Replied(NOON, STOPPED)), NOON)
    after, _ = drive(ended)

    assert again.tasks[-1].status == "pending"
    assert ended.tasks[-1].status == "cancelled"
    assert after.sprint.status == "cancelled"


def test_a_cancel_leaves_nothing_that_is_still_to_be_asked():
    snapshot, action = asked()
    again = evolve(snapshot, reduce(snapshot, action, Replied(NOON, STOPPED)), NOON)
    cancelled = evolve(again, [commands.cancel(again, "ada", NOON)], NOON)

    after, _ = drive(cancelled)

    assert after.sprint.status == "cancelled"
    assert after.tasks[-1].status == "cancelled"


def test_no_gate_runs_beside_an_agent():
    gate = Definition("early", "Early", ("true",), ("R0_SETUP",))
    snapshot = fresh({"gates_at_once": 4}, (DEFAULT_GATE, gate), agents=(LEAD,))
    snapshot, _, _ = step(snapshot, says(YES), NOON)
    action = decide(snapshot)
    snapshot = evolve(snapshot, reduce(snapshot, action, begun(snapshot)), NOON)

    assert decide(snapshot, {snapshot.tasks[-1].id}) is None


def test_a_directional_question_blocks_the_sprint_and_says_what_it_waits_for():
    after, moves = drive(started(), speak=says(ASKED_BACK))

    assert [move.kind for move in moves][-2:] == ["task_asks", "error"]
    assert (after.sprint.status, after.round_if_any.status) == ("blocked", "blocked")
    assert after.sprint.last_error == "agent_asks:agent_01 red or blue?"
    assert after.tasks[-1].details["asks"] == ["red or blue?"]
    assert after.tasks[-1].details["questions"] == ["DIRECTIONAL: red or blue?", "which file?"]
    waits = wait_of(after)
    assert (waits["what"], waits["who"]) == (
        "an answer to agent_01: red or blue?",
        "an operator",
    )


def test_an_answer_goes_into_the_next_prompt_and_leads_on():
    blocked, _ = drive(started(), speak=says(ASKED_BACK))
    told = questions.answer(blocked, "Blue.\nAlways.", "ada", NOON)
    after, moves = drive(evolve(blocked, [told], NOON), speak=says(YES))

    assert after.sprint.status == "succeeded"
    assert after.tasks[0].details["try"] == 2
    assert "asks" not in after.tasks[0].details
    prompts = [move.data["prompt"] for move in moves if move.kind == "task_started"]
    wanted = "- agent_01 asked: red or blue?\n  answer of ada:\n  Blue.\n  Always.\n"
    assert wanted in prompts[0]
    assert wanted in prompts[-1]
    assert moves[0].kind == "round_started"


def test_where_nobody_asks_an_answer_is_refused():
    failed, _ = drive(started(), speak=says(NO))

    for snapshot in (started(), failed):
        with pytest.raises(MoveRefused, match="no agent asks a question"):
            questions.answer(snapshot, "Blue.", "ada", NOON)


def test_a_question_may_be_passed_over_by_a_retry():
    blocked, _ = drive(started(), speak=says(ASKED_BACK))
    again = evolve(blocked, [commands.retry(blocked, blocked.started_contract, NOON)], NOON)

    after, _ = drive(again, speak=says(YES))

    assert after.sprint.status == "succeeded"


def test_a_sprint_waits_for_its_agent_until_its_timeout():
    snapshot, _ = asked()

    waits = wait_of(snapshot)

    assert waits["what"] == "agent agent_01, lead"
    assert waits["until_ts"] == "2026-11-24T12:01:05Z"


def test_decide_names_the_same_block_again_after_a_crash():
    snapshot, action = asked()
    snapshot = evolve(snapshot, reduce(snapshot, action, Replied(NOON, ASKED_BACK)), NOON)

    assert (
        decide(snapshot) == decide(snapshot) == BlockAtQuestion("R0_SETUP", snapshot.tasks[-1].id)
    )


SEEN = Seen("observed", "1" * 40, "2" * 40, 1, ("a",))


def test_what_git_shows_stands_in_the_task_and_in_its_event():
    after, moves = drive(started(), speak=says(replace(YES, seen=SEEN)))

    work = {"seen": "observed", "baseline": "1" * 40, "head": "2" * 40, "files": 1, "paths": ["a"]}
    assert after.tasks[0].details["work"] == work
    done = next(move for move in moves if move.kind == "task_done")
    assert done.data["work"] == work


def test_what_is_not_on_the_branch_is_said_in_the_event():
    seen = replace(SEEN, notes=("looks like a secret and stays in the clone: .env",))

    _, moves = drive(started(), speak=says(replace(YES, seen=seen)))

    done = next(move for move in moves if move.kind == "task_done")
    assert done.message.endswith("; noted: looks like a secret and stays in the clone: .env")


def test_one_that_was_lost_is_asked_again_whatever_it_has_left():
    snapshot, _ = asked()
    task = snapshot.tasks[-1]

    lost = reduce(snapshot, RecoverTask(task.id), Replied(NOON, replace(LOST, seen=SEEN)))

    after = evolve(snapshot, lost, NOON)
    assert after.tasks[-1].status == "pending"
    assert after.tasks[-1].details["lost"] == 1
    assert after.tasks[-1].details["work"]["files"] == 1


def test_a_prompt_says_on_which_branch_its_agent_works():
    snapshot = started()
    based = replace(snapshot.started_contract, base=Base("main", "1" * 40))

    apart, _ = asked(replace(snapshot, contract=based))
    there, _ = asked()

    assert "You work in a clone of the repository, on the branch sg/s1." in apart.tasks[-1].prompt
    assert "clone" not in there.tasks[-1].prompt


def test_a_contract_freezes_the_commit_that_its_work_begins_from():
    plain = draft({}, [DEFAULT_GATE], agents=[LEAD])
    based = replace(plain, base=Base("main", "1" * 40))

    assert "base" not in plain.to_json()
    assert Contract.from_json(based.to_json()) == based
    assert based.digest != plain.digest
