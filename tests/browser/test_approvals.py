"""Test an approval with two people: one decides, the other sees it."""

from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import Serving


def test_an_approval_is_found_on_the_dashboard_and_given_by_a_click_and_only_once(
    page: Page, serving: Serving
):
    serving.gate("true")
    serving.say("sprint", "create", "wk1", "--title", "Colours", "--approve", "before_build")
    page.set_viewport_size({"width": 390, "height": 800})
    serving.sign_in(page)
    page.goto(f"{serving.url}/sprints/wk1/")
    serving.say("sprint", "run", "wk1", "--queue")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()  # it came while we watched
    late = page.context.new_page()
    late.goto(f"{serving.url}/sprints/wk1/")
    page.goto(serving.url)
    page.get_by_role("link", name="Decide it: wk1").click()
    expect(page).to_have_url(f"{serving.url}/sprints/wk1/#approval")
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.get_by_label("Reason (recorded").fill("Read it with Ada.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved: the sprint goes on.")).to_be_visible()
    expect(page.locator("h1 .pill")).to_have_text("succeeded")

    expect(late.locator("#approval .answer")).to_contain_text("Read it with Ada.")
    assert late.get_by_role("button", name="Approve").count() == 0
    late.close()
