"""Test that guesses of passwords are bounded, logged, recorded and shown."""

import logging
import threading
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from gateway_project.accounts import sign_in_limits, user_operations
from tests import studio
from tests.people import PASSWORD, Role, signed_in


@pytest.fixture
def visitor(store) -> Client:
    user_operations.add("alice", Role.ADMIN, by="test", password=PASSWORD)
    return Client(SERVER_NAME="127.0.0.1", headers={"Accept": "text/html"})


def guess(visitor, password="wrong", username="alice", address="10.0.0.9"):
    form = {"username": username, "password": password}
    return visitor.post("/login/", form, REMOTE_ADDR=address)


def test_one_password_is_compared_at_a_time(visitor, monkeypatch):
    compared = []
    monkeypatch.setattr(User, "check_password", lambda *_: compared.append(1))

    with sign_in_limits.turn():
        answers = [guess(visitor, username=f"u{n}") for n in range(36)]

    assert {one.status_code for one in answers} == {429}
    assert {one["Retry-After"] for one in answers} == {"2"}
    assert "Try again in a few seconds" in answers[0].content.decode()
    assert compared == []
    assert not AccessAttempt.objects.exists()
    assert guess(visitor, PASSWORD).status_code == 401  # compared again, by the stand-in
    assert compared == [1]


def test_a_token_needs_no_turn(visitor, own_token):
    with sign_in_limits.turn():
        assert visitor.post("/login/", {"token": own_token}).status_code == 302


def test_a_turn_ends_whatever_happens_in_it():
    with pytest.raises(KeyError), sign_in_limits.turn():
        raise KeyError

    with sign_in_limits.turn(), pytest.raises(sign_in_limits.Busy), sign_in_limits.turn():
        pass
    with sign_in_limits.turn():
        pass


def test_a_turn_is_one_for_all_threads():
    found = []

    def ask():
        try:
            with sign_in_limits.turn():
                pass
        except sign_in_limits.Busy:
            found.append("busy")

    with sign_in_limits.turn():
        threads = [threading.Thread(target=ask) for _ in range(12)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    assert found == ["busy"] * 12


def test_a_locked_name_is_refused_without_a_turn(visitor):
    for _ in range(12):
        guess(visitor)

    with sign_in_limits.turn():
        locked = guess(visitor, PASSWORD)

    assert locked.status_code == 429
    assert "Too many failed attempts" in locked.content.decode()


@pytest.fixture
def logged(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("sprints.sign_in"), "propagate", True)
    return caplog


def test_a_failure_is_logged_with_address_and_known_name_alone(visitor, logged):
    guess(visitor)
    guess(visitor, username="my-password-in-the-wrong-field\nalice")
    visitor.post("/login/", {"token": "sgw_0badc0de_wrong"}, REMOTE_ADDR="10.0.0.8")

    said = [one.getMessage() for one in logged.records if one.name == "sprints.sign_in"]
    assert said == [
        "sign-in failed: 'alice' from 10.0.0.9",
        "sign-in failed: no user from 10.0.0.9",
        "sign-in failed: no user from 10.0.0.8",
    ]


def test_many_failures_of_one_address_are_one_event(visitor):
    for n in range(25):
        guess(visitor, username="alice" if n % 2 else f"nobody{n}")
    for n in range(9):
        guess(visitor, username=f"u{n}", address="10.0.0.10")

    event = studio.event("sign_in_attack")
    assert event["data"] == {"address": "10.0.0.9", "failures": 10, "users": ["alice"]}
    assert event["message"] == "10 failed sign-ins from 10.0.0.9 within 10 minutes"


def test_an_attack_that_goes_on_is_recorded_again_ten_times_later(visitor):
    for _ in range(10):
        guess(visitor)
    AccessAttempt.objects.update(failures_since_start=98)
    guess(visitor)
    assert len(studio.events("sign_in_attack")) == 1

    guess(visitor)

    failures = [one["data"]["failures"] for one in studio.events("sign_in_attack")]
    assert failures == [10, 100]


def test_old_failures_are_no_attack(visitor):
    for n in range(9):
        guess(visitor, username=f"u{n}")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(hours=1))

    guess(visitor)

    assert studio.events("sign_in_attack") == []


def test_admins_see_the_attack_and_nobody_else(visitor):
    for n in range(3):
        guess(visitor, username=f"name{n}")

    page = "/admin/axes/accessattempt/"
    shown = signed_in(Role.ADMIN, "ada").get(page).content.decode()

    assert "10.0.0.9" in shown
    assert "name1" in shown
    for role in (Role.VIEWER, Role.OPERATOR):
        browser = signed_in(role)
        assert browser.get(page).status_code == 403
        assert "accessattempt" not in browser.get("/admin/").content.decode()
