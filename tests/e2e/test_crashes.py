"""Test interruptions of the command that runs a sprint: signals, cancels, closed pipes."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import processes_of, set_gate, start, wait_for
from tests.world import environment, run_command


def check_store(repo: Path) -> None:
    """Rows, files and folded events agree, and the engine would do all of it again."""
    said = run_command(repo, "doctor", "--json")
    findings = [one for one in json.loads(said.out) if one["check"] == "journal"]
    assert [one["level"] for one in findings] == ["ok"], findings
    said = run_command(repo, "replay")
    assert (said.code, said.err) == (0, ""), said.out


def events_of(repo: Path, sprint_id: str) -> list[dict]:
    """The sprint's events from the file."""
    text = (repo / ".studio_gateway/events.jsonl").read_text()
    return [e for e in map(json.loads, text.splitlines()) if e["sprint_id"] == sprint_id]


def test_a_frozen_holder_loses_the_sprint_and_finds_that_out(gateway):
    set_gate(gateway, "sleep 300")
    run_command(gateway, "sprint", "create", "wk1")
    frozen = start(gateway, "sprint", "run", "wk1")
    events = gateway / ".studio_gateway/events.jsonl"
    assert wait_for(lambda: '"gate_started"' in events.read_text())
    os.kill(frozen.pid, signal.SIGSTOP)

    refused = run_command(gateway, "sprint", "run", "wk1")
    cancelled = run_command(gateway, "sprint", "cancel", "wk1")
    os.kill(frozen.pid, signal.SIGCONT)
    out, err = frozen.communicate(timeout=90)

    assert refused.err.endswith("to stop it: studio-gateway sprint cancel wk1\n"), refused
    assert cancelled.out == "wk1 cancelled\n", cancelled
    assert (frozen.returncode, err) == (2, "error: sprint wk1 was taken by another process\n"), out
    check_store(gateway)


def test_twenty_creates_at_once_are_twenty_sprints(gateway):
    running = [start(gateway, "sprint", "create", f"s{n}") for n in range(20)]

    answers = [(process.communicate(timeout=120), process.returncode) for process in running]

    assert [code for _, code in answers] == [0] * 20, answers
    created = [e for n in range(20) for e in events_of(gateway, f"s{n}")]
    assert [e["kind"] for e in created] == ["sprint_created"] * 20
    check_store(gateway)


def test_two_runs_of_one_sprint_one_runs_and_the_other_says_who(gateway):
    set_gate(gateway, "sleep 1.5")
    run_command(gateway, "sprint", "create", "one")
    first = start(gateway, "sprint", "run", "one")
    assert wait_for(lambda: any("sleep" in line for line in processes_of(gateway)))

    second = run_command(gateway, "sprint", "run", "one")

    assert second.code == 2
    assert f"error: process {first.pid} on " in second.err
    assert " runs sprint one; to stop it: " in second.err
    first.communicate(timeout=90)
    assert first.returncode == 0


@pytest.mark.parametrize("act", ["cancel", "ctrl-c"])
def test_a_cancel_ends_the_gate_and_only_then_says_cancelled(gateway, act):
    set_gate(gateway, "sh -c 'sleep 300 & sleep 300'")
    run_command(gateway, "sprint", "create", "one")
    victim = start(gateway, "sprint", "run", "one")
    assert wait_for(lambda: sum("sleep" in x for x in processes_of(gateway)) >= 2)
    began = time.monotonic()

    if act == "cancel":
        assert run_command(gateway, "sprint", "cancel", "one").out == "one cancelled\n"
    else:
        os.kill(victim.pid, signal.SIGINT)
    out, err = victim.communicate(timeout=90)

    assert time.monotonic() - began < 10
    assert not any("sleep" in line for line in processes_of(gateway))
    assert victim.returncode == (130 if act == "ctrl-c" else 1), (out, err)
    shown = json.loads(run_command(gateway, "sprint", "show", "one", "--json").out)
    assert (shown["status"], shown["last_error"]) == ("cancelled", "cancelled_by_user")
    assert events_of(gateway, "one")[-1]["data"]["code"] == "sprint_cancelled"
    check_store(gateway)


