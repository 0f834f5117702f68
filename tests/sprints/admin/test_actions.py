"""Test the actions on rows that no one edits: operators perform them through operations."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from sprints.admin import base
from sprints.definitions import hooks
from tests import studio
from tests.people import Role, signed_in
from tests.sprints.admin.rows import TABLES


def act(browser: Client, path: str, action: str, *ids: str):
    """Choose rows, choose the action, press Go; what the next page says."""
    form = {"action": action, "_selected_action": ids, "index": "0"}
    return browser.post(f"/admin/{path}/", form, follow=True)


def said(answer) -> list[str]:
    """The messages on the page."""
    return [str(message) for message in answer.context["messages"]]


def test_an_operator_hands_sprints_to_the_workers(store):
    for name in ("wk1", "wk2"):
        studio.create(name)

    answer = act(signed_in(Role.OPERATOR), "sprints/sprint", "start", "wk1", "wk2")

    assert said(answer) == ["queued: wk2, wk1"]
    assert {one.status for one in studio.sprints()} == {"running"}


def test_pause_and_resume_name_who_did_it(store):
    studio.create("wk1")
    studio.start("wk1")
    browser = signed_in(Role.OPERATOR, "olga")

    act(browser, "sprints/sprint", "pause", "wk1")
    paused = dict(studio.sprint("wk1").meta)
    act(browser, "sprints/sprint", "resume", "wk1")

    assert "olga" in str(paused)
    assert "olga" in str(studio.last_event())
    assert [one.change_message for one in LogEntry.objects.order_by("pk")] == ["paused", "resumed"]
    assert {one.user.get_username() for one in LogEntry.objects.all()} == {"olga"}


def test_a_sprint_is_cancelled(store):
    studio.create("wk1")

    answer = act(signed_in(Role.OPERATOR), "sprints/sprint", "cancel", "wk1")

    assert said(answer) == ["cancelled, or asked to end: wk1"]
    assert studio.sprint("wk1").status == "cancelled"


def test_what_is_refused_is_said_and_the_rest_is_done(store):
    studio.create("wk1")
    studio.create("wk2")
    studio.cancel("wk2", "test")

    answer = act(signed_in(Role.OPERATOR), "sprints/sprint", "start", "wk1", "wk2")

    assert sorted(said(answer)) == ["queued: wk1", "sprint wk2 is cancelled"]
    assert LogEntry.objects.count() == 1


def test_a_sprint_that_never_ran_cannot_be_retried(store):
    studio.create("wk1")

    answer = act(signed_in(Role.OPERATOR), "sprints/sprint", "retry", "wk1")

    assert len(said(answer)) == 1
    assert studio.sprint("wk1").status == "created"
    assert not LogEntry.objects.exists()


def test_a_delivery_is_redelivered(store):
    TABLES["sprints/hook"](1)
    row = hooks.test("h1")
    studio.forge("delivery", row.pk, status="failed", reason="no")

    answer = act(signed_in(Role.OPERATOR), "sprints/delivery", "redeliver", row.pk)

    assert said(answer) == [f"to be redelivered: {row.pk}"]
    assert studio.delivery(pk=row.pk).status == "pending"


def test_a_delivery_to_a_hook_that_is_gone_is_refused(store):
    TABLES["sprints/delivery"](1)

    answer = act(signed_in(Role.OPERATOR), "sprints/delivery", "redeliver", "d1")

    assert said(answer) == ["no hook 'h'; see: studio-gateway hook list"]
    assert studio.delivery(pk="d1").status == "failed"


def test_an_operator_turns_a_schedule_off_and_on(store):
    TABLES["sprints/schedule"](1)
    browser = signed_in(Role.OPERATOR, "olga")

    act(browser, "sprints/schedule", "turn_off", "n1")
    off = studio.schedule(pk="n1").enabled
    act(browser, "sprints/schedule", "turn_on", "n1")

    assert (off, studio.schedule(pk="n1").enabled) == (False, True)
    assert studio.last_event()["data"]["by"] == "olga"


@pytest.mark.parametrize(
    ("path", "action", "pk"),
    [
        ("sprints/sprint", "start", "s1"),
        ("sprints/sprint", "cancel", "s1"),
        ("sprints/delivery", "redeliver", "d1"),
        ("sprints/schedule", "turn_off", "n1"),
        ("sprints/schedule", "delete_selected", "n1"),
        ("gates/gate", "delete_selected", "g1"),
    ],
)
def test_a_viewer_does_nothing(store, path, action, pk):
    TABLES[path](1)
    browser = signed_in(Role.VIEWER)
    before = studio.seq()

    answer = act(browser, path, action, pk)

    assert answer.status_code == 403
    assert studio.seq() == before
    assert 'name="action"' not in browser.get(f"/admin/{path}/").content.decode()


@pytest.mark.parametrize("path", ["sprints/schedule", "gates/gate", "sprints/hook"])
def test_an_operator_deletes_nothing(store, path):
    row = TABLES[path](1)
    browser = signed_in(Role.OPERATOR)

    act(browser, path, "delete_selected", row.pk)
    browser.post(f"/admin/{path}/{row.pk}/delete/", {"post": "yes"})

    row.refresh_from_db()


@pytest.mark.parametrize("path", [path for path in TABLES if path.startswith(("sprints", "gates"))])
def test_nobody_edits_what_the_engine_writes(store, path):
    row = TABLES[path](1)
    pk = studio.seq() if path.endswith("event") else row.pk
    quoted = str(pk).replace("/", "_2F")
    edited = path in ("sprints/agent", "sprints/hook", "sprints/schedule", "gates/gate")
    for role in (Role.VIEWER, Role.OPERATOR, *([] if edited else [Role.ADMIN])):
        browser = signed_in(role)
        for page in ("add/", f"{quoted}/change/", f"{quoted}/delete/"):
            before = studio.seq()
            assert browser.post(f"/admin/{path}/{page}", {"title": "x"}).status_code == 403
            assert studio.seq() == before


def test_more_rows_than_a_click_should_touch_are_refused(store, monkeypatch):

    monkeypatch.setattr(base, "ACTED_ON", 1)
    for name in ("wk1", "wk2"):
        studio.create(name)

    answer = act(signed_in(Role.OPERATOR), "sprints/sprint", "start", "wk1", "wk2")

    assert said(answer) == ["at most 1 at once"]
    assert {one.status for one in studio.sprints()} == {"created"}


def test_without_the_forms_token_nothing_is_done(store):
    studio.create("wk1")
    browser = signed_in(Role.ADMIN)
    foreign = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    foreign.cookies = browser.cookies

    assert act(foreign, "sprints/sprint", "start", "wk1").status_code == 403
    assert studio.sprint("wk1").status == "created"
