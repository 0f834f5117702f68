"""Test that workers run queued sprints, whatever is killed."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gates import process_table
from tests.e2e.conftest import processes_of, set_gate, start, wait_for
from tests.e2e.test_crashes import check_store, events_of
from tests.world import FOLDER, run_command


@pytest.fixture
def worker(gateway: Path) -> Iterator[subprocess.Popen[str]]:
    """Two workers at work; stopped in the end, in good order."""
    running = started(gateway)
    yield running
    stop(running)


def started(repo: Path) -> subprocess.Popen[str]:
    """A worker command whose cluster takes messages."""
    running = start(repo, "worker")
    assert wait_for(lambda: len(tree(running)) >= 5), processes_of(repo)
    return running


def stop(running: subprocess.Popen[str]) -> None:
    """SIGTERM, and its end."""
    if running.poll() is None:
        os.kill(running.pid, signal.SIGTERM)
    running.communicate(timeout=90)


def tree(running: subprocess.Popen[str]) -> list[int]:
    """The processes of django-q, without their main one."""
    return [one.pid for one in process_table.descendants(running.pid)][1:]


def queue(repo: Path, *names: str) -> None:
    """Create the sprints and hand them to the workers."""
    for name in names:
        assert run_command(repo, "sprint", "create", name).code == 0
        said = run_command(repo, "sprint", "run", name, "--queue")
        assert said.out.startswith(f"queued {name}; "), said


def status_of(repo: Path, name: str) -> str:
    """The sprint's status as state.json has it."""
    state = json.loads((repo / ".studio_gateway/state.json").read_text())
    return str(state["sprints"][name]["status"])


def succeed(repo: Path, *names: str, within: float = 90) -> bool:
    """Wait until state.json says so of all of them."""
    return wait_for(lambda: all(status_of(repo, n) == "succeeded" for n in names), within)


def test_queued_sprints_are_carried_one_after_another_in_one_repository(gateway, worker):
    set_gate(gateway, "sh -c 'mkdir alone && sleep 0.2 && rmdir alone'")

    queue(gateway, "a", "b", "c")

    assert succeed(gateway, "a", "b", "c")
    order = [
        e["sprint_id"]
        for e in events_of_all(gateway)
        if e["data"].get("code") == "sprint_succeeded"
    ]
    assert order == ["a", "b", "c"]
    check_store(gateway)


def events_of_all(repo: Path) -> list[dict]:
    """All events from the file."""
    return list(map(json.loads, (repo / ".studio_gateway/events.jsonl").read_text().splitlines()))


def test_a_sprint_queued_before_any_worker_runs_waits_for_one(gateway):
    queue(gateway, "early")

    running = started(gateway)

    assert succeed(gateway, "early")
    stop(running)


def test_sigterm_hands_back_what_runs_and_the_next_start_goes_on(gateway):
    set_gate(gateway, "sleep 1.5")
    first = started(gateway)
    queue(gateway, "one")
    assert wait_for(lambda: any("sleep 1.5" in line for line in processes_of(gateway)))

    began = time.monotonic()
    stop(first)
    took = time.monotonic() - began
    assert status_of(gateway, "one") == "running"
    second = started(gateway)

    assert succeed(gateway, "one")
    assert took < 15
    stop(second)
    verdicts = [
        e["data"]["verdict"] for e in events_of(gateway, "one") if e["kind"] == "gate_finished"
    ]
    assert verdicts == ["interrupted", "passed", "passed"]


def test_a_cancel_reaches_the_worker_that_carries_the_sprint(gateway, worker):
    set_gate(gateway, "sh -c 'sleep 300 & sleep 300'")
    queue(gateway, "one")
    assert wait_for(lambda: any("sleep 300" in line for line in processes_of(gateway)))
    began = time.monotonic()

    said = run_command(gateway, "sprint", "cancel", "one")

    assert (said.code, said.out) == (0, "one cancelled\n")
    assert time.monotonic() - began < 10
    assert not any("sleep 300" in line for line in processes_of(gateway))


def test_a_foreground_run_says_what_is_in_the_repository(gateway, worker):
    set_gate(gateway, "sleep 60")
    queue(gateway, "one")
    assert wait_for(lambda: any("sleep 60" in line for line in processes_of(gateway)))
    run_command(gateway, "sprint", "create", "two")

    said = run_command(gateway, "sprint", "run", "two")
    run_command(gateway, "sprint", "cancel", "one")

    assert said.code == 2
    assert "error: process " in said.err
    assert " runs sprint one in this repository" in said.err
    assert "--queue" in said.err


