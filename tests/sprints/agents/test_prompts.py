"""Prompts, letter for letter: the same snapshot always gives the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from sprints.agents import prompts
from sprints.agents.exchange import Exchange
from sprints.agents.replies import parse
from sprints.engine import answer_moves
from sprints.snapshot import evolve
from tests.sprints.agents.test_asking import ASKED_BACK, LEAD, YES, says
from tests.sprints.pure import NOON, drive, fresh

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
    told = answer_moves.answer(blocked, "Blue.", "ada", NOON)
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
    assert len(told) < 3 * prompts.LONGEST_HEARD


def test_the_card_of_a_program_stands_in_its_prompt():
    carded = replace(LEAD, responsibilities=("Sees",), authority=("May say no", "No code"))
    _, moves = drive(fresh(agents=(carded,)), speak=says(YES))

    told = asked(moves, "R0_SETUP", "agent_01")

    assert (
        "Leads.\n\nYour responsibilities:\n- Sees\n\nWhat you may decide, and what not:\n" in told
    )
    assert "- May say no\n- No code\n\nAnswer in exactly" in told
    assert "What you deliver" not in told