def test_a_second_ctrl_c_kills_a_gate_that_will_not_go(gateway):
    set_gate(gateway, """sh -c 'trap "" TERM; sleep 300 & wait; sleep 300'""", "--grace", "60")
    run_command(gateway, "sprint", "create", "one")
    victim = start(gateway, "sprint", "run", "one")
    assert wait_for(lambda: any("sleep 300" in x for x in processes_of(gateway)))
    time.sleep(0.3)

    os.kill(victim.pid, signal.SIGINT)
    time.sleep(1)
    os.kill(victim.pid, signal.SIGINT)
    victim.communicate(timeout=90)

    assert victim.returncode == 130
    assert not any("sleep" in line for line in processes_of(gateway))


def test_sigterm_hands_the_sprint_back_and_the_next_run_goes_on(gateway):
    set_gate(gateway, "sleep 1.5")
    run_command(gateway, "sprint", "create", "one")
    victim = start(gateway, "sprint", "run", "one")
    assert wait_for(lambda: any("sleep" in line for line in processes_of(gateway)))

    os.kill(victim.pid, signal.SIGTERM)
    victim.communicate(timeout=90)
    shown = json.loads(run_command(gateway, "sprint", "show", "one", "--json").out)
    again = run_command(gateway, "sprint", "run", "one")

    assert victim.returncode == 143
    assert shown["status"] == "running"
    assert again.code == 0, again
    verdicts = [
        e["data"]["verdict"] for e in events_of(gateway, "one") if e["kind"] == "gate_finished"
    ]
    assert verdicts == ["interrupted", "passed", "passed"]


def test_cancel_of_a_sprint_whose_carrier_was_killed_ends_it(gateway):
    set_gate(gateway, "sleep 300")
    run_command(gateway, "sprint", "create", "one")
    victim = start(gateway, "sprint", "run", "one")
    assert wait_for(lambda: any("sleep 300" in line for line in processes_of(gateway)))
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate()

    said = run_command(gateway, "sprint", "cancel", "one")

    assert (said.code, said.out) == (0, "one cancelled\n")
    assert wait_for(lambda: not processes_of(gateway))


def test_a_copy_of_the_database_made_while_it_runs_is_sound(gateway):
    run_command(gateway, "sprint", "create", "one")
    run_command(gateway, "sprint", "run", "one")

    database = sqlite3.connect(gateway / ".studio_gateway/gateway.sqlite3")
    mode = database.execute("pragma journal_mode").fetchone()[0]
    sound = database.execute("pragma integrity_check").fetchone()[0]
    database.close()

    assert (mode, sound) == ("wal", "ok")


def test_a_reader_that_goes_does_not_turn_a_red_gate_into_a_success(gateway):
    set_gate(gateway, "false")
    run_command(gateway, "sprint", "create", "one")
    command = f"{sys.executable} -m studio_gateway sprint run one"

    for reader in ("head -1", "true"):
        script = f"set -o pipefail; {command} | {reader} >/dev/null; echo ${{PIPESTATUS[0]}}"
        said = subprocess.run(
            ["bash", "-c", script],
            env=environment(gateway),
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.stdout == "1\n", said
        assert "Traceback" not in said.stderr
        run_command(gateway, "sprint", "create", "two")
        command = f"{sys.executable} -m studio_gateway sprint run two"


def test_a_full_output_is_one_line_and_changes_no_exit_code(gateway):
    set_gate(gateway, "false")
    run_command(gateway, "sprint", "create", "one")
    script = f"{sys.executable} -m studio_gateway {{}} > /dev/full; echo $?"

    def said(words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", script.format(words)],
            env=environment(gateway),
            capture_output=True,
            text=True,
            check=False,
        )

    run, status = said("sprint run one"), said("status")

    assert (run.stdout, status.stdout) == ("1\n", "2\n"), (run, status)
    for one in (run, status):
        assert one.stderr.startswith("error: "), one
        assert "Traceback" not in one.stderr


def test_an_early_ctrl_c_is_no_traceback(gateway):
    for after in (0.1, 0.15, 0.2, 0.3, 0.4):
        victim = start(gateway, "sprint", "list")
        time.sleep(after)
        victim.send_signal(signal.SIGINT)
        _, err = victim.communicate(timeout=90)

        assert "studio_gateway.py" not in err, (after, err)  # Python itself may still be loading
        assert victim.returncode in (0, 1, 130, -signal.SIGINT), (after, victim.returncode)


def test_a_django_command_before_init_is_one_line(repo):
    said = run_command(repo, "migrate")

    assert said.code == 2
    assert said.err.startswith("error: ")
    assert "Traceback" not in said.err
