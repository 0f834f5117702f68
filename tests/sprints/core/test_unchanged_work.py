"""Test work that is reported as done but changes nothing in git; in the pure engine."""

from dataclasses import replace

from gates.verdict import Verdict
from sprints.contract.git_values import ABSENT, OBSERVED, Base, Seen
from sprints.core import commands, questions
from sprints.core.actions import Ask
from sprints.prompts.exchange import Exchange
from sprints.prompts.reply_format import parse
from sprints.state.snapshot import evolve
from tests.engine import GREEN, NOON, drive, fresh, scripted
from tests.sprints.core.test_agent_tasks import LEAD, YES

R3 = "R3_BUILD_A_INTEGRATE"
TREE = replace(GREEN, tree="1")


def alone():
    """A sprint whose lead is a program and builds by itself, in a clone."""
    start = fresh(agents=(LEAD,))
    return replace(start, contract=replace(start.started_contract, base=Base("main", "0" * 40)))


def says(text: str, seen: str) -> Exchange:
    """A reply, and what git shows of that try."""
    paths = ("src/a.py",) if seen == OBSERVED else ()
    whole = f"Status: {text}\nDeliverables:\n- it\n"
    found = Seen(seen, "0" * 40, "1" * 40, len(paths), paths)
    return Exchange(parse(whole), text=whole, exit_code=0, duration_s=1.0, seen=found)


def building(*tries: Exchange):
    """A lead that answers so in R3, one after the other."""
    left = list(tries)

    def speak(action):
        if isinstance(action, Ask) and (action.code, action.kind) == (R3, "lead") and left:
            return left.pop(0)
        return scripted(action) if action.kind == "ack" else YES

    return speak


def told(moves):
    """How often R3 began a question, and what its ends were."""
    mine = [move for move in moves if move.round_id == R3 and move.kind.startswith("task_")]
    return [move.kind for move in mine]


def lead(snapshot):
    """The details of the lead's task in R3."""
    tasks = [task for task in snapshot.tasks if task.round_id.endswith(R3)]
    return max(tasks, key=lambda task: task.attempt).details


def test_it_is_asked_once_more_and_then_that_is_on_record():
    idle = says("DONE", ABSENT)

    after, moves = drive(alone(), lambda action: TREE, speak=building(idle, idle, idle))

    assert told(moves) == ["task_started", "task_returned", "task_started", "task_done"]
    assert lead(after)["unchanged"] == 2
    assert after.sprint.status == "succeeded"
    prompts = [move.data["prompt"] for move in moves if move.kind == "task_started"]
    assert [text for text in prompts if "git shows no change" in text] == prompts[-3:-2]


def test_who_has_worked_then_is_done_and_nothing_is_held_against_it():
    tries = says("DONE", ABSENT), says("DONE", OBSERVED)

    after, _ = drive(alone(), lambda action: TREE, speak=building(*tries))

    assert "unchanged" not in lead(after)


def test_work_of_an_earlier_try_counts():
    asks = Exchange(
        parse("Status: BLOCKED\nQuestions:\n- DIRECTIONAL: red or blue?\n"),
        exit_code=0, duration_s=1.0, seen=says("DONE", OBSERVED).seen,
    )  # fmt: skip
    speak = building(asks, says("DONE", ABSENT))
    blocked, _ = drive(alone(), lambda action: TREE, speak=speak)
    answered = evolve(blocked, [questions.answer(blocked, "red", "ada", NOON)], NOON)

    after, moves = drive(answered, lambda action: TREE, speak=speak)

    assert (lead(after)["touched"], "unchanged" in lead(after)) == (["src/a.py"], False)
    assert told(moves) == ["task_started", "task_done"]


def test_in_a_further_attempt_the_work_may_be_there():
    red = replace(TREE, verdict=Verdict.FAILED, exit_code=1)
    failed, _ = drive(alone(), lambda action: red, speak=building(says("DONE", OBSERVED)))
    again = evolve(failed, [commands.retry(failed, failed.started_contract, NOON)], NOON)

    _, moves = drive(again, lambda action: TREE, speak=building(says("DONE", ABSENT)))

    assert told(moves) == ["task_started", "task_done"]
