"""Test that an agent's question is answered on the page or by the API, once."""

import html
import re

import pytest

from sprints.models import Sprint
from tests import studio
from tests.people import Role, signed_in, text_of

FIRST = "R0_SETUP/lead_agent_01/1"


@pytest.fixture
def operator(store):
    return signed_in(Role.OPERATOR, "kim")


def answers(client, **form):
    """Send the form, and read the page that comes then."""
    answer = client.post("/sprints/wk1/answer", {"question": FIRST, **form}, follow=True)
    assert answer.redirect_chain == [("/sprints/wk1/", 302)]
    return text_of(answer)


def given():
    """The answers on record."""
    return studio.task(task_id="lead_agent_01", round="wk1/R0_SETUP").details["answers"]


def test_an_open_question_is_shown_with_its_form_and_answered_there(operator, store):
    studio.ask("wk1")

    page = operator.get("/sprints/wk1/")
    said = answers(operator, text="Blue.\r\nAlways.")

    assert "agent_01 asks in R0 a question that only a human can answer. red" in text_of(page)
    assert f'name="question" value="{FIRST}"' in page.content.decode()
    assert "Answered: the sprint goes on." in said
    assert "agent_01 asked in R0: red or blue? Blue. Always. answered by kim, just now" in said
    assert studio.sprint().status == "running"
    assert (given()[0]["by"], given()[0]["text"]) == ("kim", "Blue.\nAlways.")
    assert 'action="/sprints/wk1/answer"' not in operator.get("/sprints/wk1/").content.decode()
    studio.run("wk1")
    assert studio.sprint().status == "succeeded"
    assert "answered by kim" in text_of(operator.get("/sprints/wk1/"))
    assert studio.differences() == []


def test_a_viewer_reads_the_question_and_has_no_form(operator):
    studio.ask("wk1")
    viewer = signed_in(Role.VIEWER)

    page, pressed = viewer.get("/sprints/wk1/"), viewer.post("/sprints/wk1/answer", {"text": "x"})

    assert "red or blue? Only an operator can answer." in text_of(page)
    assert "<form" not in page.content.decode().partition("<main")[2].partition("</main>")[0]
    assert pressed.status_code == 403
    assert given() == []


def test_what_the_agent_offers_can_be_chosen(operator):
    studio.ask("wk1", "offers")
    page = operator.get("/sprints/wk1/").content.decode()

    refused = answers(operator, choice_0="green")
    answers(operator, choice_0="blue", text="Not too dark.")

    assert re.findall(r'name="choice_0" value="(\w+)"', page) == ["red", "blue"]
    assert "required" not in page.partition('id="answer-text"')[2].partition(">")[0]
    assert "Refused: choose one of: red, blue." in refused
    assert given()[0]["text"] == "blue\nNot too dark."


def test_of_two_questions_it_is_said_which_was_chosen_for(operator):
    studio.ask("wk1", "asks_twice")

    answers(operator, choice_1="now", text="Because.")

    assert given()[0]["text"] == "when? [now | later] now\nBecause."


def test_nothing_is_no_answer(operator):
    studio.ask("wk1", "offers")
    before = studio.seq()

    said = answers(operator, text=" ")

    assert "Refused: an answer is a text of 1 to 8000 characters." in said
    assert studio.seq() == before


def test_a_second_answer_is_refused_and_says_who_was_first(operator):
    studio.ask("wk1")
    answers(operator, text="Blue.")
    before = studio.seq()

    said = answers(signed_in(Role.ADMIN, "robin"), text="Red.")

    assert "Refused: kim answered agent_01 already, at 20" in said
    assert studio.seq() == before


def test_an_old_page_does_not_answer_what_is_asked_later(operator):
    studio.ask("wk1")
    studio.start("wk1", again=True)
    studio.run("wk1")
    assert studio.sprint().status == "blocked"
    before = studio.seq()

    said = answers(operator, text="Blue.")
    unnamed = answers(operator, text="Blue.", question="")
    answers(operator, text="Blue.", question="R0_SETUP/lead_agent_01_attempt2/1")

    refused = "Refused: sprint wk1 does not wait for the answer to that question."
    assert refused in said
    assert refused in unnamed
    assert studio.event(seq=before + 1)["kind"] == "task_answered"


def test_the_live_part_leaves_a_form_alone_in_which_somebody_writes(operator):
    studio.ask("wk1")
    page = operator.get("/sprints/wk1/").content.decode()
    poll = html.unescape(re.search(r'hx-get="([^"]+)"', page)[1])
    studio.edit("wk1", "sam", title="Else")

    other = operator.get(poll).content.decode()
    answers(operator, text="Blue.")
    after = operator.get(poll).content.decode()

    assert "Else" in other
    assert 'id="live-questions"' not in other
    assert "answered by kim" in after


def test_no_question_plays_with_the_page(operator):
    studio.ask("wk1")
    task = studio.task(task_id="lead_agent_01")
    asks = '<script>alert(1)</script>\x1b[2J [<i>a | "b"]'
    studio.forge("task", task.pk, details=task.details | {"asks": [asks]})

    page = operator.get("/sprints/wk1/").content.decode()

    assert "<script>alert" not in page
    assert "<i>a" not in page
    assert "\x1b" not in page.partition('id="live-questions"')[2].partition("</section>")[0]


def test_what_waits_for_an_answer_stands_first_on_the_dashboard(operator):
    studio.ask("wk1")
    studio.gate("false")
    for n in range(6):
        studio.create(f"red{n}", by="sam")
    Sprint.objects.filter(pk__startswith="red").update(
        status="blocked",
        last_error="hook_failed:x no",
        finished_at=studio.sprint("wk1").finished_at,
    )

    page = operator.get("/")

    waits = text_of(page).partition("Waiting for you")[2]
    assert waits.split()[:2] == ["question", "wk1"]
    assert "agent_01 asks: red or blue?" in waits
    assert 'href="/sprints/wk1/#question" aria-label="Answer it: wk1"' in page.content.decode()


def test_over_the_wire_it_is_answered_by_operators_and_once(call, store):
    studio.ask("wk1")
    path, body = "/api/sprints/wk1/answer", {"text": "Blue.", "question": FIRST}

    viewer = call("POST", path, body, by="viewer")
    first = call("POST", path, body, by="operator")
    second = call("POST", path, body)
    unnamed = call("POST", path, {"text": "Blue."})

    assert viewer.status_code == 403
    assert (first.status_code, first.json()) == (202, {"ok": True})
    assert given()[0]["by"] == "the_operator"
    assert second.status_code == 409
    assert second.json()["error"].startswith("the_operator answered agent_01 already, at ")
    text = "sprint wk1 is running; no agent asks a question"
    assert unnamed.json() == {"error": text, "code": "wrong_status"}
    assert studio.differences() == []