def test_a_pause_holds_at_the_next_step_and_a_resume_goes_on(gateway, worker):
    waits = "until test -f go; do sleep 0.05; done"
    set_gate(gateway, f"sh -c '{waits}'")
    queue(gateway, "one")
    assert wait_for(lambda: any(waits in line for line in processes_of(gateway)))

    said = run_command(gateway, "sprint", "pause", "one", "--why", "the build machine is hot")
    assert said.out.startswith("one pauses at its next step")
    (gateway / "go").touch()
    assert wait_for(lambda: not any(waits in line for line in processes_of(gateway)))
    time.sleep(1)
    run = run_command(gateway, "sprint", "run", "one")
    held = events_of(gateway, "one")[-1]
    run_command(gateway, "sprint", "resume", "one")

    assert (held["kind"], held["data"]["gate_id"]) == ("gate_finished", "qa_smoke_quick")
    assert run.code == 3
    assert "(the build machine is hot)" in run.out
    assert succeed(gateway, "one")


def test_a_second_worker_of_the_same_name_is_refused_while_the_first_lives(gateway, worker):
    second = run_command(gateway, "worker", timeout=20)
    other = start(gateway, "worker", "--name", "other", "--workers", "1")

    assert wait_for(lambda: len(tree(other)) >= 4)
    assert (second.code, second.out) == (2, "")
    assert f"process {worker.pid} on " in second.err
    assert "give this one another --name" in second.err
    stop(other)
    stop(worker)
    stop(started(gateway))


def test_a_second_ctrl_c_kills_what_a_gate_refuses_to_end(gateway):
    set_gate(gateway, "sh -c 'trap : TERM; while :; do sleep 1; done'", "--grace", "60")
    running = started(gateway)
    queue(gateway, "one")
    assert wait_for(lambda: any("trap :" in line for line in processes_of(gateway)))

    os.kill(running.pid, signal.SIGINT)
    time.sleep(1)
    assert running.poll() is None
    os.kill(running.pid, signal.SIGINT)

    _, err = running.communicate(timeout=90)
    assert running.returncode == 130
    assert "press Ctrl-C again to kill at once" in err
    assert wait_for(lambda: not processes_of(gateway)), processes_of(gateway)
    assert status_of(gateway, "one") == "running"


def test_a_schedule_that_is_due_is_carried_to_its_end(gateway, worker):
    run_command(gateway, "schedule", "add", "nightly", "--cron", "0 2 * * *", "--zone", "UTC")
    due = "from sprints.models import Schedule as S; S.objects.update(next_at='2026-01-01T02:00Z')"
    assert run_command(gateway, "shell", "-c", due).code == 0

    assert succeeded_one(gateway, "nightly-20260101-0200")
    check_store(gateway)


def night(repo: Path) -> None:
    """Let it be three o'clock, once the watch knows when it is next."""

    def is_set() -> bool:
        with sqlite3.connect(repo / FOLDER / "gateway.sqlite3", timeout=15) as database:
            found = database.execute(
                "UPDATE sprints_host SET verify_at = '2026-01-01 03:00:00'"
                " WHERE verify_at > '2026-02'"
            ).rowcount
        database.close()
        return found > 0

    assert wait_for(is_set)


def test_every_night_the_record_is_verified_and_the_result_is_an_event(gateway, worker):
    def told(kind: str) -> list[str]:
        return [one["message"] for one in events_of_all(gateway) if one["kind"] == kind]

    queue(gateway, "wk1")
    assert succeed(gateway, "wk1")
    assert told("verified") == []

    night(gateway)
    assert wait_for(lambda: told("verified"))

    (printed,) = {*(gateway / FOLDER).glob("artifacts/wk1/gates/*/runs/1/stdout.txt")}
    printed.write_text("something else")
    night(gateway)
    assert wait_for(lambda: told("error"))
    assert "stdout.txt is not what was printed" in told("error")[0]
    assert len(told("verified")) == 1


def test_a_long_night_ends_no_worker_and_a_stop_does_not_wait_for_it(gateway, worker):
    queue(gateway, "wk1")
    assert succeed(gateway, "wk1")
    (printed,) = {*(gateway / FOLDER).glob("artifacts/wk1/gates/*/runs/1/stdout.txt")}
    os.truncate(printed, 1 << 40)  # a terabyte of nothing, read for an hour

    night(gateway)
    verifies = "verify --record --inside"
    assert wait_for(lambda: any(verifies in line for line in processes_of(gateway)))
    time.sleep(13)
    queue(gateway, "wk2")
    assert succeed(gateway, "wk2")
    (host,) = json.loads(run_command(gateway, "status").out)["hosts"]
    began = time.monotonic()
    stop(worker)

    assert host["restarts"] == 0
    assert time.monotonic() - began < 15
    assert not any(verifies in line for line in processes_of(gateway))
    os.truncate(printed, 0)
    with sqlite3.connect(gateway / FOLDER / "gateway.sqlite3") as database:
        assert database.execute("SELECT verify_at < '2026-02' FROM sprints_host").fetchone() == (1,)
    database.close()


def succeeded_one(repo: Path, name: str) -> bool:
    """Wait until a sprint that is yet to come has succeeded."""
    state = repo / ".studio_gateway/state.json"
    assert wait_for(lambda: f'"{name}"' in state.read_text())
    return succeed(repo, name)
