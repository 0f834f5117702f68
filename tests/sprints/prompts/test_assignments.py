"""Test the block of tasks in a reply: what is accepted, and the error for everything else."""

import json
from pathlib import Path

import pytest

from sprints.contract.contract import Contract
from sprints.prompts import assignments
from sprints.prompts.assignments import EXAMPLE, Assignment, Unusable, block, parse, without
from sprints.prompts.reply_format import parse as read

ABLE = ("agent_05", "agent_06")
ONE = {"id": "importer", "agent": "agent_05", "title": "Read it", "what": "It reads CSV."}
TWO = ONE | {"id": "report", "agent": "agent_06"}


def fenced(*tasks: object) -> str:
    return f"```json\n{json.dumps({'tasks': [*tasks]}, indent=1)}\n```\n"


def errors(*tasks: object) -> list[str]:
    with pytest.raises(Unusable) as caught:
        parse(json.dumps({"tasks": [*tasks]}), ABLE)
    return caught.value.errors


def test_a_task_is_taken_whole_and_comes_back_from_json():
    more = {"files": ["a.py"], "tests": ["pytest a"], "after": [], "rollback": "revert  it"}

    (task,) = parse(json.dumps({"tasks": [ONE | more]}), ABLE)

    assert task == Assignment(
        "importer",
        "agent_05",
        "Read it",
        "It reads CSV.",
        ("a.py",),
        ("pytest a",),
        (),
        "revert it",
    )
    assert Assignment.from_json(json.loads(json.dumps(task.to_json()))) == task


def test_tasks_come_as_listed_but_each_after_those_that_it_names():
    ids = {"a": ["c"], "b": [], "c": ["d"], "d": [], "e": ["a"]}
    tasks = [ONE | {"id": name, "after": after} for name, after in ids.items()]

    order = parse(json.dumps({"tasks": tasks}), ABLE)

    assert [task.id for task in order] == ["b", "d", "c", "a", "e"]


@pytest.mark.parametrize(
    ("tasks", "error"),
    [
        ([], "tasks: from 1 to 12 of them, not 0"),
        ([ONE | {"id": f"t{n}"} for n in range(13)], "tasks: from 1 to 12 of them, not 13"),
        (["x"], "task 1 must be an object"),
        ([{}], "task 1: id is missing"),
        ([ONE | {"id": "A B"}], "task 1: id must be 1 to 40 of a-z, 0-9, - and _, and begin with"),
        ([ONE | {"id": 7}], "task 1: id must be 1 to 40 of a-z"),
        ([ONE, ONE], "the id importer stands twice"),
        ([ONE | {"agent": "agent_07"}], '"agent_07" is no active agent that is a program; you may'),
        ([ONE | {"agent": ["agent_05"]}], '["agent_05"] is no active agent'),
        ([ONE | {"title": ""}], "task importer: title must be a text of at most 120 characters"),
        ([ONE | {"title": "x" * 121}], "task importer: title must be a text"),
        ([ONE | {"what": "a\0b"}], "task importer: what must be a text"),
        ([ONE | {"what": "\ud800"}], "task importer: what must be a text"),
        ([ONE | {"rollback": 3}], "task importer: rollback must be a text"),
        ([ONE | {"files": "a.py"}], "task importer: files must be a list of texts"),
        ([ONE | {"files": ["/etc/x"]}], '"/etc/x" is no path inside the repository'),
        ([ONE | {"files": ["a/../../x"]}], "is no path inside the repository"),
        ([ONE | {"tests": ["t"] * 21}], "task importer: tests has 21 entries; at most 20"),
        ([ONE | {"owner": "x"}], 'task importer: there is no key "owner"'),
        ([ONE | {"after": ["report"]}], 'task importer: after names no task "report"'),
        ([ONE | {"after": ["importer"]}], "the tasks importer wait for each other"),
        (
            [ONE | {"after": ["report"]}, TWO | {"after": ["importer"]}],
            "the tasks importer, report wait for each other",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(tasks, error):
    assert any(error in line for line in errors(*tasks)), errors(*tasks)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("{", "it is not JSON: "),
        ('{"tasks": [], "tasks": []}', "it is not JSON: the key 'tasks' stands twice"),
        ('["tasks"]', 'it must be an object with one key, "tasks", a list'),
        ('{"tasks": {}}', "it must be an object"),
        ('{"tasks": [], "go": true}', "it must be an object"),
        ('{"tasks": ["' + "x" * 16_000 + '"]}', "characters; at most 16000"),
    ],
)
def test_what_is_no_plan_at_all_is_said_too(body, error):
    with pytest.raises(Unusable, match=error.replace("[", r"\[")):
        parse(body, ABLE)


def test_many_errors_are_told_in_part():
    told = errors(*[{"id": f"t{n}"} for n in range(12)])

    assert len(told) == assignments.MOST_ERRORS + 1
    assert told[-1] == "and 24 more"


def test_the_last_block_of_tasks_counts_and_other_json_does_not():
    text = f"{fenced(ONE)}text\n{fenced(TWO)}```json\n{{}}\n```\n{EXAMPLE}Status: DONE\n"

    assert json.loads(block(text) or "") == {"tasks": [TWO]}
    assert block("Status: DONE\n```json\n{}\n```\n") is None
    assert block(EXAMPLE) is None


def test_a_block_that_never_ends_is_no_json():
    with pytest.raises(Unusable, match="it is not JSON"):
        parse(block('```json\n{"tasks": [\nStatus: DONE\n') or "", ABLE)


def test_a_block_is_no_part_of_what_is_said_in_a_reply():
    text = f"Status: DONE\nNext actions:\n- go\n{fenced(ONE)}"

    reply = read(text)

    assert reply.next_actions == ("go",)
    assert without(text) == "Status: DONE\nNext actions:\n- go\n"
    assert without("```json\n[1]\n```") == "```json\n[1]\n```"


def test_the_block_of_the_docs_can_be_taken():
    page = (Path(__file__).parents[3] / "docs" / "orchestration.md").read_text("utf-8")
    text = "\n".join(line.removeprefix("    ") for line in page.split("\n"))

    tasks = parse(block(text) or "", ABLE)

    assert [task.id for task in tasks] == ["importer", "report"]


def test_a_contract_of_before_there_were_tasks_takes_none():
    assert (
        Contract.from_json(
            {"profile": "quick", "deadline": "warn", "rounds": [], "gates": []}
        ).active
        == ()
    )
