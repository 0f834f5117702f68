"""Test that every column of every table prints data as it is: no text in it is markup."""

import re
from types import SimpleNamespace
from typing import Any

import pytest

from gates.models import Gate
from sprints.contract.agent_spec import COMMAND
from sprints.contract.contract import DEFAULT_GATE
from sprints.health.doctor import Finding
from sprints.management import plan_output, screen, tables
from sprints.management.progress import Live
from sprints.models import Agent, Hook
from sprints.queries.durations import Times
from sprints.queries.sprints import look
from tests import studio

EVIL = "[/b][red]:smile:[a-z]ok[/]"  # what rich would end with a traceback, or leave out
AT = "2026-12-01T10:00:00Z"

LISTED = {
    "sprint_id": "wk1", "title": "t", "shown": "failed", "current_round": "R3_BUILD_A",
    "took_s": 1.0, "created_ts": AT, "last_error": "e",
    "waiting_for": {"what": "w", "who": "o", "since_ts": AT, "until_ts": None},
}  # fmt: skip
ROWS: dict[str, tuple[Any, dict[str, Any]]] = {
    "sprints": (lambda row: tables.sprints([row]), LISTED),
    "schedules": (
        lambda row: tables.schedules([row]),
        {"schedule_id": "n", "cron": "* * * * *", "next": "n", "last_sprint_id": "l", "title": "t"},
    ),
    "deliveries": (
        lambda row: tables.deliveries([row]),
        {"id": "d", "hook_id": "h", "point": "p", "sprint_id": "s", "status": "failed", "tries": 1,
         "created_ts": AT, "reason": "r"},
    ),
    "tokens": (
        lambda row: tables.tokens([row]),
        {"key": "k", "name": "n", "user": "u", "role": "r", "status": "good",
         "expires_ts": None, "last_used_ts": AT},
    ),
    "users": (
        lambda row: tables.users([row]),
        {"user": "u", "role": "r", "tokens": 1, "password": True, "last_sign_in_ts": None,
         "enabled": True},
    ),
    "gates": (
        lambda row: tables.gates([Gate(**row)], {row["gate_id"]: 0}),
        DEFAULT_GATE.to_json() | {"profiles": ["quick"], "enabled": True},
    ),
    "hooks": (
        lambda row: tables.hooks([Hook(**row)]),
        {"hook_id": "h", "kind": "command", "points": ["p"], "target": ["t"], "timeout_s": 1.0,
         "tries": 1, "backoff_s": 1.0, "enabled": True, "blocking": False},
    ),
    "agents": (
        lambda row: tables.agents([Agent(**row)], {row["agent_id"]: EVIL}),
        {"agent_id": "agent_01", "title": "t", "runner": COMMAND, "command": ["c"],
         "timeout_s": 1.0},
    ),
    "doctor": (
        lambda row: tables.findings([Finding(**row)]),
        {"check": "c", "level": "bad", "text": "t", "remedy": "r"},
    ),
    "status": (
        lambda row: tables.status(
            {**row, "hosts": [{"name": row["name"], "workers": 1, "carries": [row["runs"]],
                               "silent": False, "alive": True, "seen_s": 1.0}],
             "queued": [{"sprint_id": row["next"], "what": row["turn"]}],
             "counts": {"failed": 1}, "schedules": [], "budgets": {}, "sprints": [],
             "queue": {"away": row["away"], "oldest_s": None, "messages": 0}}, [],
        ),
        {"studio_gateway_version": "v", "repo_root": "/r", "mirror_fault": "f", "name": "n",
         "runs": "wk1", "away": "a", "next": "wk2", "turn": "its turn"},
    ),
}  # fmt: skip
UNSEEN = {"kind", "level", "created_ts", "last_used_ts", "last_sign_in_ts", "rounds", "points"}


def columns() -> list[tuple[str, str]]:
    return [
        (table, name)
        for table, (_, row) in ROWS.items()
        for name, value in row.items()
        if isinstance(value, str | list) and value and name not in UNSEEN
    ]


def printed(capsys) -> str:
    """What was printed, without the breaks of narrow columns."""
    return re.sub(r"\s", "", capsys.readouterr().out)


@pytest.mark.parametrize(("table", "name"), columns())
def test_a_column_prints_its_text_as_it_is(capsys, monkeypatch, table, name):
    monkeypatch.setenv("COLUMNS", "300")
    show, row = ROWS[table]
    evil = [EVIL] if isinstance(row[name], list) else EVIL

    show({**row, name: evil})

    if (table, name) not in {("gates", "title"), ("sprints", "current_round")}:
        assert EVIL in printed(capsys)


@pytest.fixture
def sprint(store):
    """A sprint with markup in all its texts."""
    studio.gate("sh", "-c", f"echo '{EVIL}'; exit 1 # {EVIL}", title=EVIL)
    studio.create("wk1", by=EVIL, title=EVIL, brief=EVIL)
    studio.run("wk1")
    run = studio.gate_runs()[-1]
    type(run).objects.filter(pk=run.pk).update(reason=EVIL)
    studio.forge("sprint", last_error=EVIL)
    return studio.sprint()


def test_the_page_of_a_sprint_prints_its_texts_as_they_are(capsys, monkeypatch, sprint):
    monkeypatch.setenv("COLUMNS", "300")

    waits: Any = {"what": EVIL, "who": "a worker", "since_ts": AT, "until_ts": None}
    tables.sprint(look("wk1"), "queued", waits, Times(turn_s=5.0))

    printed_now = printed(capsys)
    assert printed_now.count(EVIL) >= 4  # title, wait, reason of the run, last error
    assert "italsowaited5.0sforaturn" in printed_now


def test_every_command_that_lists_prints_texts_as_they_are(sprint, invoke, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    for argv in (("sprint", "list"), ("sprint", "show", "wk1"), ("gate", "list"),
                 ("sprint", "plan", "wk1"), ("events", "--tail", "50")):  # fmt: skip
        said = invoke(*argv)
        assert (said.code, said.err) == (0, ""), argv
        assert EVIL in re.sub(r"\s", "", said.out), argv


def test_patch_notes_and_progress_print_texts_as_they_are(capsys, sprint):
    task = SimpleNamespace(details={"patch_notes": [EVIL]}, attempt=1)
    live = Live("wk1")
    live.titles = dict.fromkeys(live.titles, EVIL)
    live.asked = EVIL
    live.rounds["R0_SETUP"] = {"status": "running", "began": 0.0, "gates": {EVIL: EVIL}}

    plan_output.patch_notes(SimpleNamespace(tasks=[task]))
    screen.Screen().print(live.render())

    assert printed(capsys).count(EVIL) > 6
    assert live.live.console._markup is False
