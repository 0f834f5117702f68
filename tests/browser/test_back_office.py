"""Test that the back office works in a real browser under its content security policy."""

import json
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import Serving


@pytest.fixture(scope="module")
def filled(shared: Serving) -> Serving:
    """A gateway that has a sprint which failed, and one row at least of most tables."""
    shared.say("hook", "add", "tell", "--on", "round_done", "--command", "true")
    shared.say("schedule", "add", "nightly", "--cron", "0 2 * * *")
    shared.say("user", "add", "alice")
    shared.say("sprint", "create", "wk1")
    shared.gate("false")
    shared.say("sprint", "run", "wk1")
    return shared


def hrefs(page: Page, where: str) -> list[str]:
    """The addresses of the links there."""
    links = page.locator(where)
    return [str(links.nth(n).get_attribute("href")) for n in range(links.count())]


def test_every_page_of_it_is_sound_in_both_themes(page: Page, filled: Serving):
    filled.sign_in(page)
    page.goto(f"{filled.url}/admin/")
    paths = hrefs(page, "#content-main th[scope=row] a")
    assert len(paths) > 14

    for path in list(paths):
        page.goto(filled.url + path)
        paths += hrefs(page, "#result_list th a")[:1]
        paths += [urljoin(path, one) for one in hrefs(page, ".object-tools a.addlink")]
    found = {}
    for path in ["/admin/", "/admin/sprints/", *paths]:
        page.goto(filled.url + path)
        found[path] = violations(page)

    assert {path: said for path, said in found.items() if said} == {}


def test_it_follows_the_theme_that_was_chosen(page: Page, filled: Serving):
    filled.sign_in(page)
    page.goto(f"{filled.url}/admin/sprints/sprint/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)

    page.get_by_role("button", name="Theme").click()
    dark = page.evaluate(ground)
    page.goto(f"{filled.url}/admin/")

    assert light != dark
    assert page.evaluate(ground) == dark


def test_an_admin_cancels_a_sprint_from_its_row(page: Page, serving: Serving):
    serving.say("sprint", "create", "wk1")
    serving.sign_in(page)
    page.goto(f"{serving.url}/admin/sprints/sprint/")

    page.locator("#result_list input[name=_selected_action]").check()
    page.get_by_label("Action:").select_option("cancel")
    page.get_by_role("button", name="Go").click()

    expect(page.get_by_role("status")).to_contain_text("wk1")
    expect(page.locator("#result_list .pill")).to_have_text("cancelled")


def test_a_new_token_is_shown_once(page: Page, filled: Serving):
    filled.sign_in(page)
    page.goto(f"{filled.url}/admin/accounts/token/add/")
    page.get_by_label("User:").select_option(index=1)
    page.get_by_label("Name:").fill("laptop")
    page.get_by_role("button", name="Save", exact=True).click()

    token = page.get_by_label("The token").input_value()
    page.get_by_role("link", name="All tokens").click()

    assert token.startswith("sgw_")
    assert token.split("_", 2)[2] not in page.content()
    said = json.loads(filled.say("token", "list", "--json").out)
    assert "laptop" in [row["name"] for row in said]
    page.context.clear_cookies()
    filled.sign_in(page, token)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
