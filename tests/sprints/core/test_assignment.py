"""Test the tasks that Agent 01 assigns, in the pure engine."""

import json
from dataclasses import replace

import pytest

from gates.verdict import Judgement, Verdict
from sprints.contract.git_values import Base, Seen
from sprints.core import commands, questions
from sprints.core.actions import Ask
from sprints.prompts import lead_plan
from sprints.prompts.assignments import Assignment
from sprints.prompts.exchange import Exchange
from sprints.prompts.reply_format import parse
from sprints.state.snapshot import evolve
from tests.engine import GREEN, NOON, drive, fresh, scripted
from tests.sprints.core.test_agent_tasks import LEAD, NO, YES

R1, R2, R3, R4 = (
    "R1_CONTRACTS", "R2_PLAN_CONFIRM", "R3_BUILD_A_INTEGRATE", "R4_BUILD_B_POLISH",
)  # fmt: skip
READER = replace(LEAD, agent_id="agent_05", label="GameplaySystemsDesigner", mission="Reads.")
WRITER = replace(LEAD, agent_id="agent_06", label="AIBehaviorDirector_LLM", mission="Writes.")
IMPORTER = Assignment(
    "importer", "agent_05", "Read CSV", "It reads.", ("src/reader.py",), ("pytest",), (), "revert"
)
REPORT = Assignment(
    "report", "agent_06", "Print it", "It prints.", ("src/writer.py",), (), ("importer",)
)
# agent_09 is no program here
BAD = replace(IMPORTER, agent="agent_09")
TREE = replace(GREEN, tree="1")


def crew(**meta: object):
    """A sprint whose lead and two implementers are programs, in a clone."""
    start = fresh(meta, agents=(LEAD, READER, WRITER))
    return replace(start, contract=replace(start.started_contract, base=Base("main", "0" * 40)))


def says(*tasks: Assignment, status: str = "DONE", more: str = "") -> Exchange:
    """A reply that gives out those tasks."""
    text = f"Status: {status}\nDeliverables:\n- it\n{more}"
    if tasks:
        body = json.dumps({"tasks": [task.to_json() for task in tasks]})
        text = f"```json\n{body}\n```\n{text}"
    return Exchange(parse(text), text=text, exit_code=0, duration_s=1.0)


def plans(told: dict[str, Exchange | list[Exchange]]):
    """A lead that says so in those rounds, one after the other where it is asked again."""
    told = {code: [one] if isinstance(one, Exchange) else [*one] for code, one in told.items()}

    def speak(action):
        if isinstance(action, Ask) and action.kind == "lead" and told.get(action.code):
            return told[action.code].pop(0)
        if getattr(action, "kind", "") == "ack":
            said = scripted(action)
            return replace(said, text=said.reply.text())
        return YES

    return speak


def asked(moves, code):
    """Who was asked what in that round, in its order."""
    return [
        move.data["task_id"]
        for move in moves
        if (move.kind, move.round_id) == ("task_started", code)
    ]


def task_in(snapshot, code, task_id):
    (found,) = (t for t in snapshot.tasks if t.id == f"s1/{code}/{task_id}")
    return found


def test_the_tasks_of_r1_are_confirmed_in_r2_and_built_one_by_one_in_r3():
    after, moves = drive(crew(), speak=plans({R1: says(REPORT, IMPORTER)}))

    assert after.sprint.status == "succeeded"
    assert asked(moves, R2) == ["plan_agent_05", "plan_agent_06", "lead_agent_01"]
    assert asked(moves, R3) == [
        "build_importer_agent_05", "build_report_agent_06", "lead_agent_01",
    ]  # fmt: skip
    assert asked(moves, R4) == ["lead_agent_01"]
    built = task_in(after, R3, "build_importer_agent_05")
    assert built.title == "Build importer: Read CSV"
    assert built.details["assignment"] == IMPORTER.to_json()
    assert task_in(after, R1, "lead_agent_01").details["plan"] == [
        IMPORTER.to_json(), REPORT.to_json(),
    ]  # fmt: skip


def test_what_r2_says_takes_the_place_of_what_r1_had_proposed():
    _, moves = drive(crew(), speak=plans({R1: says(IMPORTER, REPORT), R2: says(IMPORTER)}))

    assert asked(moves, R3) == ["build_importer_agent_05", "lead_agent_01"]


