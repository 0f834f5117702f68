"""Test every path as every reader: none answers with a value that this reader may not see.

A reader has one of our roles or none. Django's own permissions, groups and flags add nothing.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import quote_plus

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from gateway_project.accounts import tokens, user_operations
from gateway_project.accounts.admin import site
from gateway_project.accounts.roles import give, role_of
from sprints import operations
from sprints.contract.agent_spec import COMMAND
from sprints.models import Delivery, Event, Hook
from sprints.queries.disclosure import HIDDEN, shown, shown_line
from sprints.roles import NOBODY, Role
from tests import studio
from tests.checkout import commit
from tests.people import PASSWORD, signed_in
from tests.sprints.views.routes import CAPTURE, THERE, every_route

# Below an admin, nobody sees these; an admin edits them.
DEFINED = {
    "agent command": "planted-agent-command",
    "agent variable": "planted-agent-value",
    "gate variable": "planted-gate-value",
    "hook address": "planted-hook-address",
    "notify address": "planted-notify-address",
    "name of a failed sign-in": "planted-mistyped-password",
}


@dataclass(frozen=True)
class Reader:
    """A user, and the role that decides what this user sees: ``sees``.

    ``every_right``: all of Django's permissions, and a group of one's own with them. ``extra``:
    another group. ``token``: the role of the token, or None for a session.
    """

    sees: int
    role: Role | None = None
    every_right: bool = False
    extra: str = ""
    superuser: bool = False
    enabled: bool = True
    token: Role | None = Role.ADMIN

    def enter(self) -> Client:
        """Return this reader's client."""
        values = {"is_staff": True, "is_superuser": self.superuser, "is_active": self.enabled}
        user = User.objects.create(username="reader", **values)
        if self.role:
            give(user, self.role)
        if self.every_right:
            everything = Permission.objects.all()
            assert len(everything) > 40
            user.user_permissions.set(everything)
            own = Group.objects.create(name="release-team")
            own.permissions.set(everything)
            user.groups.add(own)
        if self.extra:
            user.groups.add(Group.objects.create(name=self.extra))
        client = Client(
            raise_request_exception=False, SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"}
        )
        if self.token:
            text = tokens.issue(user, "test", self.token)[1]
            client.defaults["HTTP_X_STUDIO_GATEWAY_TOKEN"] = text
        else:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client


READERS = {role.word: Reader(role, role) for role in Role} | {
    "no role": Reader(NOBODY),
    "every right, no role": Reader(NOBODY, every_right=True),
    "every right, no role, by session": Reader(NOBODY, every_right=True, token=None),
    "a group named like a role": Reader(NOBODY, extra="Admin"),
    "a disabled superuser": Reader(NOBODY, superuser=True, enabled=False),
    "a viewer with every right": Reader(Role.VIEWER, Role.VIEWER, every_right=True),
    "a viewer with every right, by session": Reader(
        Role.VIEWER, Role.VIEWER, every_right=True, token=None
    ),
    "an operator with every right": Reader(Role.OPERATOR, Role.OPERATOR, every_right=True),
    "a superuser with a viewer's token": Reader(
        Role.VIEWER, superuser=True, every_right=True, token=Role.VIEWER
    ),
}


@pytest.fixture
def secrets(store) -> dict[str, str]:
    """Values planted everywhere; what nobody sees, by its name."""
    commit(store.repo, {"a.txt": "a"})
    printed = 'printf "%s\\n" "$DB_PASSWORD"'
    studio.gate("sh", "-c", printed, env={"DB_PASSWORD": DEFINED["gate variable"], "PLAIN": "1"})
    studio.create("wk0")
    studio.run("wk0")
    studio.set_agent(
        runner=COMMAND,
        command=("python3", DEFINED["agent command"]),
        env={"PLAIN": DEFINED["agent variable"]},
    )
    board = ("https://example.com/" + DEFINED["hook address"],)
    studio.hook("board", "webhook", ("note",), board)
    studio.hook("me", "notify", ("note",), (f"json://example.com/{DEFINED['notify address']}",))
    alice = user_operations.add("alice", Role.ADMIN, by="test", password=PASSWORD)
    studio.create("wk1")
    studio.start("wk1")
    for event in Event.objects.all():
        Delivery.objects.create(
            id=f"d{event.seq}", hook_id="board", point="note", payload=event.line,
            created_at=timezone.now(), sprint_id="wk1", status="failed",
        )  # fmt: skip
    failed = {"username": DEFINED["name of a failed sign-in"], "ip_address": "192.0.2.7"}
    AccessAttempt.objects.create(failures_since_start=3, **failed)
    config = json.loads(store.config.read_text())
    session = signed_in(Role.ADMIN, "alice").session.session_key
    assert session
    return {
        "token in config.json": config["auth_token"],
        "key in config.json": config["secret_key"],
        "key of a webhook": Hook.objects.get(pk="board").secret,
        "hash of a password": alice.password,
        "digest of a token": tokens.issue(alice, "test", Role.ADMIN)[0].digest,
        "key of a session": session,
    }


