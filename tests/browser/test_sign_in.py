"""Test signing in, and a refused sign-in."""

from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import Serving


def test_a_token_opens_and_leads_to_the_page_that_was_asked_for(page: Page, shared: Serving):
    page.goto(f"{shared.url}/events/?kind=note")
    expect(page).to_have_url(f"{shared.url}/login/?next=/events/%3Fkind%3Dnote")
    assert not violations(page)

    page.get_by_label("Token").fill("sgw_wrong_token-0123456789")
    page.get_by_role("button", name="Sign in").first.click()
    expect(page.get_by_role("alert")).to_contain_text("The token or the password is not valid")

    page.get_by_label("Token").fill(shared.token)
    page.get_by_role("button", name="Sign in").first.click()
    expect(page).to_have_url(f"{shared.url}/events/?kind=note")


def test_who_signs_out_is_out(page: Page, shared: Serving):
    shared.sign_in(page)
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()

    expect(page).to_have_url(f"{shared.url}/login/")
    page.goto(shared.url)
    expect(page).to_have_url(f"{shared.url}/login/?next=/")
