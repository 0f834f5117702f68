"""Test every list of the back office: roles, content and number of queries."""

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from gateway_project.accounts.admin import site
from sprints.admin import base
from tests import studio
from tests.people import Role, signed_in
from tests.sprints.admin.rows import ADMINS_ONLY, ALONE, TABLES


def listed(path: str) -> str:
    """The address of that table's list."""
    return f"/admin/{path}/"


def test_every_table_that_is_registered_is_tried_here(store):
    registered = [model for model in apps.get_models() if site.is_registered(model)]
    names = {f"{model._meta.app_label}/{model._meta.model_name}" for model in registered}

    assert names == TABLES.keys() | ALONE


@pytest.mark.parametrize("path", [*TABLES, *ALONE])
def test_every_role_sees_every_list(store, path):
    if path in TABLES:
        TABLES[path](0)

    for role in Role:
        may = role == Role.ADMIN or path not in ADMINS_ONLY
        assert signed_in(role).get(listed(path)).status_code == (200 if may else 403)


@pytest.mark.parametrize("path", TABLES)
def test_thirty_rows_cost_as_many_queries_as_three(store, path):
    browser = signed_in(Role.ADMIN)
    browser.get("/admin/")  # notes that the token was used, and what kinds of rows there are

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = browser.get(listed(path))
        assert answer.status_code == 200
        return len(asked)

    for n in range(3):
        TABLES[path](n)
    cost()
    three = cost()
    for n in range(3, 30):
        TABLES[path](n)

    assert cost() == three <= 12


@pytest.mark.parametrize("path", [*TABLES])
def test_every_row_has_a_page(store, path):
    TABLES[path](0)

    for role in {Role.ADMIN} if path in ADMINS_ONLY else (Role.VIEWER, Role.ADMIN):
        browser = signed_in(role)
        body = browser.get(listed(path)).content.decode()
        links = [part.split('"')[0] for part in body.split('href="')[1:]]
        pages = [link for link in links if link.endswith("/change/")]
        if not pages:  # a list links relative to itself
            pages = [link for link in links if "/change/" in link]
        assert pages
        assert browser.get(pages[0].split("?")[0]).status_code == 200


def test_a_million_events_are_not_counted(store, monkeypatch):
    studio.create("wk1")
    monkeypatch.setattr(base, "SEEN", 2)
    browser = signed_in(Role.VIEWER)
    browser.get("/admin/")

    with CaptureQueriesContext(connection) as asked:
        browser.get(listed("sprints/event"))

    counted = [
        one["sql"] for one in asked if "COUNT(" in one["sql"] and "sprints_event" in one["sql"]
    ]
    assert len(counted) == 1
    assert all("LIMIT 2" in sql for sql in counted)
    assert studio.seq() > 2


@pytest.mark.parametrize(
    "path", ["sprints/event", "gates/gaterun", "sprints/delivery", "sprints/task", "sprints/round"]
)
def test_a_list_that_grows_is_read_by_an_index(store, path):
    browser = signed_in(Role.VIEWER)

    with CaptureQueriesContext(connection) as asked:
        browser.get(listed(path))
        browser.get(listed(path), {"q": "wk1"})

    table = path.replace("/", "_")
    read = [
        one["sql"] for one in asked if f'FROM "{table}"' in one["sql"] and "ORDER BY" in one["sql"]
    ]
    assert len(read) >= 2
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for sql in read[:1]:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
                plan = " ".join(row[3] for row in cursor.fetchall())
                assert "USE TEMP B-TREE FOR ORDER BY" not in plan


def test_a_search_names_a_sprint_or_an_event(store):
    for name in ("wk1", "wk2"):
        studio.create(name)
    browser = signed_in(Role.VIEWER)

    def found(term: str) -> str:
        return str(browser.get(listed("sprints/event"), {"q": term}).content.decode())

    assert "sprint created: wk1" in found("wk1")
    assert "sprint created: wk2" not in found("wk1")
    assert "studio_gateway initialized" in found("#1")
    for odd in ("#", "#x", "#" + "9" * 40, "\0", "%", "'", "#-1"):
        assert browser.get(listed("sprints/event"), {"q": odd}).status_code in (200, 302)


def test_the_queues_own_tables_are_not_here(store):
    browser = signed_in(Role.ADMIN)

    for model in ("ormq", "success", "failure", "schedule", "task"):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:django_q_{model}_changelist")
        assert browser.get(f"/admin/django_q/{model}/add/").status_code == 404


def test_a_host_says_what_it_carries_and_that_it_is_silent(store):
    TABLES["sprints/host"](7)

    body = signed_in(Role.VIEWER).get(listed("sprints/host")).content.decode()

    assert "s7" in body
    assert '<span class="pill silent">silent</span>' in body


def test_what_a_sprint_says_cannot_be_markup(store):
    evil = "<script>alert(1)</script>"
    studio.create("wk1", by=evil, title=evil, brief=evil)
    studio.forge("sprint", waiting={"what": evil, "who": evil, "since_ts": "", "until_ts": None})
    last = studio.seq()
    browser = signed_in(Role.VIEWER)

    for path in ("sprints/sprint/", "sprints/sprint/wk1/change/", f"sprints/event/{last}/change/"):
        body = browser.get(f"/admin/{path}").content.decode()
        assert evil not in body
        assert "&lt;script&gt;" in body
