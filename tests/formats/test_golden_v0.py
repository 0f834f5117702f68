"""Test that a store of version 0, without message codes, upgrades, verifies, rebuilds and replays.

``tests/golden/v0/README.md`` lists the content of the store and the commit that made it.
"""

import json
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.world import Said, run_command

PACKED = Path(__file__).parents[1] / "golden" / "v0" / "store.tar.xz"
LIMIT = 1 << 20  # bytes of the packed store
KINDS = set(
    """
    agent_changed approval_asked approval_expired approved budget_changed config_changed error
    gate_changed gate_finished gate_started hook_changed hook_finished hook_started imported
    mirror_repaired note paths_compared rejected round_done round_started schedule_changed
    schedule_fired schedule_skipped ship_merged ship_moved ship_publishing ship_refused
    ship_skipped ship_started shipped sprint_archived sprint_changed sprint_created
    sprint_imported sprint_moved sprint_restored task_answered task_asks task_done task_failed
    task_returned task_started task_stopped token_created token_revoked token_rotated upgraded
    user_added user_changed verified
    """.split()
)
LAST_ERRORS = set(
    """
    agent_asks agent_failed approval_expired approval_needed approval_rejected budget
    cancelled_by_user deadline engine_error gate_failed gate_flaky hook_failed paths_unknown
    ship_refused
    """.split()
)
# The words by which that gateway told its notes, errors and settings apart, and the texts in which
# it looked for a reason. Each is what a decoder of its events has to know.
WORDS = {
    "note": (
        "sprint started", "sprint retried from ", "sprint paused by ", "sprint resumed by ",
        "one round asked for by ", "sprint holds after ", "sprint goes on to its end",
        "cancel asked by ", "sprint cancelled by ", "evidence is kept in ", "sprint succeeded",
        "studio_gateway initialized", "what stood beside the sprints is imported",
        "mirror is written again", "advisory gate ", "gate qa_smoke_quick is run again", "round ",
    ),
    "error": (
        "overdue: the sprint has waited for gate ",
        "overdue: the sprint has waited for an approval", "the engine cannot carry the sprint: ",
        "required gate failed", "gate qa_smoke_quick said no",
        "agent agent_01 did not answer", "agent agent_01 asks ", "agents have used ",
        "hook guard said no at ", "hook web was not told of ", "hook starts is not told of ",
        "what has passed is not shipped: ", "round R0_SETUP is over its ",
        "protected paths could not be compared", "mirror cannot be written: ",
        "schedule weekly could not start a sprint: ", "schedule weekly is turned off: ",
        "the record does not agree: ",
    ),
    "gate_changed": ("gate added: ", "gate changed: ", "gate removed: "),
    "hook_changed": ("hook added: ", "hook changed: ", "hook removed: "),
    "schedule_changed": (
        "schedule added: ", "schedule changed: ", "schedule turned off: ", "schedule turned on: ",
        "schedule removed: ",
    ),
    "sprint_changed": ("sprint changed by ", "sprint is to be taken back by "),
}  # fmt: skip
REASONS = {
    "gate_finished": ("exit code 7", "it may be the gate that ends it", "no such program: ",
                      "killed by ", "stopped after ", "no tree to judge: ", "the gateway "),
    "hook_finished": ("the gateway ended before the hook did", "before the hook did, 5 times",
                      "cancelled; ", "exit code 7"),
    "task_stopped": ("the gateway ended before the agent did", "the gateway stops; ", "cancelled; ",
                     "the sprint's minutes for agents ended; timed out; ",
                     "the sprint's tokens for agents ended"),
    "task_failed": ("the gateway ended before the agent did, 5 times", "exit code 3",
                    "the minutes of R0_SETUP ended; timed out; ", "no output and no CPU for "),
    "error": ("sent back 1 times already", "the same tree failed in the same way before",
              "the tree is again one that had failed before the last"),
}  # fmt: skip
SHOW = """
from gateway_project.cli import Gateway
from sprints.models import Sprint
for name in Sprint.objects.values_list("pk", flat=True):
    try:
        Gateway(["studio-gateway", "sprint", "show", name]).execute()
    except SystemExit as exc:
        assert not exc.code, name
"""


class Golden(NamedTuple):
    """The repository in which it is upgraded; state, lines and events are as they were before."""

    repo: Path
    state: bytes
    lines: bytes
    events: list[dict[str, Any]]
    upgrade: Said

    def texts(self, kind: str) -> list[str]:
        """The messages and reasons of the events of that kind."""
        found = [one for one in self.events if one["kind"] == kind]
        reasons = ("reason", "not_sent_back")
        said = [str(one["data"].get(key, "")) for one in found for key in reasons]
        return [*(one["message"] for one in found), *said]


def schema(repo: Path) -> dict[str, object]:
    """The columns of each table, and the statement that makes each index."""
    made: dict[str, object] = {}
    with closing(sqlite3.connect(repo / ".studio_gateway" / "gateway.sqlite3")) as database:
        for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_master"):
            columns = {one[1:] for one in database.execute(f"PRAGMA table_info({name})")}
            made[name] = columns if kind == "table" else sql
    return made


