"""Test agents that ask a terminal, do nothing or print secrets: each is reported."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import set_gate
from tests.e2e.test_agents import check, create, gateway, lead, prompts, run, set_agent, sprint
from tests.e2e.test_crashes import events_of
from tests.world import FOLDER, MARK, run_command

__all__ = ["gateway"]

BUILD = "R3_BUILD_A_INTEGRATE"
IDLE = """
import sys
asked = sys.stdin.read()
print("Status: DONE, all of it is built")
"""
ASKS = """
import sys
sys.stdin.read()
answer = input("Which branch shall I take? ")
print("Status: DONE, I took", answer)
"""
AT_TERMINAL = """
import sys
sys.stdin.read()
with open("/dev/tty") as terminal:
    print("Status: DONE, I took", terminal.readline())
"""
TELLS = """
import os, sys
sys.stdin.read()
key = os.environ["TEAM_API_KEY"]
open("notes", "a").write("worked\\n")
print("the key is", key, file=sys.stderr)
print("Status: DONE, with the key", key)
"""
LIMITED = """#!/usr/bin/env python3
import json, sys
sys.stdin.read()
print(json.dumps({"type": "result", "subtype": "success", "is_error": True,
                  "result": "API Error: 429 rate_limit_error: try again later"}))
sys.exit(1)
"""


def answer_by(repo: Path, program: str, options: tuple[str, ...] = ()) -> None:
    """Let a program of these lines answer for agent 01."""
    command = shlex.join([sys.executable, "-c", program])
    given = ["--command", command, "--pass-env", MARK, *options]
    said = run_command(repo, "agent", "set", "agent_01", *given)
    assert said.code == 0, said


@pytest.mark.parametrize(
    ("program", "words"), [(ASKS, "Which branch shall I take?"), (AT_TERMINAL, "/dev/tty")]
)
def test_a_program_that_asks_somebody_at_a_terminal_is_answered_by_nobody(gateway, program, words):
    answer_by(gateway, program)

    said = run(gateway)

    assert said.code == 1, said
    assert sprint(gateway)["last_error"] == "agent_failed:agent_01 exit code 1"
    details = lead(gateway)["details"]
    assert words in details["tail"] + Path(details["stdout"]).read_text()
    check(gateway)


def test_a_program_that_has_done_nothing_is_asked_once_more_and_then_that_is_told(gateway):
    answer_by(gateway, IDLE)

    said = run(gateway)

    assert said.code == 0, said  # it is the gate that judges, and that one is content
    task = lead(gateway, BUILD)
    assert (task["details"]["try"], task["details"]["unchanged"]) == (2, 2)
    told = events_of(gateway, "wk1")
    asked = [one["data"]["prompt"] for one in told if one["kind"] == "task_started"]
    assert ["git shows no change" in one for one in asked].count(True) == 1
    returned = [one for one in told if one["kind"] == "task_returned"]
    assert len(returned) == 1
    assert returned[0]["data"]["unchanged"] == 1
    done = [one for one in told if one["kind"] == "task_done" and "unchanged" in one["data"]]
    assert [one["round_id"] for one in done] == [BUILD]
    check(gateway)


def test_who_says_then_why_there_is_nothing_to_do_is_believed(gateway):
    why = 'print("Status: BLOCKED, it is there" if "shows no change" in asked else "Status: DONE")'
    answer_by(gateway, f"import sys; asked = sys.stdin.read(); {why}")

    assert run(gateway).code == 0

    assert lead(gateway, BUILD)["details"]["reply"] == "BLOCKED, it is there"
    check(gateway)


def test_a_key_that_a_program_tells_is_nowhere_in_the_store(gateway):
    key = "k3y-of-the-team-0123456789"
    answer_by(gateway, TELLS, options=("--pass-env", "TEAM_API_KEY"))
    create(gateway)

    said = run_command(gateway, "sprint", "run", "wk1", TEAM_API_KEY=key)

    assert said.code == 0, said
    assert lead(gateway, BUILD)["details"]["reply"] == "DONE, with the key [redacted]"
    files = [path for path in (gateway / FOLDER).rglob("*") if path.is_file()]
    assert [path for path in files if key.encode() in path.read_bytes()] == []
    assert key not in said.out
    check(gateway)


def test_a_rate_limit_is_called_what_it_is_and_a_retry_goes_on(gateway, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "claude").write_text(LIMITED)
    (folder / "claude").chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    preset = ["--preset", "claude-code", "--pass-env", MARK]
    assert run_command(gateway, "agent", "set", "agent_01", *preset).code == 0
    create(gateway)

    said = run_command(gateway, "sprint", "run", "wk1", PATH=path)

    assert said.code == 1, said
    assert sprint(gateway)["last_error"].startswith("agent_failed:agent_01 rate limited: ")
    assert "429 rate_limit_error" in (Path(lead(gateway)["details"]["stdout"])).read_text()
    set_agent(gateway, "replies", "--reply-field", "")
    set_gate(gateway, "true")
    again = run_command(gateway, "sprint", "retry", "wk1")
    assert again.code == 0, again
    assert prompts(gateway)
    check(gateway)
