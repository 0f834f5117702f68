"""Test a question with two people: both see it, one answers, the other sees the answer."""

import shlex
import sys

from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import Serving
from tests.checkout import commit
from tests.world import MARK, ROOT

SPEAKER = str(ROOT / "tests" / "speaker.py")


def begin(page: Page, serving: Serving, way: str) -> None:
    """A sprint wk1 whose lead is the speaker, handed to the workers."""
    commit(serving.repo, {"a.txt": "a"})
    command = shlex.join([sys.executable, SPEAKER, way])
    serving.say("agent", "set", "agent_01", "--command", command, "--pass-env", MARK)
    serving.say("sprint", "create", "wk1", "--title", "Colours")
    page.set_viewport_size({"width": 390, "height": 800})
    serving.sign_in(page)


def test_a_question_is_found_on_the_dashboard_answered_by_a_click_and_only_once(
    page: Page, serving: Serving
):
    begin(page, serving, "offers")
    page.goto(f"{serving.url}/sprints/wk1/")
    serving.say("sprint", "run", "wk1", "--queue")
    expect(page.get_by_role("radio", name="blue")).to_be_visible()  # it came while we watched
    late = page.context.new_page()
    late.goto(f"{serving.url}/sprints/wk1/")
    page.goto(serving.url)
    page.get_by_role("link", name="Answer it: wk1").click()
    expect(page).to_have_url(f"{serving.url}/sprints/wk1/#question")
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.get_by_role("radio", name="blue").check()
    page.get_by_label("In your own words").fill("Not too dark.")
    page.get_by_role("button", name="Answer agent_01").click()
    expect(page.get_by_text("Answered: the sprint goes on.")).to_be_visible()
    expect(page.locator(".answer pre")).to_have_text("blue\nNot too dark.")
    expect(page.locator("h1 .pill")).to_have_text("succeeded")

    expect(late.locator(".answer pre")).to_have_text("blue\nNot too dark.")
    assert late.get_by_role("button", name="Answer agent_01").count() == 0
    late.close()


def test_what_somebody_writes_stays_while_the_page_is_kept_up_to_date(page: Page, serving: Serving):
    begin(page, serving, "directional")
    serving.say("sprint", "run", "wk1", "--queue")
    page.goto(f"{serving.url}/sprints/wk1/")
    page.get_by_label("Your answer").fill("Blue, I th")

    page.evaluate(
        """() => fetch('/api/sprints/wk1', {method: 'POST', body: '{"title": "Else"}', headers:
        {'X-CSRFToken': document.querySelector('[name=csrfmiddlewaretoken]').value}})"""
    )

    expect(page.locator("h1")).to_contain_text("Else")
    expect(page.get_by_label("Your answer")).to_have_value("Blue, I th")


def test_a_parked_sprint_is_given_more_by_the_keyboard_and_cards_are_read(
    page: Page, serving: Serving
):
    begin(page, serving, "replies")
    serving.say("sprint", "budget", "wk1", "--launches", "2")
    serving.say("sprint", "run", "wk1", "--queue")
    page.goto(f"{serving.url}/sprints/wk1/")
    expect(page.get_by_label("Why it stopped")).to_contain_text("used up in R2: 2 of 2 launches")
    assert not violations(page)

    page.keyboard.press("b")
    page.get_by_label("Maximum launches").fill("6")
    page.get_by_role("button", name="Raise the budget wk1").click()
    expect(page.locator("h1 .pill")).to_have_text("succeeded")

    page.goto(f"{serving.url}/agents/")
    page.locator("tr", has_text="agent_11").get_by_text("Card").click()
    expect(page.get_by_text("May fail a result, but never excuses a failure")).to_be_visible()
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