def test_one_agent_may_have_several_tasks_and_is_asked_for_each():
    both = (IMPORTER, replace(REPORT, agent="agent_05"))
    after, moves = drive(crew(), speak=plans({R1: says(*both)}))

    assert asked(moves, R2) == ["plan_agent_05", "lead_agent_01"]
    assert asked(moves, R3)[:2] == ["build_importer_agent_05", "build_report_agent_05"]
    assert after.sprint.status == "succeeded"


def test_what_r3_leaves_is_the_second_pass_of_r4():
    polish = replace(IMPORTER, after=())
    _, moves = drive(crew(), speak=plans({R3: says(polish)}))

    assert asked(moves, R3) == ["lead_agent_01"]
    assert asked(moves, R4) == ["polish_importer_agent_05", "lead_agent_01"]


def test_without_a_block_the_sprint_goes_as_it_went_before():
    after, moves = drive(crew(), speak=plans({}))

    assert after.sprint.status == "succeeded"
    assert asked(moves, R2) == asked(moves, R3) == ["lead_agent_01"]


def test_tasks_in_another_round_or_of_another_agent_are_words():
    speak = plans({"R0_SETUP": says(BAD), R4: says(BAD), "R5_RELEASE_CANDIDATE": says(BAD)})
    after, _ = drive(crew(), speak=speak)

    assert after.sprint.status == "succeeded"
    assert not [task for task in after.tasks if "plan" in task.details]


def test_tasks_that_cannot_be_taken_go_back_once_with_what_is_wrong():
    after, moves = drive(crew(), speak=plans({R1: [says(BAD), says(IMPORTER)]}))

    assert after.sprint.status == "succeeded"
    (back,) = (move for move in moves if move.kind == "task_returned")
    assert back.message.startswith("the tasks of agent_01 are sent back: task importer: ")
    lead = task_in(after, R1, "lead_agent_01")
    assert (lead.details["try"], "plan_errors" in lead.details) == (2, False)
    assert '- task importer: "agent_09" is no active agent' in lead.prompt
    assert asked(moves, R3)[0] == "build_importer_agent_05"


def test_after_that_a_human_is_asked_and_the_answer_is_in_the_next_prompt():
    speak = plans({R1: [says(BAD), says(BAD), says(IMPORTER)]})
    blocked, moves = drive(crew(), speak=speak)
    told = questions.answer(blocked, "Take agent_05.", "ada", NOON)
    after, more = drive(evolve(blocked, [told], NOON), speak=speak)

    assert blocked.sprint.status == "blocked"
    assert [move.kind for move in moves][-2:] == ["task_asks", "error"]
    assert blocked.sprint.last_error.startswith("agent_asks:agent_01 what shall be planned? ")
    assert after.sprint.status == "succeeded"
    assert "answer of ada:\n  Take agent_05." in task_in(after, R1, "lead_agent_01").prompt
    assert asked(more, R3)[0] == "build_importer_agent_05"


def test_a_retry_keeps_the_plan_of_the_rounds_that_are_done():
    failed, _ = drive(
        crew(),
        speak=lambda action: (
            NO if getattr(action, "kind", "") == "build" else plans({R1: says(IMPORTER)})(action)
        ),
    )
    again = evolve(failed, [commands.retry(failed, failed.started_contract, NOON)], NOON)
    after, moves = drive(again, speak=plans({}))

    assert failed.sprint.last_error == "agent_failed:agent_05 exit code 3"
    assert after.sprint.status == "succeeded"
    assert asked(moves, R3) == ["build_importer_agent_05_attempt2", "lead_agent_01_attempt2"]


def test_what_comes_late_from_an_earlier_attempt_gives_out_nothing():
    done, _ = drive(crew(), speak=plans({R1: says(IMPORTER)}))
    lead = task_in(done, R1, "lead_agent_01")
    later = replace(done, sprint=replace(done.sprint, attempt=2))

    assert lead_plan.read_plan(done, lead, says(BAD).text)["returned"] == 1
    assert lead_plan.read_plan(later, lead, says(BAD).text) == {}


