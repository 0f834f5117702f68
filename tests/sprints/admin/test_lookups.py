"""Test that a list of the back office answers its own search and filters, and no other lookup."""

from collections.abc import Iterator

import pytest
from django.contrib.admin import ModelAdmin
from django.core.exceptions import BadRequest
from django.db.models import Field, Model
from django.test import RequestFactory

from gateway_project.accounts.admin import site
from sprints.models import Sprint
from tests import studio
from tests.people import Role, signed_in
from tests.sprints.admin.rows import ADMINS_ONLY, ALONE, TABLES

DEEPEST = 2  # models that a lookup passes through


def lists() -> list[ModelAdmin]:
    return [table for _, table in sorted(site._registry.items(), key=lambda one: str(one[0]))]


def columns(model: type[Model], seen: tuple[type[Model], ...] = ()) -> Iterator[tuple[str, Field]]:
    """Every column of the model by its path, and those of the models that it leads to and from."""
    for field in model._meta.get_fields():
        to = field.related_model
        if isinstance(to, type) and to not in seen and len(seen) < DEEPEST:
            for path, column in columns(to, (*seen, model)):
                yield f"{field.name}__{path}", column
        if isinstance(field, Field) and field.column:
            yield field.name, field


def lookups(field: Field) -> Iterator[str]:
    """Every lookup and transform of the column, and each lookup of its transforms."""
    yield ""
    for name, lookup in field.get_lookups().items():
        yield f"__{name}"
        for inner in getattr(lookup, "get_lookups", dict)():
            yield f"__{name}__{inner}"


def shown(table: ModelAdmin) -> set[str]:
    return {getattr(one, "parameter_name", f"{one}__exact") for one in table.list_filter}


def is_refused(table: ModelAdmin, role: Role, name: str) -> bool:
    request = RequestFactory().get("/", {name: "x"})
    request.role = role  # type: ignore[attr-defined]
    try:
        table.get_changelist_instance(request)
    except BadRequest:
        return True
    return False


@pytest.mark.parametrize("table", lists(), ids=lambda table: table.opts.label_lower)
def test_no_lookup_but_the_filters_shown_is_answered_to_anybody(store, table):
    paths = dict(columns(table.model))
    assert "pk" not in paths
    paths |= {"pk": table.opts.pk}
    tried = {path + lookup for path, field in paths.items() for lookup in lookups(field)}
    assert len(tried) > 20

    for role in Role:
        answered = [name for name in tried - shown(table) if not is_refused(table, role, name)]
        assert answered == []


@pytest.mark.parametrize("table", lists(), ids=lambda table: table.opts.label_lower)
def test_the_filters_shown_are_answered(store, table):
    browser = signed_in(Role.VIEWER)

    for name in shown(table):
        for value in ("1", "failed"):
            page = browser.get(f"/admin/{path_of(table)}/", {name: value})
            assert page.status_code in (200, 302)  # 302: it is no value of the filter


def path_of(table: ModelAdmin) -> str:
    return table.opts.label_lower.replace(".", "/")


SECRET = {
    "sprints/hook": ("secret__startswith", "secret__regex", "target__icontains"),
    "auth/user": ("password__startswith", "tokens__digest__gt", "session"),
    "accounts/token": ("digest__gt", "user__password__startswith"),
    "gates/gate": ("env__icontains", "env__A__startswith", "command__0"),
    "sprints/agent": ("env__has_key", "command__icontains"),
    "sprints/sprint": ("contract__icontains", "contract__agents__0__command", "meta__brief"),
    "sprints/delivery": ("payload__regex", "output__contains"),
    "sprints/event": ("line__contains", "hash__startswith", "kind__exact"),
    "admin/logentry": ("user__password__startswith", "change_message__regex"),
}

OF_DJANGO = ("o", "all", "_facets", "_popup", "_to_field")


@pytest.mark.parametrize("path", [*TABLES, *ALONE])
def test_a_lookup_is_a_bad_request_to_every_role(store, path):
    if path in TABLES:
        TABLES[path](0)

    for role in Role:
        browser = signed_in(role)
        for name in SECRET.get(path, OF_DJANGO):
            refused = {400, 403} if path in ADMINS_ONLY else {400}
            assert browser.get(f"/admin/{path}/", {name: "1"}).status_code in refused, name
        sent = browser.post(f"/admin/{path}/?{name}=1", {"action": "revoke"})
        assert sent.status_code in (400, 403), name


def test_a_row_is_found_by_its_key_and_by_no_other_column(store):
    row = studio.hook("h0", "webhook", ("error",), ("https://example.com/hook",))
    browser = signed_in(Role.ADMIN)

    for field in ("secret", "hook_id"):
        value = getattr(row, field)
        page = browser.get(f"/admin/sprints/hook/{value}/change/", {"_to_field": field})
        assert page.status_code == 400
    assert browser.get("/admin/sprints/hook/h0/change/").status_code == 200


def test_a_search_is_no_lookup(store):
    TABLES["auth/user"](0)

    body = signed_in(Role.VIEWER).get("/admin/auth/user/", {"q": "password__startswith=p"})

    assert body.status_code == 200
    assert "u0" not in body.content.decode().partition('id="result_list"')[2]


def test_a_page_that_is_gone_leads_to_the_list(store, monkeypatch):
    TABLES["sprints/sprint"](0)
    TABLES["sprints/sprint"](1)
    monkeypatch.setattr(site._registry[Sprint], "list_per_page", 1)
    browser = signed_in(Role.VIEWER)

    answer = browser.get("/admin/sprints/sprint/", {"p": "3"}, follow=True)

    assert answer.redirect_chain
    assert answer.status_code == 200