@pytest.fixture(scope="module")
def golden(tmp_path_factory) -> Iterator[Golden]:
    """The store, upgraded once; tests only read it."""
    folder = tmp_path_factory.mktemp("golden")
    with tarfile.open(PACKED) as packed:
        packed.extraction_filter = getattr(tarfile, "data_filter", None)  # from Python 3.11.4 on
        packed.extractall(folder)
    repo = folder / "repo"
    store = repo / ".studio_gateway"
    state, lines = (store / "state.json").read_bytes(), (store / "events.jsonl").read_bytes()
    events = [json.loads(line) for line in lines.splitlines()]
    yield Golden(repo, state, lines, events, run_command(repo, "upgrade"))
    shutil.rmtree(folder)


def test_it_is_upgraded(golden):
    assert (golden.upgrade.code, golden.upgrade.err) == (0, ""), golden.upgrade.out


def test_its_tables_are_then_those_of_a_new_store(golden, repo, shell):
    assert shell("init").code == 0

    assert schema(golden.repo) == schema(repo)


def test_an_upgrade_leaves_the_state_as_it_was_and_appends_at_most_that_it_was_done(golden):
    store = golden.repo / ".studio_gateway"

    assert (store / "state.json").read_bytes() == golden.state
    lines = (store / "events.jsonl").read_bytes()
    assert lines.startswith(golden.lines)
    more = [json.loads(line)["kind"] for line in lines[len(golden.lines) :].splitlines()]
    assert more in ([], ["upgraded"])


@pytest.mark.parametrize("argv", [("verify",), ("rebuild", "--check"), ("replay",)], ids=" ".join)
def test_after_it_the_store_is_sound(golden, argv):
    said = run_command(golden.repo, *argv)

    assert (said.code, said.err) == (0, ""), said.out


def test_every_tag_that_was_shipped_is_as_its_certificate_says(golden):
    tags = (golden.repo / ".git" / "packed-refs").read_text().split()
    names = [one.removeprefix("refs/tags/") for one in tags if one.startswith("refs/tags/")]

    assert {name.split("/")[0] for name in names} == {"shipped", "unshipped"}
    for name in ("shipped/pushed", "unshipped/shipped_and_unshipped"):
        said = run_command(golden.repo, "verify", "--tag", name)
        assert (name in names, said.code) == (True, 0), said


def test_its_sprints_are_listed_and_shown(golden):
    sprints = json.loads(golden.state)["sprints"]

    status = json.loads(run_command(golden.repo, "status", "--json").out)
    listed = json.loads(run_command(golden.repo, "sprint", "list", "--json", "--limit", "200").out)
    shown = run_command(golden.repo, "shell", "-c", SHOW, timeout=300)
    stopped = run_command(golden.repo, "sprint", "show", "flaky", "--json")

    assert status["sprints"] == sorted(sprints)
    assert {one["sprint_id"]: one["status"] for one in listed} == {
        name: one["status"] for name, one in sprints.items()
    }
    assert (shown.code, shown.err) == (0, ""), shown.out[-2000:]
    assert json.loads(stopped.out) == sprints["flaky"]


def test_it_stays_small():
    assert PACKED.stat().st_size < LIMIT


def test_it_has_every_kind_of_event(golden):
    ours = [event for event in golden.events if "imported" not in event]

    assert {event["kind"] for event in ours} == KINDS
    assert len(golden.events) > len(ours)  # the others are lines of a documented store


def test_it_has_every_status_and_every_form_of_last_error(golden):
    sprints = json.loads(golden.state)["sprints"].values()

    errors = {one["last_error"].split(":")[0] for one in sprints if one["last_error"]}
    assert errors == LAST_ERRORS
    assert {one["status"] for one in sprints} == {
        "created", "running", "blocked", "failed", "succeeded", "cancelled",
    }  # fmt: skip


@pytest.mark.parametrize("kind", WORDS)
def test_it_has_every_message_by_which_events_were_told_apart(golden, kind):
    texts = golden.texts(kind)

    missing = [one for one in WORDS[kind] if not any(text.startswith(one) for text in texts)]
    assert missing == []


@pytest.mark.parametrize("kind", REASONS)
def test_it_has_every_reason_that_was_looked_into(golden, kind):
    texts = golden.texts(kind)

    missing = [one for one in REASONS[kind] if not any(one in text for text in texts)]
    assert missing == []


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("gates_gaterun", "status", {"passed", "failed", "error", "timed_out", "interrupted",
                                     "cancelled"}),
        ("sprints_task", "status", {"pending", "in_progress", "blocked", "done", "cancelled"}),
        ("sprints_delivery", "status", {"delivered", "failed", "dropped"}),
        ("sprints_hook", "kind", {"command", "webhook"}),
        ("sprints_schedule", "schedule_id", {"monthly", "weekly"}),
        ("auth_user", "username", {"ada", "ben"}),
        ("accounts_token", "name", {"night", "robot", "old"}),
        ("sprints_sprint", "archived_at IS NULL", {0, 1}),
    ],
)  # fmt: skip
def test_its_rows_are_of_every_status(golden, table, column, values):
    with closing(sqlite3.connect(golden.repo / ".studio_gateway" / "gateway.sqlite3")) as database:
        found = {one for (one,) in database.execute(f"SELECT DISTINCT {column} FROM {table}")}

    assert values <= found
