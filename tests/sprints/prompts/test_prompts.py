"""Test prompts byte for byte: the same snapshot always gives the same prompt."""

from dataclasses import replace
from pathlib import Path

import pytest

from sprints.core import questions
from sprints.prompts import prompts
from sprints.prompts.exchange import Exchange
from sprints.prompts.reply_format import parse
from sprints.state.snapshot import evolve
from tests.engine import NOON, drive, fresh
from tests.sprints.core.test_agent_tasks import ASKED_BACK, LEAD, YES, says
from tests.sprints.core.test_assignment import (
    BAD,
    IMPORTER,
    R1,
    R2,
    R3,
    R4,
    REPORT,
    crew,
    plans,
    red_once,
)
from tests.sprints.core.test_assignment import says as says_tasks

GOLDEN = Path(__file__).parent / "golden"
META = {"brief": "Build an importer.\n\nIt reads CSV.", "active_agents": ["agent_01", "agent_03"]}
ARCHITECT = replace(LEAD, agent_id="agent_03", title="Architect", mission="Boundaries.")


def asked(moves, code, agent):
    """The prompt of that agent in that round."""
    (text,) = [
        move.data["prompt"]
        for move in moves
        if move.kind == "task_started" and (move.round_id, move.data["agent"]) == (code, agent)
    ]
    return text


@pytest.fixture
def story():
    """A whole sprint in which a human was asked in R0, and every prompt of it."""
    start = fresh(META, agents=(LEAD, ARCHITECT))
    blocked, _ = drive(start, speak=says(ASKED_BACK))
    told = questions.answer(blocked, "Blue.", "ada", NOON)
    _, moves = drive(evolve(blocked, [told], NOON), speak=says(YES))
    return moves


@pytest.mark.parametrize(
    ("name", "code", "agent"),
    [
        ("lead_in_r0_after_an_answer", "R0_SETUP", "agent_01"),
        ("scripted_ack_in_r1", "R1_CONTRACTS", "agent_02"),
        ("ack_in_r1", "R1_CONTRACTS", "agent_03"),
        ("lead_in_r1", "R1_CONTRACTS", "agent_01"),
    ],
)
def test_a_prompt_is_the_golden_one(story, name, code, agent):
    golden = GOLDEN / f"{name}.txt"

    assert asked(story, code, agent) == golden.read_text("utf-8")


@pytest.fixture
def work():
    """A sprint of two implementers: tasks that went back once, a question to Agent 01, a red gate
    and a second pass.
    """
    polish = says_tasks(replace(IMPORTER, title="Empty files"))
    answer = says_tasks(more="- ANSWER agent_05: semicolon\n")
    told = plans({R1: [says_tasks(BAD), says_tasks(IMPORTER, REPORT)], R2: answer, R3: polish})
    text = "Status: DONE\nQuestions:\n- comma or semicolon?\n"
    question = Exchange(parse(text), text=text, exit_code=0, duration_s=1.0)

    def speak(action):
        asks = (getattr(action, "kind", ""), getattr(action, "agent", "")) == ("plan", "agent_05")
        return question if asks else told(action)

    _, moves = drive(
        crew(brief=META["brief"]), judge=red_once("src/reader.py:3: no\n"), speak=speak
    )
    return {
        (move.round_id, move.data["task_id"], move.data.get("try", 1)): move.data["prompt"]
        for move in moves
        if move.kind == "task_started"
    }


@pytest.mark.parametrize(
    ("name", "code", "task_id", "number"),
    [
        ("lead_in_r1_whose_tasks_came_back", R1, "lead_agent_01", 2),
        ("plan_in_r2", R2, "plan_agent_05", 1),
        ("lead_in_r2_with_a_question", R2, "lead_agent_01", 1),
        ("build_in_r3", R3, "build_importer_agent_05", 1),
        ("lead_in_r3_after_builds", R3, "lead_agent_01", 1),
        ("fix_in_r3_of_a_task", R3, "fix1_agent_05", 1),
        ("polish_in_r4", R4, "polish_importer_agent_05", 1),
        ("lead_in_r5", "R5_RELEASE_CANDIDATE", "lead_agent_01", 1),
    ],
)
def test_a_prompt_of_a_task_is_the_golden_one(work, name, code, task_id, number):
    golden = GOLDEN / f"{name}.txt"

    assert work[code, task_id, number] == golden.read_text("utf-8")


def test_a_prompt_begins_with_plain_words_whatever_the_brief_is(story):
    start = fresh({"brief": "/help me\n!ls\n@README.md"}, agents=(LEAD,))
    _, moves = drive(start, speak=says(YES))

    assert asked(moves, "R0_SETUP", "agent_01").startswith("You are agent_01 ")


def test_what_others_have_said_is_cut():
    long = parse("Status: x\nDeliverables:\n" + "- word\n" * 40)
    text = long.text() + "y" * 10_000
    _, moves = drive(fresh(agents=(LEAD,)), speak=says(Exchange(long, text=text)))

    told = asked(moves, "R2_PLAN_CONFIRM", "agent_01")

    assert "y…" in told
    assert len(told) < 4 * prompts.LONGEST_HEARD


def test_the_card_of_a_program_stands_in_its_prompt():
    carded = replace(LEAD, responsibilities=("Sees",), authority=("May say no", "No code"))
    _, moves = drive(fresh(agents=(carded,)), speak=says(YES))

    told = asked(moves, "R0_SETUP", "agent_01")

    assert (
        "Leads.\n\nYour responsibilities:\n- Sees\n\nWhat you may decide, and what not:\n" in told
    )
    assert "- May say no\n- No code\n\nWhat your Deliverables" in told
    assert "What you deliver" not in told