def rows() -> Iterator[str]:
    """The pages of every row that the back office shows, and each other page of one row."""
    for model in apps.get_models():
        if site.is_registered(model):
            at = f"/admin/{model._meta.app_label}/{model._meta.model_name}"
            keys = [quote(row.pk) for row in model._default_manager.all()[:20]]
            yield from (f"{at}/{key}/{page}/" for key in keys for page in ("change", "history"))
            yield from (f"{at}/{key}/{page}" for key in keys[:1] for page in ("delete/", ""))


def paths() -> set[str]:
    """Every path, with things that are there and that are not; every row's page; every file."""
    found = {route.path(there) for route in every_route() for there in (True, False)}
    found |= {*rows(), "/admin/sprints/", "/api/artifacts/wk0/gates/qa_smoke_quick/stdout.txt"}
    found |= {"/api/events?tail=10000", "/api/events?after_seq=0", "/events/?kind=agent_changed"}
    found |= {"/sprints/wk0/?part=live", "/sprints/wk0/?part=output", "/sprints/wk0/"}
    found |= {f"/sprints/wk0/{name}?run=qa_smoke_quick/1" for name in ("log", "raw")}
    return found | {"/sprints/wk1/?part=live", "/sprints/wk1/?part=output"}


def posts() -> list[str]:
    """Every path of ours that answers POST, with things that are there and that are not."""
    found = [one for one in every_route() if "POST" in (one.roles or {}) and not one.is_djangos]
    return [one.path(there) for one in found for there in (True, False)]


def asked(client: Client) -> dict[str, tuple[int, str]]:
    """What each path answers to that client: the status, and the headers and the body."""
    answers = {path: client.get(path) for path in sorted(paths())}
    if "HTTP_X_STUDIO_GATEWAY_TOKEN" in client.defaults:
        answers |= {
            f"POST {path}": client.post(path, {}, content_type="application/json")
            for path in posts()
        }
    return {
        path: (one.status_code, f"{one.headers}\n{b''.join(one).decode(errors='replace')}")
        for path, one in answers.items()
    }


@pytest.mark.parametrize("name", READERS)
def test_no_path_answers_with_what_its_reader_may_not_see(secrets, name):
    role = READERS[name].sees
    hidden = secrets if role == Role.ADMIN else secrets | DEFINED

    answers = asked(READERS[name].enter())

    said = {path: text for path, (_, text) in answers.items()}
    told = [(path, what) for path in said for what, value in hidden.items() if value in said[path]]
    assert told == []
    if role == NOBODY:
        entered = {path for path, (status, _) in answers.items() if status not in (302, 401)}
        assert {path.removeprefix("POST ") for path in entered} <= {"/health", "/login/"}
        assert all("/login/?next=" in said[path] for path in said if answers[path][0] == 302)
    if role == Role.VIEWER:
        assert HIDDEN in said["/api/events?tail=10000"]
        assert HIDDEN in said["/admin/sprints/sprint/wk1/change/"]
    if role == Role.ADMIN:  # they are planted where others would find them
        events = said["/api/events?tail=10000"]
        assert {what for what, value in DEFINED.items() if value in events} == {
            "agent command", "agent variable", "gate variable",
        }  # fmt: skip
        assert DEFINED["agent command"] in said["/admin/sprints/sprint/wk1/change/"]
        assert DEFINED["agent command"] in said["/admin/sprints/agent/"]
        assert DEFINED["hook address"] in said["/admin/sprints/hook/board/change/"]
        assert DEFINED["name of a failed sign-in"] in said["/admin/axes/accessattempt/"]
        assert_every_page_was_reached(answers)


