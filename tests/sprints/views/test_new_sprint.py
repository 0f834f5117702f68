"""Test the form that creates a sprint."""

import pytest
from django.test import Client

from tests import studio
from tests.people import Role, signed_in, text_of

PATH = "/sprints/new"
GIVEN = {"sprint_id": "wk9", "title": "Dragons", "brief": "# Why\r\n\r\nBecause.\r\n"}


@pytest.fixture
def operator(store):
    return signed_in(Role.OPERATOR, "sam")


def test_a_sprint_is_made_of_what_was_typed_and_its_page_follows(operator):
    answer = operator.post(PATH, GIVEN | {"profile": "full"})

    made = studio.sprint()
    assert (answer.status_code, answer["Location"]) == (302, "/sprints/wk9/")
    assert (made.pk, made.title, made.status) == ("wk9", "Dragons", "created")
    assert made.meta == {
        "created_by": "sam",
        "brief": "# Why\n\nBecause.\n",
        "gate_profile": "full",
    }


def test_the_id_is_enough(operator):
    operator.post(PATH, {"sprint_id": " wk9 "})

    made = studio.sprint()
    assert (made.pk, made.title, made.meta) == ("wk9", "wk9", {"created_by": "sam"})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sprint_id": ""}, "This field is required."),
        ({"sprint_id": "../x"}, "cannot be a sprint id"),
        ({"sprint_id": "nul"}, "the name is reserved"),
        ({"sprint_id": "x" * 65}, "at most 64 characters"),
        ({"sprint_id": "<script>"}, "cannot be a sprint id"),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"title": "a\x1bb"}, "one line of at most 200"),
        ({"brief": "a\x00b"}, "Null characters"),
        ({"brief": "x" * 200_001}, "at most 200000 characters"),
        ({"profile": "huge"}, "not one of the available choices"),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_nothing_that_was_typed_is_lost(
    operator, wrong, said
):
    events = studio.seq()

    answer = operator.post(PATH, GIVEN | wrong)

    (field,) = wrong
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page.partition(f'name="{field}"')[2].partition("<label")[0]
    assert 'aria-invalid="true"' in page
    for name in GIVEN.keys() - wrong.keys():
        assert {"sprint_id": "wk9", "title": "Dragons", "brief": "Because."}[name] in page
    assert "<script>" not in page.replace("<script src", "")
    assert (len(studio.sprints()), studio.seq()) == (0, events)


def test_an_id_that_is_taken_is_refused_at_its_field(operator):
    studio.create("WK9", by="robin")

    answer = operator.post(PATH, GIVEN)

    assert answer.status_code == 409
    assert "sprint WK9 already exists; it is created" in text_of(answer)
    assert [one.pk for one in studio.sprints()] == ["WK9"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_only_looks_on_makes_none(store, method):
    answer = getattr(signed_in(Role.VIEWER), method)(PATH, GIVEN)

    assert answer.status_code == 403
    assert "this needs the role operator" in text_of(answer).lower()
    assert not studio.sprints()


def test_a_form_that_is_not_ours_makes_none(operator):
    strict = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    strict.cookies = operator.cookies

    answer = strict.post(PATH, GIVEN)

    assert answer.status_code == 403
    assert not studio.sprints()


def test_the_default_profile_is_named(operator):
    studio.configure("gate_profile", "full", "sam")

    assert "full (as in config.json)" in text_of(operator.get(PATH))


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_another_method_is_refused(operator, method):
    assert getattr(operator, method)(PATH).status_code == 405
