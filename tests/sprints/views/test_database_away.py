"""Test that a database that is away is a short answer and a line in the log, not tracebacks."""

import json
import logging

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from gateway_project.accounts import tokens
from sprints.queue import tasks
from sprints.store import log_and_retry
from sprints.views.database_away import NotAway
from tests import studio

WORDS = "connection refused\n\tis the server running?"
LINE = "connection refused is the server running?"


@pytest.fixture(autouse=True)
def _no_news(monkeypatch):
    monkeypatch.setattr(log_and_retry, "_said", {})


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_every_page_answers_503_with_one_line_in_the_log(store, monkeypatch, caplog, error):
    def find(given):
        raise error(WORDS)

    monkeypatch.setattr(tokens, "find", find)
    own = json.loads(store.config.read_text())["auth_token"]
    client = Client(SERVER_NAME="127.0.0.1", headers={"X-Studio-Gateway-Token": own})
    client.raise_request_exception = False

    for path in ("/", "/api/status", "/metrics", "/login/", "/admin/", "/no/such/page"):
        answer = client.get(path)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5"), path
        assert answer.json() == {"error": "the database does not answer"}
    assert client.get("/health").status_code == 200

    printed = [one for one in caplog.records if NotAway().filter(one)]
    assert [one.getMessage() for one in printed] == [f"the database does not answer: {LINE}"]


def record_with(exc):
    return logging.LogRecord("x", logging.ERROR, "", 1, "Failed %s", ("it",), exc)


def test_a_log_of_the_queue_is_one_line_once_a_minute(monkeypatch):
    log = log_and_retry.WithoutTraceback()
    exc = OperationalError(WORDS)
    first, second = (record_with((OperationalError, exc, None)) for _ in range(2))
    now = log_and_retry.time.monotonic()
    monkeypatch.setattr(log_and_retry.time, "monotonic", lambda: now)

    assert log.filter(first)
    assert (first.getMessage(), first.exc_info) == (f"Failed it: {LINE}", None)
    assert not log.filter(second)
    now += log_and_retry.EVERY_S
    assert log.filter(record_with((OperationalError, exc, None)))


def test_other_errors_keep_their_traceback():
    exc = ValueError("a bug")
    record = record_with((ValueError, exc, None))

    assert log_and_retry.WithoutTraceback().filter(record)
    assert NotAway().filter(record)
    assert record.exc_info == (ValueError, exc, None)
    assert log_and_retry.WithoutTraceback().filter(record_with(None))


def test_a_worker_whose_database_is_away_says_so_in_one_line(store, monkeypatch, capsys):
    def run_sprint(lease, wish):
        raise OperationalError(WORDS)

    monkeypatch.setattr(tasks, "run_sprint", run_sprint)
    studio.create("wk1")
    studio.start("wk1")
    capsys.readouterr()

    tasks.work("wk1")
    tasks.work("wk1")

    assert capsys.readouterr().err == f"put off: {LINE}\n"
    assert studio.sprint("wk1").status == "running"
