"""Test the form of the glossary and the decisions, and that the code has what they name."""

import re
import tomllib

import pytest

from gates.verdict import Verdict
from tests.docs.pages import DOCS, links, name_of
from tests.world import ROOT

TERM = re.compile(r"^\| \*\*(.+?)\*\* \| (.+) \|$", re.MULTILINE)
RECORDS = sorted((DOCS / "decisions").glob("0*.md"))
MOST_WORDS = 250
MOST_WORDS_OF_A_STEP = 700


def terms() -> dict[str, str]:
    found = TERM.findall((DOCS / "glossary.md").read_text())
    assert len(found) == len(dict(found)), "a term is defined twice"
    return dict(found)


def test_the_glossary_has_one_sentence_for_each_term():
    not_one = {
        term for term, text in terms().items() if not re.fullmatch(r"[A-Z`](?:(?!\. ).)+\.", text)
    }

    assert len(terms()) >= 60
    assert not_one == set()


def test_the_glossary_names_every_verdict():
    named = set(re.findall(r"`(\w+)`", terms()["Verdict"]))

    assert named == {verdict.value for verdict in Verdict}


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_a_decision_has_its_context_and_its_consequences_on_one_page(record):
    text = record.read_text()

    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    assert heads[0].startswith(f"{int(record.name[:4])}. ")
    assert heads[1:] == ["Context", "Decision", "Consequences"]
    assert len(text.split()) < MOST_WORDS


def test_the_index_of_decisions_leads_to_each_in_order():
    index = DOCS / "decisions" / "README.md"

    numbers = [int(record.name[:4]) for record in RECORDS]
    assert numbers == [*range(1, len(RECORDS) + 1)]
    assert {record.name for record in RECORDS} - links(index) == set()


def test_the_description_of_one_step_is_short():
    text = (DOCS / "architecture.md").read_text()

    (steps,) = re.findall(r"^## How one step runs\n(.+?)^## ", text, re.MULTILINE | re.DOTALL)
    assert len(steps.split()) < MOST_WORDS_OF_A_STEP


def test_the_floors_of_the_page_are_those_of_the_import_contracts():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    (layers,) = [
        one["layers"]
        for one in tools["importlinter"]["contracts"]
        if one["id"] == "floors-of-sprints"
    ]
    text = (DOCS / "architecture.md").read_text()

    (table,) = re.findall(r"^\| floor \|.+?\n\n", text, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)

    floors = [re.findall(r"`(\w+)`", row) for row in rows]
    assert floors == [re.findall(r"\w+", layer) for layer in layers]
