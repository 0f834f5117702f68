"""Test the pages in a real browser: keyboard, live updates, both themes, all widths."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import Serving

PATHS = [
    "/",
    "/?status=nope",
    "/sprints/",
    "/sprints/new",
    "/gates/",
    "/gates/qa_smoke_quick/",
    "/agents/",
    "/events/",
    "/events/?follow=1",
    "/api/docs",
]


@pytest.fixture(scope="module")
def lived_in(shared: Serving) -> Serving:
    """With sprints that succeeded, failed and never started."""
    shared.gate("sh -c 'test ! -e red'")
    shared.say("sprint", "create", "good", "--title", "Dragons")
    shared.say("sprint", "run", "good")
    (shared.repo / "red").touch()
    shared.say("sprint", "create", "bad")
    shared.say("sprint", "run", "bad")
    shared.say("sprint", "create", "fresh")
    return shared


def enter(page: Page, serving: Serving, path: str = "/") -> None:
    """Sign in, and be on that page with its scripts."""
    serving.sign_in(page)
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.goto(serving.url + path)


def test_every_page_is_accessible_and_fits_a_phone(page: Page, lived_in: Serving):
    enter(page, lived_in)
    found, wide = {}, []

    for path in PATHS:
        page.goto(lived_in.url + path)
        found[path] = violations(page)
        page.set_viewport_size({"width": 390, "height": 800})
        root = "document.documentElement"
        if page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"):
            wide.append(path)
        page.set_viewport_size({"width": 1280, "height": 800})
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(lived_in.url)
    found["on a phone"] = violations(page)

    assert {path: lines for path, lines in found.items() if lines} == {}
    assert wide == []


def test_keys_lead_everywhere(page: Page, lived_in: Serving):
    enter(page, lived_in)
    leads = {"s": "/sprints/", "g": "/gates/", "a": "/agents/", "e": "/events/"}

    for letter, path in leads.items():
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page).to_have_url(lived_in.url + path)
        page.wait_for_load_state()
    page.keyboard.press("/")
    expect(page.get_by_label("Sprint", exact=True)).to_be_focused()
    page.keyboard.type("gd?")
    expect(page.get_by_label("Sprint", exact=True)).to_have_value("gd?")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page).to_have_url(f"{lived_in.url}/")
    page.wait_for_load_state()

    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    assert not violations(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    for key in "jjjkk":
        page.keyboard.press(key)
    expect(page.locator("a:focus")).to_have_text("fresh")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{lived_in.url}/sprints/bad/")


def test_the_dashboard_follows_what_runs_and_then_rests(page: Page, serving: Serving):
    serving.gate("sh -c 'while [ ! -e go ]; do sleep 0.1; done'")
    serving.say("sprint", "create", "slow")
    serving.say("sprint", "run", "slow", "--queue")
    enter(page, serving)

    running = page.get_by_role("region", name="Running now")
    expect(running).to_contain_text("gate qa_smoke_quick")
    link = running.get_by_role("link", name="slow")
    link.focus()
    page.evaluate("scrollTo(0, 77)")
    mark = page.locator("#live").get_attribute("hx-get")
    assert mark
    expect(page.locator("#live")).not_to_have_attribute("hx-get", mark)
    expect(link).to_be_focused()
    assert page.evaluate("scrollY") == 77
    (serving.repo / "go").touch()

    expect(page.get_by_role("table")).to_contain_text("succeeded")
    expect(page.locator("#live")).not_to_have_attribute("hx-get", re.compile(".*"))


def test_events_appear_while_they_are_followed(page: Page, serving: Serving):
    enter(page, serving, "/events/")
    page.get_by_role("link", name="Follow").click()

    serving.say("sprint", "create", "wk1")
    serving.say("sprint", "create", "wk2")

    rows = page.get_by_role("row")
    expect(rows.nth(2)).to_contain_text("sprint created: wk2")
    expect(page.get_by_text("sprint created: wk1")).to_have_count(1)


def test_a_sprint_is_created_by_hand(page: Page, serving: Serving):
    enter(page, serving)
    page.get_by_role("link", name="New sprint").click()
    page.get_by_label("Id").fill("no spaces")
    page.get_by_label("Brief").fill("Tame the dragon.")
    page.get_by_role("button", name="Create the sprint").click()
    expect(page.locator("#wrong-id")).to_contain_text("cannot be a sprint id")
    assert not violations(page)

    page.get_by_label("Id").fill("dragon")
    page.get_by_role("button", name="Create the sprint").click()

    expect(page).to_have_url(f"{serving.url}/sprints/dragon/")
    assert "Tame the dragon." in serving.say("sprint", "show", "dragon", "--json").out


def test_an_empty_store_offers_the_demo(page: Page, serving: Serving):
    enter(page, serving)
    assert not violations(page)

    page.get_by_role("button", name="Create the demo sprint").click()

    expect(page).to_have_url(f"{serving.url}/sprints/demo/")


def test_times_are_in_the_readers_zone_and_all_is_there_without_scripts(
    browser: Browser, lived_in: Serving
):
    with browser.new_context(timezone_id="Asia/Tokyo", locale="en-GB") as context:
        page = context.new_page()
        enter(page, lived_in)
        title = page.locator("td time").first.get_attribute("title")
        assert title
        assert title.endswith(("JST", "GMT+9"))

    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        enter(page, lived_in)

        expect(page.get_by_role("heading", name="Waiting for you")).to_be_visible()
        expect(page.get_by_role("table")).to_contain_text("Dragons")
        page.get_by_role("navigation", name="Filter").get_by_role("link", name="Failed").click()

        expect(page).to_have_url(f"{lived_in.url}/?status=failed")
        expect(page.get_by_role("button", name="Theme")).to_be_hidden()