def test_a_task_of_who_is_no_program_any_more_is_the_implementers():
    speak = plans({R1: says(IMPORTER)})
    failed, _ = drive(crew(), speak=lambda a: NO if getattr(a, "kind", "") == "build" else speak(a))
    alone = replace(failed.started_contract, agents=(LEAD,), active=())
    again = evolve(failed, [commands.retry(failed, alone, NOON)], NOON)

    _, moves = drive(again, judge=red_once("src/reader.py"), speak=plans({}))

    assert asked(moves, R3) == [
        "build_importer_agent_01_attempt2", "lead_agent_01_attempt2", "fix1_agent_01_attempt2",
    ]  # fmt: skip


def red_once(excerpt: str):
    """A gate that says no first, and prints that."""
    said = iter([Judgement(Verdict.FAILED, 7, "no", 1.0, tree="1", excerpt=excerpt)])
    return lambda action: next(said, replace(TREE, tree="2"))


@pytest.mark.parametrize(
    ("excerpt", "owner"),
    [
        ('stdout.txt:\n  File "/srv/work/s1/src/reader.py", line 3\n', "agent_05"),
        ("src/writer.py:3: wrong\nand src/reader.py\n", "agent_06"),
        ("made by hand.py: 3\n", "agent_05"),
        ("src/reader.pyc and xsrc/reader.py\n", "agent_06"),
        ("nothing that is known", "agent_06"),
    ],
)
def test_a_red_gate_goes_back_to_whose_file_it_names_else_to_the_last(excerpt, owner):
    hand = Seen("observed", paths=("made by hand.py",), files=1)

    def speak(action):
        if getattr(action, "task", "") == "importer" and action.kind == "build":
            return replace(YES, seen=hand)
        return told(action)

    told = plans({R1: says(IMPORTER, REPORT)})
    after, moves = drive(crew(), judge=red_once(excerpt), speak=speak)

    assert after.sprint.status == "succeeded"
    assert asked(moves, R3)[-1] == f"fix1_{owner}"
    fix = task_in(after, R3, f"fix1_{owner}")
    assert fix.details["assignment"]["agent"] == owner
    assert "It is about your task" in fix.prompt


def test_a_question_to_agent_01_stands_in_its_next_prompt_and_the_answer_in_the_askers():
    asks = "Status: DONE\nQuestions:\n- comma or semicolon?\n"
    question = Exchange(parse(asks), text=asks, exit_code=0, duration_s=1.0)
    answer = says(more="- ANSWER agent_05: semicolon\n- ANSWER agent_06: x\n")
    told = plans({R1: says(IMPORTER), R2: answer})
    after, _ = drive(
        crew(), speak=lambda a: question if getattr(a, "kind", "") == "plan" else told(a)
    )

    lead = [task_in(after, code, "lead_agent_01").prompt for code in (R1, R2, R3)]
    line = "- agent_05 in R2_PLAN_CONFIRM: comma or semicolon?\n"
    assert [line in prompt for prompt in lead] == [False, True, False]
    build = task_in(after, R3, "build_importer_agent_05").prompt
    assert "What Agent 01 has answered you:\n- semicolon\n" in build


def test_what_the_last_lead_delivers_are_the_patch_notes():
    notes = says(more="- reads CSV\n")
    after, _ = drive(crew(), speak=plans({R4: notes, "R5_RELEASE_CANDIDATE": notes}))

    kept = {task.round_id: task.details.get("patch_notes") for task in after.tasks}
    assert kept["s1/R5_RELEASE_CANDIDATE"] == ["it", "reads CSV"]
    assert kept["s1/R4_BUILD_B_POLISH"] is None


def test_a_question_that_is_not_answered_stays():
    asks = "Status: DONE\nQuestions:\n- comma or semicolon?\n- DIRECTIONAL\n"
    question = Exchange(replace(parse(asks), questions=("comma?",)), text=asks, exit_code=0)
    told = plans({R1: says(IMPORTER)})
    after, _ = drive(
        crew(), speak=lambda a: question if getattr(a, "kind", "") == "plan" else told(a)
    )

    for code in (R2, R3, R4):
        assert "agent_05 in R2_PLAN_CONFIRM: comma?" in task_in(after, code, "lead_agent_01").prompt
