"""Test that imported sprints are displayed like others, however little they hold."""

from pathlib import Path

import pytest

from tests import studio
from tests.people import Role, signed_in, text_of

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.mark.parametrize("name", ["failed", "minimal_fields", "succeeded", "synthetic_all_enums"])
def test_every_page_shows_it(store, call, name):
    studio.import_store(GOLDEN / name)
    browser = signed_in(Role.ADMIN)
    ids = [one.pk for one in studio.sprints()]

    pages = [*("/", "/sprints/", "/gates/", "/gates/qa_smoke_quick/", "/agents/", "/events/")]
    pages += [f"/sprints/{pk}/" for pk in ids] + [f"/sprints/{pk}/?tab=events" for pk in ids]
    pages += [*("/admin/sprints/sprint/", "/admin/sprints/event/", "/admin/gates/gaterun/")]
    pages += [f"/admin/sprints/sprint/{pk}/change/" for pk in ids]
    found = {page: browser.get(page).status_code for page in pages}

    assert set(found.values()) == {200}, found
    for pk in ids:
        answer = call("GET", f"/api/sprints/{pk}")
        assert (answer.status_code, answer.json()["sprint_id"]) == (200, pk)
    assert call("GET", "/api/events").status_code == 200


def test_a_sprint_that_ran_elsewhere_says_what_it_waits_for(store):
    studio.import_store(GOLDEN / "synthetic_all_enums")

    text = text_of(signed_in(Role.OPERATOR).get("/sprints/x_running/"))

    assert "a retry; the sprint was imported" in text
