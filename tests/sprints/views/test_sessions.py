"""Test browser sessions in the API: a change needs proof that our page sent the request."""

import json

import pytest
from django.test import Client

from tests import studio

CHANGE = "/api/sprints/wk1"
JSON = {"content_type": "application/json", "data": '{"title": "New"}'}


def form_token(page) -> str:
    """What the page's forms bring back."""
    text: str = page.content.decode()
    return text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]


@pytest.fixture
def browser(tokens_by_role):
    """Signed in as an operator, and checked as a real one is."""
    studio.create("wk1")
    client = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1")
    given = form_token(client.get("/login/"))
    form = {"token": tokens_by_role["operator"], "csrfmiddlewaretoken": given}
    assert client.post("/login/", form).status_code == 302
    return client


def test_a_session_reads_what_its_role_may(browser):
    assert browser.get("/api/sprints/wk1").json()["title"] == "wk1"
    assert browser.get("/api/status").status_code == 200


@pytest.mark.parametrize("path", [CHANGE, f"{CHANGE}/run", f"{CHANGE}/cancel", "/api/sprints"])
@pytest.mark.parametrize("headers", [{}, {"X-CSRFToken": "x" * 32}, {"X-CSRFToken": ""}])
def test_a_session_alone_changes_nothing(browser, path, headers):
    before = studio.seq()

    answer = browser.post(path, **JSON, headers=headers)

    assert answer.status_code == 403
    assert list(answer.json()) == ["error"]
    assert studio.seq() == before


def test_with_the_pages_token_it_does(browser):
    given = {"X-CSRFToken": form_token(browser.get("/"))}

    answer = browser.post(CHANGE, **JSON, headers=given)

    assert answer.status_code == 200
    assert studio.sprint("wk1").title == "New"


def test_but_not_beyond_its_role_nor_from_elsewhere(browser):
    given = {"X-CSRFToken": form_token(browser.get("/"))}
    config = {"content_type": "application/json", "data": json.dumps({"port": 81})}

    refused = browser.post("/api/config", **config, headers=given)
    foreign = browser.post(CHANGE, **JSON, headers=given | {"Origin": "http://evil.example"})

    assert (refused.status_code, foreign.status_code) == (403, 403)
    assert refused.json() == {"error": "not allowed: this needs the role admin"}


def test_a_form_in_parts_is_no_json(browser):
    """Its stream has been read in search of the form's token."""
    form = {"csrfmiddlewaretoken": form_token(browser.get("/")), "title": "New"}

    answer = browser.post(CHANGE, form)

    assert (answer.status_code, list(answer.json())) == (400, ["error", "code"])


def test_a_token_in_a_header_needs_no_other_proof(store):
    studio.create("wk1")
    token = json.loads(store.config.read_text())["auth_token"]
    client = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1")

    answer = client.post(CHANGE, **JSON, headers={"X-Studio-Gateway-Token": token})

    assert answer.status_code == 200


def test_a_wrong_token_is_not_made_good_by_a_session(browser):
    answer = browser.get("/api/status", headers={"X-Studio-Gateway-Token": "wrong"})

    assert answer.status_code == 401


def test_the_page_of_the_interface_works_offline_under_our_policy(browser):
    text = browser.get("/api/docs", headers={"Accept": "text/html"}).content.decode()

    for bad in ("<style", "style=", "onclick", "https://", "<script>", "//cdn"):
        assert bad not in text.replace("http://www.w3.org", "")
    assert "/api/sprints/wk1/run" in text
    assert len(text) < 60_000


def test_a_stranger_in_a_browser_is_led_from_the_page_to_the_sign_in(store):
    answer = Client(SERVER_NAME="127.0.0.1").get("/api/docs", headers={"Accept": "text/html"})

    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/api/docs")