def assert_every_page_was_reached(answers: dict[str, tuple[int, str]]) -> None:
    """Each route that answers GET has answered at least once with something that is there."""
    found = [
        resolve(path.partition("?")[0])
        for path, (status, _) in answers.items()
        if status in (200, 302) and not path.startswith("POST ")
    ]
    reached = {one.view_name for one in found} | {one.route for one in found}
    asked = [one for one in every_route() if "GET" in (one.roles or {})]
    missed = [one.pattern for one in asked if not {one.name, one.pattern} & reached]
    assert [pattern for pattern in missed if not pattern.endswith(CLOSED)] == []


# Rows are not added or deleted in most tables, so these pages answer 403. The last one is for paths
# that do not exist. The metrics answer 501 without their library.
CLOSED = ("/add/", "/delete/", "(?P<url>.*)$", "metrics")


def test_every_argument_of_a_path_is_filled_in_with_something_that_is_there():
    by_row = {"object_id", "relpath"}  # ``paths`` and ``rows`` name them

    names = {found["name"] or found["group"] for route in every_route()
             for found in CAPTURE.finditer(route.pattern)}  # fmt: skip

    assert names - {*THERE} == by_row


@pytest.mark.parametrize("name", ["viewer", "an operator with every right"])
def test_a_search_for_a_hidden_value_is_answered_like_any_other(secrets, name):
    """Otherwise a list tells a value letter by letter."""
    client = READERS[name].enter()
    searches = [f"/admin/{m._meta.app_label}/{m._meta.model_name}/?q=" for m in site._registry]
    searches += ["/sprints/?q=", "/events/?kind=", "/events/?sprint_id=", "/events/?q="]
    searches += ["/api/events?sprint_id=", "/gates/?q=", "/agents/?q="]
    told = []

    for at in searches:
        for what, value in (secrets | DEFINED).items():
            other = re.sub(r"[A-Za-z0-9]", "z", value)  # as valid where an id is expected
            if answer(client, at, value[:12]) != answer(client, at, other[:12]):
                told.append((at, what))

    assert told == []


def answer(client: Client, at: str, value: str) -> str:
    """What a search answers, without the value itself, times and the forms' tokens."""
    found = client.get(f"{at}{quote_plus(value)}")
    text = f"{found.status_code} {found.content.decode()}"
    text = re.sub(r"<time.*?</time>|csrfmiddlewaretoken\S* value=\S*", "", text)
    return re.sub("|".join(map(re.escape, {value, quote_plus(value), escape(value)})), "…", text)


def test_a_right_of_djangos_is_no_role(store):
    user = User.objects.create(username="sam", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    user.groups.add(Group.objects.create(name="ADMIN"))

    assert role_of(user) is None


def test_an_event_without_a_definition_is_answered_byte_for_byte(store):
    studio.create("wk1")
    line = Event.objects.get(kind="sprint_created").line

    assert shown_line(line, Role.VIEWER) == line
    assert shown_line('{"env": {"A": "x"}}', Role.ADMIN) == '{"env": {"A": "x"}}'


def test_names_stay_and_values_go():
    gate = {"gate_id": "g", "command": ["make"], "env": {"A": "x"}}
    agent = {"agent_id": "agent_01", "command": ["ask", "--key"], "env": {}}

    assert shown({"gates": [gate], "agents": [agent]}, Role.OPERATOR) == {
        "gates": [gate | {"env": {"A": HIDDEN}}],
        "agents": [agent | {"command": [HIDDEN]}],
    }
    assert shown([agent], Role.ADMIN) == [agent]


def test_a_definition_in_the_data_of_an_act_is_hidden_too(store):
    operations.agents.put([replace(studio.agent(), env={"PLAIN": "planted"})], "sam")

    line = Event.objects.get(kind="agent_changed").line

    assert "planted" in line
    assert "planted" not in shown_line(line, Role.VIEWER)
