"""Test hook deliveries, whatever the hooks do and whatever is killed; the sprint goes on."""

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.conftest import processes_of, set_gate, start, wait_for
from tests.e2e.test_crashes import check_store, events_of
from tests.e2e.test_worker import queue, stop, succeed, tree
from tests.world import Said, run_command

# Tells what it was told: one line of JSON a call, of its environment and its standard input.
RECORD = """
import json, os, sys
about = {k: v for k, v in os.environ.items() if k.startswith("STUDIO_")}
with open("told.jsonl", "a") as file:
    file.write(json.dumps({"env": about, "given": json.load(sys.stdin)}) + "\\n")
"""


def add(repo: Path, hook_id: str, on: str, script: str, *options: str) -> None:
    """Add a command hook that runs the script by our Python."""
    path = repo / f"{hook_id}.py"
    path.write_text(script)
    command = f"python3 {path}"
    said = run_command(repo, "hook", "add", hook_id, "--on", on, "--command", command, *options)
    assert said.code == 0, said


def run(repo: Path, name: str, *, within: float = 60, **env: str) -> Said:
    """Create the sprint and carry it in the foreground."""
    assert run_command(repo, "sprint", "create", name).code == 0
    return run_command(repo, "sprint", "run", name, timeout=within, **env)


@pytest.fixture
def at_work(gateway: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start workers; those that still run in the end are stopped."""
    running: list[subprocess.Popen[str]] = []

    def begin(*options: str) -> subprocess.Popen[str]:
        running.append(start(gateway, "worker", *options))
        assert wait_for(lambda: len(tree(running[-1])) >= 5)
        return running[-1]

    yield begin
    for one in running:
        stop(one)


def told(repo: Path) -> list[dict]:
    """What RECORD was told."""
    path = repo / "told.jsonl"
    return list(map(json.loads, path.read_text().splitlines())) if path.exists() else []


def deliveries(repo: Path) -> list[dict]:
    """All deliveries, oldest first, straight from the database: it is asked often."""
    connection = sqlite3.connect(repo / ".studio_gateway/gateway.sqlite3")
    connection.row_factory = sqlite3.Row
    with closing(connection):
        rows = connection.execute("SELECT * FROM sprints_delivery ORDER BY created_at, seq")
        return list(map(dict, rows))


def test_a_command_is_told_of_each_point_once_on_stdin_and_in_the_environment(gateway):
    add(gateway, "tell", "sprint_start,round_start,gate_start,gate_done,round_done", RECORD)

    assert run(gateway, "wk1").code == 0

    calls = told(gateway)
    types = [call["given"]["type"] for call in calls]
    rounds = ["round_start", "round_done"]
    gated = ["round_start", "gate_start", "gate_done", "round_done"]
    assert types == ["sprint_start", *rounds * 3, *gated, *rounds, *gated]
    for call in calls:
        env, given = call["env"], call["given"]
        assert env["STUDIO_HOOK_POINT"] == given["type"]
        assert env["STUDIO_SPRINT_ID"] == given["data"]["sprint_id"] == "wk1"
        assert env["STUDIO_ROUND_ID"] == (given["data"]["round_id"] or "")
        assert int(env["STUDIO_EVENT_SEQ"]) == given["seq"]
        assert "STUDIO_GATEWAY_REPO" not in env
    done = next(call for call in calls if call["given"]["type"] == "gate_done")
    assert (done["env"]["STUDIO_GATE_ID"], done["env"]["STUDIO_EXIT_CODE"]) == (
        "qa_smoke_quick",
        "0",
    )
    assert len({call["env"]["STUDIO_DELIVERY_ID"] for call in calls}) == len(calls)
    assert {row["status"] for row in deliveries(gateway)} == {"delivered"}
    assert not list((gateway / ".studio_gateway/hooks").iterdir())
    check_store(gateway)


def test_a_hook_that_fails_is_tried_again_under_the_same_id_until_it_succeeds(gateway, at_work):
    add(
        gateway,
        "third",
        "sprint_start",
        RECORD + "print('try'); sys.exit(0 if len(open('told.jsonl').readlines()) > 2 else 4)",
        "--backoff=0.2",
    )

    assert run(gateway, "wk1").code == 0
    at_work()

    assert wait_for(lambda: deliveries(gateway)[0]["status"] == "delivered")
    assert len(told(gateway)) == 3
    assert len({call["env"]["STUDIO_DELIVERY_ID"] for call in told(gateway)}) == 1
    (row,) = deliveries(gateway)
    assert (row["tries"], row["failures"], row["output"]) == (3, 2, "try\n")


@pytest.mark.parametrize(
    ("script", "reason", "exit_code"),
    [
        ("print('no'); exit(3)", "exit code 3", 3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL", -9),
        ("import time; time.sleep(300)", "stopped after", -15),
        ("for _ in range(1 << 14): print('x' * (1 << 16))", "printed more than 1 MiB", None),
    ],
)
def test_a_hook_that_goes_wrong_hurts_nothing_and_is_told_once(gateway, script, reason, exit_code):
    add(gateway, "bad", "sprint_start", script, "--tries=2", "--backoff=0", "--timeout=1")

    assert run(gateway, "wk1").code == 0

    (row,) = deliveries(gateway)
    assert (row["status"], row["tries"]) == ("failed", 2)
    assert reason in row["reason"]
    assert len(row["output"]) <= 8000
    if exit_code is not None:
        assert row["exit_code"] == exit_code
    errors = [e for e in events_of(gateway, None) if e["kind"] == "error"]
    assert [e["data"]["undelivered"] for e in errors] == [row["id"]]
    assert errors[0]["data"]["code"] == "hook_undelivered"
    assert errors[0]["data"]["point"] == "sprint_start"
    check_store(gateway)


def test_a_program_that_is_not_there_is_a_failed_delivery(gateway):
    said = run_command(
        gateway, "hook", "add", "gone", "--on", "error", "--command", "/no/such/thing"
    )
    assert said.code == 0

    said = run_command(gateway, "hook", "test", "gone")

    assert said.code == 1
    assert "failed: no such program: /no/such/thing" in said.out
    (row,) = deliveries(gateway)
    assert (row["status"], row["exit_code"], row["point"]) == ("failed", 127, "test")


def took(repo: Path, name: str) -> float:
    """Seconds from the sprint's start to its end."""
    said = run_command(repo, "sprint", "list", "--json")
    return float(next(r["took_s"] for r in json.loads(said.out) if r["sprint_id"] == name))


def test_a_hook_that_hangs_does_not_slow_a_sprint_down(gateway):
    set_gate(gateway, "sleep 1")
    assert run(gateway, "before").code == 0
    add(gateway, "hang", "sprint_start,round_start", "import time; time.sleep(300)")

    assert run(gateway, "after").code == 0

    assert took(gateway, "after") < 1.5 * took(gateway, "before")
    assert wait_for(lambda: not processes_of(gateway)), processes_of(gateway)
    assert {row["status"] for row in deliveries(gateway)} == {"pending"}


def test_a_hook_that_hangs_holds_up_no_other(gateway):
    add(gateway, "hang", "sprint_start", "import time; time.sleep(300)")
    add(gateway, "tell", "sprint_start,round_done", RECORD)

    assert run(gateway, "wk1").code == 0

    assert len(told(gateway)) == 7


@pytest.fixture
def slow(gateway: Path) -> Path:
    """A hook that says that it has begun, and takes long for it the first time."""
    add(gateway, "slow", "sprint_start", RECORD + FIRST_TIME_LONG, "--timeout=60")
    return gateway


FIRST_TIME_LONG = """
import time
if len(open("told.jsonl").readlines()) == 1:
    time.sleep(25)
"""


def test_kill_9_of_the_worker_brings_what_it_was_bringing_again_with_the_same_id(slow, at_work):
    running = at_work()
    queue(slow, "wk1")
    assert wait_for(lambda: len(told(slow)) == 1)

    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    assert wait_for(lambda: not processes_of(slow)), processes_of(slow)
    assert [row["status"] for row in deliveries(slow)] == ["running"]
    at_work()

    assert wait_for(lambda: deliveries(slow)[0]["status"] == "delivered")
    assert succeed(slow, "wk1")
    ids = {call["env"]["STUDIO_DELIVERY_ID"] for call in told(slow)}
    assert ids == {row["id"] for row in deliveries(slow)}
    assert len(told(slow)) == 2


def test_sigterm_of_the_worker_ends_what_it_was_bringing_and_the_next_start_brings_it(
    slow, at_work
):
    running = at_work()
    queue(slow, "wk1")
    assert wait_for(lambda: len(told(slow)) == 1)

    stop(running)
    (before,) = deliveries(slow)
    at_work()

    assert before["status"] == "pending"
    assert wait_for(lambda: deliveries(slow)[0]["status"] == "delivered")
    assert deliveries(slow)[0]["failures"] == 0


def test_kill_9_of_a_foreground_run_leaves_the_rest_to_the_next_command(slow):
    assert run_command(slow, "sprint", "create", "wk1").code == 0
    running = start(slow, "sprint", "run", "wk1")
    assert wait_for(lambda: len(told(slow)) == 1)

    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    run(slow, "wk2")

    rows = deliveries(slow)
    assert [row["status"] for row in rows] == ["delivered", "delivered"]
    assert rows[0]["tries"] == 2
    assert [call["env"]["STUDIO_DELIVERY_ID"] for call in told(slow)][:2] == [rows[0]["id"]] * 2


@pytest.mark.parametrize("point", ["hook_spawned", "hook_exited"])
def test_a_command_whose_gateway_is_killed_right_before_or_after_it_runs_once(gateway, point):
    add(gateway, "tell", "sprint_start", RECORD)

    killed = run(gateway, "wk1", STUDIO_FAULT=f"{point}:1:sigkill")
    assert run(gateway, "wk2").code == 0

    assert killed.code == -signal.SIGKILL
    row, other = deliveries(gateway)
    assert (row["status"], row["tries"]) == ("delivered", 2)
    ids = [call["env"]["STUDIO_DELIVERY_ID"] for call in told(gateway)]
    assert ids == [row["id"], other["id"]]


def test_two_hosts_that_look_at_the_same_time_bring_each_delivery_once(gateway, at_work):
    for name in ("one", "two", "three"):
        add(gateway, name, "round_start,round_done", RECORD)
    at_work()
    at_work("--name", "other")

    queue(gateway, "wk1")

    assert succeed(gateway, "wk1")
    assert wait_for(lambda: {r["status"] for r in deliveries(gateway)} == {"delivered"})
    ids = [call["env"]["STUDIO_DELIVERY_ID"] for call in told(gateway)]
    assert len(ids) == len(set(ids)) == len(deliveries(gateway)) == 36


def test_what_a_plain_command_does_is_told_by_the_worker(gateway, at_work):
    add(gateway, "tell", "sprint_created,gate_changed", RECORD)
    at_work()

    run_command(gateway, "sprint", "create", "wk1")
    set_gate(gateway, "false")

    assert wait_for(lambda: len(told(gateway)) == 2)
    assert [call["given"]["type"] for call in told(gateway)] == ["sprint_created", "gate_changed"]


NEXT = """
import json, os, subprocess, sys
sprint = os.environ["STUDIO_SPRINT_ID"]
open("started.txt", "a").write(sprint + "\\n")
for act in (["create", sprint + "x"], ["run", sprint + "x", "--queue"]):
    subprocess.run([sys.executable, "-m", "studio_gateway", "sprint", *act], check=True)
"""


def test_a_hook_that_starts_a_sprint_is_not_told_of_that_one(gateway, at_work):
    add(gateway, "next", "round_done,sprint_start", NEXT, "--tries=1")
    add(gateway, "other", "sprint_created", NEXT, "--tries=1")
    at_work()

    queue(gateway, "a")

    def own() -> list:
        return [row for row in deliveries(gateway) if row["sprint_id"] == "ax"]

    expected = {"sprint_created", "sprint_start", "round_done"}
    assert wait_for(own)
    assert succeed(gateway, "ax")
    # A delivery is made after its event is committed, so the last may come after the end.
    assert wait_for(lambda: {row["point"] for row in own()} >= expected)
    assert wait_for(lambda: {r["status"] for r in deliveries(gateway)} <= FINAL)
    assert set((gateway / "started.txt").read_text().split()) == {"a"}
    assert {row["status"] for row in own()} == {"dropped"}
    told = events_of(gateway, None)
    errors = [e for e in told if e["data"].get("code") == "hook_not_repeated"]
    assert sorted(e["data"]["hook_id"] for e in errors) == ["next", "other"]


FINAL = {"delivered", "failed", "dropped"}


def test_two_hooks_that_fail_do_not_tell_each_other_for_ever(gateway):
    for name in ("one", "two"):
        add(gateway, name, "error", "exit(1)", "--tries=1")
    set_gate(gateway, "false")

    assert run(gateway, "wk1").code == 1
    assert run(gateway, "wk2").code == 1

    assert [row["status"] for row in deliveries(gateway)] == ["failed"] * 4


def test_a_delivery_is_brought_once_more_when_asked_for_under_its_old_id(gateway):
    add(gateway, "tell", "sprint_start", RECORD)
    run(gateway, "wk1")
    (row,) = deliveries(gateway)

    said = run_command(gateway, "hook", "redeliver", row["id"])

    assert said.code == 0
    assert said.out.startswith(f"{row['id']} delivered: exit code 0")
    assert [call["env"]["STUDIO_DELIVERY_ID"] for call in told(gateway)] == [row["id"]] * 2


def test_a_hook_that_is_removed_or_disabled_is_brought_nothing_more(gateway):
    for name in ("gone", "off"):
        add(gateway, name, "sprint_start", "exit(1)", "--backoff=3600")
    run(gateway, "wk1")
    assert {row["status"] for row in deliveries(gateway)} == {"pending"}

    run_command(gateway, "hook", "remove", "gone")
    run_command(gateway, "hook", "set", "off", "--disable")
    run(gateway, "wk2")

    assert [row["status"] for row in deliveries(gateway)] == ["dropped", "dropped"]
