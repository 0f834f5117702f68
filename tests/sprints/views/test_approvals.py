"""Test that an approval request is decided on its page or by the API, once."""

import re

import pytest

from tests import studio
from tests.people import LIVE, Role, signed_in, text_of


@pytest.fixture
def asked(store):
    """A sprint that asks before it builds."""
    studio.create("wk1", approvals=["before_build"])
    studio.run("wk1")
    return store


@pytest.fixture
def operator(asked):
    return signed_in(Role.OPERATOR, "kim")


def decides(client, verb, **form):
    """Press the button, and read the page that comes then."""
    form = {"ask": "before_build/1", **form}
    return text_of(client.post(f"/sprints/wk1/{verb}", form, follow=True))


def status():
    return studio.sprint().status


def test_the_page_shows_what_is_asked_and_takes_a_yes(operator):
    page = operator.get("/sprints/wk1/")

    said = decides(operator, "approve", why="Go.")

    shown = text_of(page)
    assert "The sprint waits in R3 for the approval to begin building." in shown
    assert "The sprint asks for the approval to begin building , in R3, since just now" in shown
    assert "Approved: the sprint goes on." in said
    assert "R3: approval to begin building approved: Go. by kim, just now" in said
    assert status() == "running"
    assert studio.event("approved")["data"]["by"] == "kim"


def test_a_no_says_why(operator):
    nothing = decides(operator, "reject")
    said = decides(operator, "reject", why="Not now")

    assert "Refused: a rejection says why" in nothing
    assert "Rejected: the sprint has failed." in said
    assert "The approval to begin building was rejected in R3." in said
    assert status() == "failed"


def test_a_page_that_is_out_of_date_is_refused_and_told_who_was_first(operator):
    decides(operator, "approve")

    said = decides(signed_in(Role.OPERATOR, "bob"), "reject", why="No")
    unnamed = decides(operator, "approve", ask="")

    assert "Refused: kim approved this approval already, at 20" in said
    assert "Refused: sprint wk1 does not wait for that approval" in unnamed
    assert status() == "running"


def test_a_viewer_reads_what_is_asked_and_decides_nothing(asked):
    viewer = signed_in(Role.VIEWER)

    page, pressed = viewer.get("/sprints/wk1/"), viewer.post("/sprints/wk1/approve", {})

    assert "Only an operator can decide." in text_of(page)
    assert 'id="approval-why"' not in page.content.decode()
    assert pressed.status_code == 403
    assert status() == "blocked"


def test_the_live_part_brings_the_form_and_not_while_somebody_writes(operator):
    page = operator.get("/sprints/wk1/").content.decode()
    poll = re.search(r'hx-get="([^"]+)"', page)[1].replace("&amp;", "&")

    still = operator.get(poll, headers=LIVE).content.decode()
    fresh = operator.get("/sprints/wk1/?part=live", headers=LIVE).content.decode()

    assert 'id="approval-why"' not in still
    assert 'id="approval-why"' in fresh


def test_the_dashboard_shows_it_before_what_has_failed(operator):
    studio.create("wk2")
    studio.start("wk2")
    studio.ask_to_cancel("wk2", "kim")

    page = operator.get("/")

    waits = text_of(page).partition("Waiting for you")[2]
    assert waits.strip().startswith("approval wk1 R3 waits for the approval to begin building")
    assert 'href="/sprints/wk1/#approval"' in page.content.decode()


def test_over_the_wire_it_is_approved_by_name_and_once(call, asked):
    viewer = call("POST", "/api/sprints/wk1/approve", {}, by="viewer")
    other = call("POST", "/api/sprints/wk1/approve", {"ask": "before_ship/1"}, by="operator")

    said = call("POST", "/api/sprints/wk1/approve", by="operator")
    late = call("POST", "/api/sprints/wk1/reject", {"why": "x", "ask": "before_build/1"})

    assert (viewer.status_code, other.status_code) == (403, 409)
    assert (said.status_code, said.json()) == (202, {"ok": True})
    assert late.status_code == 409
    assert "the_operator approved this approval already" in late.json()["error"]
    assert status() == "running"


def test_over_the_wire_a_rejection_says_why(call, asked):
    missing = call("POST", "/api/sprints/wk1/reject", {}, by="operator")
    said = call("POST", "/api/sprints/wk1/reject", {"why": "Not now"}, by="operator")

    assert (missing.status_code, missing.json()["error"]) == (400, "why is missing")
    assert said.status_code == 202
    assert status() == "failed"
