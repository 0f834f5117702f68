"""Test two people at once: one creates and runs a sprint, the other may only read."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Serving


def test_an_operator_makes_and_briefs_a_sprint_and_a_viewer_may_not_touch_it(
    page: Page, browser: Browser, serving: Serving
):
    serving.say("user", "add", "vera", "--role", "viewer")
    token = serving.say("token", "create", "--user", "vera", "--name", "laptop").out.strip()
    page.set_viewport_size({"width": 1280, "height": 1000})
    serving.sign_in(page)
    page.goto(f"{serving.url}/sprints/new")
    page.get_by_label("Id").fill("quest")
    page.get_by_label("Title").fill("Quest log")
    page.get_by_label("Brief").fill("# Goal\n\nA quest **log**.")
    page.get_by_role("button", name="Create").click()
    expect(page).to_have_url(f"{serving.url}/sprints/quest/")
    expect(page.locator("strong", has_text="log")).to_be_visible()

    other = browser.new_page(viewport={"width": 1280, "height": 1000})
    serving.sign_in(other, token)
    other.goto(f"{serving.url}/sprints/quest/")
    expect(other.get_by_role("heading", name="Quest log")).to_be_visible()

    assert other.locator("#live-acts summary, main form").count() == 0
    answer = other.evaluate(
        "() => fetch('/sprints/quest/run', { method: 'POST' }).then((answer) => answer.status)"
    )
    assert answer == 403
    assert "created" in serving.say("sprint", "list").out
    other.close()
