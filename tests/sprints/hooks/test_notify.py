"""Test that a notification goes through Apprise in its own process."""

import json
import sys
from dataclasses import replace

import pytest
from django.utils import timezone

from sprints.contract.hook_spec import HookDefinition
from sprints.definitions import hooks
from sprints.hooks import outbox
from tests import studio
from tests.sprints.hooks.test_webhook import OK, bring, receiver, says

# json:// is Apprise's own way to post a message.
HOOK = HookDefinition("h1", "notify", ("sprint_created",), ("json://127.0.0.1",), timeout_s=30)


def kept(url: str) -> None:
    """A hook on that URL, and a delivery to it that is due."""
    hooks.put(replace(HOOK, target=(url,)))
    studio.create("wk1")
    outbox.hand_out(timezone.now())


def test_a_message_for_people_arrives(store):
    with receiver(says(OK)) as server:
        kept(f"json://127.0.0.1:{server.port}/")

        row = bring()

    assert (row.status, row.exit_code) == ("delivered", 0)
    body = json.loads(server.requests[0].partition(b"\r\n\r\n")[2])
    assert (body["title"], body["message"]) == ("Studio Gateway: wk1", "sprint created: wk1")


def test_a_service_that_refuses_is_a_failed_try_that_says_why(store):
    with receiver(says(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")) as server:
        kept(f"json://127.0.0.1:{server.port}/")

        row = bring()

    assert (row.status, row.exit_code, row.failures) == ("pending", 1, 1)
    assert "500" in row.output


def test_the_url_of_a_service_is_no_more_than_a_word_in_lists_and_events(invoke):
    invoke("hook", "add", "h1", "--on", "error", "--notify", "json://user:token@example.com")

    listed = invoke("hook", "list", "--json").out
    events = invoke("events").out

    assert json.loads(listed)[0]["target"] == ["json://…"]
    assert "token" not in listed + events


def test_without_apprise_it_says_what_to_install(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)

    with pytest.raises(hooks.Refused, match=r"pip install 'studio-gateway\[notify\]'"):
        hooks.put(HOOK)
