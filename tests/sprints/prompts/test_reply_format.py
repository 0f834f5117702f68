"""Test that replies are read leniently and within limits."""

import pytest

from sprints.agents.output_reader import found
from sprints.prompts.prompts import EXAMPLE
from sprints.prompts.reply_format import (
    LONGEST_LINE,
    LONGEST_STATUS,
    MOST_LINES,
    MOST_QUESTIONS,
    Reply,
    Unreadable,
    options,
    parse,
    plain,
)

WANTED = Reply("DONE", ("a file", "a test"), ("DIRECTIONAL: red?",), ("ship it",))

FORMS = {
    "as asked": """\
Status: DONE
Deliverables:
- a file
- a test
Questions:
- DIRECTIONAL: red?
Next actions:
- ship it
""",
    "markdown": """\
I did it.

## **Status:** DONE
### Deliverables
* a file
* a test
### Questions (blockers only, max 3)
1. DIRECTIONAL: red?
## Next Actions:
1) ship it
""",
    "bold": "**Status**: DONE\n**Deliverables**:\n- a file\n- a test\n"
    "**Questions:** DIRECTIONAL: red?\n__Next steps__: ship it\n",
    "another order, other cases": "STATUS: DONE\nnext actions: ship it\n"
    "questions:\n - DIRECTIONAL: red?\ndeliverables:\n\n- a\n  file\n\n- a test\n",
    "numbered, in a sandbox": "```\n1. Status: DONE\n2. Deliverables:\n- a file\n- a test\n"
    "3. Questions:\n- DIRECTIONAL: red?\n4. Next actions:\n- ship it\n```\n",
    "the last of two": "Status: thinking\nDeliverables:\n- nothing\nStatus: DONE\nDeliverables:\n"
    "- a file\n- a test\nQuestions:\n- DIRECTIONAL: red?\nNext actions:\n- ship it\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_reply_is_read_in_the_forms_in_which_programs_write_it(form):
    assert parse(FORMS[form]) == WANTED


LOG = """\
Status: DONE, it retries
Deliverables:
- what the test server says:
{fence}
GET /x
Status: 404 Not Found
Questions:
- DIRECTIONAL: is this path right?
{end}
Questions: None
"""


@pytest.mark.parametrize(
    ("fence", "end"), [("```", "```"), ("~~~ text", "~~~~"), ("  ````http", "````")]
)
def test_a_quoted_log_is_no_part_of_the_form(fence, end):
    reply = parse(LOG.format(fence=fence, end=end))

    assert reply.status == "DONE, it retries"
    assert reply.questions == ()


def test_a_fence_without_an_end_hides_nothing():
    reply = parse("Look:\n```\nStatus: DONE\nQuestions:\n- DIRECTIONAL: red?\n")

    assert (reply.status, reply.questions) == ("DONE", ("DIRECTIONAL: red?",))


def test_a_shorter_fence_does_not_end_a_longer_one():
    text = "Status: DONE\n````\n```\nStatus: 404\n```\nStatus: 500\n````\nNext actions: none\n"

    assert parse(text).status == "DONE"


@pytest.mark.parametrize("reply", [WANTED, EXAMPLE, Reply("x", (), (), ())])
def test_a_reply_that_is_written_is_read_back(reply):
    assert parse(reply.text()) == reply


@pytest.mark.parametrize("none", ["None", "- None.", "- n/a", "-", "* (none)", "**None**", ""])
def test_no_question_is_no_question(none):
    assert parse(f"Status: DONE\nQuestions:\n{none}\n").questions == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        (" \n\t\n", "it is empty"),
        ("All done!", "no line that begins with Status:"),
        ("- Status: DONE", "no line that begins with Status:"),
        ("The Status of it: DONE", "no line that begins with Status:"),
        ("Status of the build is fine", "no line that begins with Status:"),
        ("Status:\nDeliverables:\n- a file", "its Status is empty"),
        ("Status:   \n\n", "its Status is empty"),
    ],
)
def test_a_text_that_is_no_reply_is_refused_with_the_reason(text, why):
    with pytest.raises(Unreadable, match=why):
        parse(text)


def test_what_is_over_the_limits_is_left_out_and_a_directional_question_is_not():
    lines = "\n".join(f"- {'x' * 5000}{n}" for n in range(500))
    asked = "\n".join([*(f"- question {n}" for n in range(9)), "- directional: which?"])

    reply = parse(f"Status: {'s' * 5000}\nDeliverables:\n{lines}\nQuestions:\n{asked}\n")

    assert len(reply.status) == LONGEST_STATUS
    assert len(reply.deliverables) == MOST_LINES
    assert {len(line) for line in reply.deliverables} == {LONGEST_LINE}
    assert len(reply.questions) == MOST_QUESTIONS
    assert reply.directional == ("which?",)


def test_a_hostile_reply_of_megabytes_is_read_in_a_moment():
    for text in ("#" * 1_000_000, "Status" * 300_000, " " * 1_000_000 + "x", "*" * 1_000_000):
        with pytest.raises(Unreadable):
            parse(text)
    assert parse("Status: x\nQuestions:\n" + " y\n" * 500_000).status == "x"


def test_bytes_become_a_text_that_a_database_and_a_terminal_can_take():
    text = plain(b"\x1b[1;31mred\x1b[0m \xff\x00\x07 a\r\nb\tc")

    assert text == "red \ufffd\ufffd\ufffd a\nb\tc"


LINES = b"""\
noise
{"type": "item.completed", "item": {"type": "agent_message", "text": "first"}}
{"type": "item.completed", "item": {"type": "agent_message", "text": "last"}}
{"type": "item.completed", "item": {"type": "reasoning", "text": "thought"}}
{"type": "turn.completed"}
{"broken
"""


@pytest.mark.parametrize(
    ("printed", "reply", "wanted"),
    [
        (b"as it is", None, b"as it is"),
        (LINES, {"take": "item.text", "where": {"item.type": "agent_message"}}, b"last"),
        (b'{\n "response": "r\\u00e9ply"\n}', {"take": "response"}, "r\u00e9ply".encode()),
        (b'[{"type": "a"}, {"type": "result", "result": "x"}]', {"take": "result"}, b"x"),
    ],
)
def test_a_reply_is_found_in_what_was_printed(printed, reply, wanted):
    assert found(printed, reply) == wanted


@pytest.mark.parametrize("printed", [b"", b"text", b'{"result": 3}', b"[" * 100_000, b'"result"'])
def test_where_the_field_is_in_no_object_there_is_no_reply(printed):
    with pytest.raises(Unreadable, match="no JSON object in it has result"):
        found(printed, {"take": "result"})


@pytest.mark.parametrize(
    ("question", "offered"),
    [
        ("which colour? [red | blue]", ("red", "blue")),
        ("which? [ a | b | a | ]?", ("a", "b")),
        ("see [1] and [x|y].", ("x", "y")),
        ("red or blue?", ()),
        ("which? [red | blue] or none", ()),
        ("which? [red]", ()),
        ("which? [|]", ()),
        ("[" * 1000, ()),
    ],
)
def test_a_question_may_offer_its_answers(question, offered):
    assert options(question) == offered
