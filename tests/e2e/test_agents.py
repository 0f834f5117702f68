"""Test agent commands that fail, hang or misbehave: each is reported, and no process stays."""

import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from gates import toolchains
from tests.checkout import commit
from tests.e2e.conftest import processes_of, start, wait_for
from tests.e2e.test_crashes import check_store, events_of
from tests.world import MARK, ROOT, clones_of, run_command

SPEAKER = str(ROOT / "tests" / "speaker.py")


@pytest.fixture
def gateway(gateway: Path) -> Path:
    """A store in a repository that has a commit, from which agents can work."""
    commit(gateway, {"README": "of the project"})
    return gateway


def work(repo: Path) -> Path:
    """The clone in which the agents of ``wk1`` work."""
    return clones_of(repo) / "wk1"


def set_agent(repo: Path, way: str, *options: str, agent: str = "agent_01") -> None:
    """Let the speaker answer for the agent, in that way."""
    words = shlex.join([sys.executable, SPEAKER, *way.split()])
    said = run_command(
        repo, "agent", "set", agent, "--command", words, "--pass-env", MARK, *options
    )
    assert said.code == 0, said


def create(repo: Path, *options: str) -> None:
    """Have the sprint ``wk1``."""
    assert run_command(repo, "sprint", "create", "wk1", *options).code == 0


def run(repo: Path, *options: str):
    """Make and run the sprint ``wk1``."""
    create(repo, *options)
    return run_command(repo, "sprint", "run", "wk1")


def sprint(repo: Path) -> dict:
    """The sprint as state.json has it."""
    state = json.loads((repo / ".studio_gateway/state.json").read_text())
    found: dict = state["sprints"]["wk1"]
    return found


def lead(repo: Path, code: str = "R0_SETUP", name: str = "lead_agent_01") -> dict:
    """A round's question to its lead."""
    found: dict = sprint(repo)["rounds"][code]["tasks"][name]
    return found


def check(repo: Path) -> None:
    """Rows, files and events agree, all that must hold does, and nothing of an agent runs."""
    check_store(repo)
    said = run_command(repo, "rebuild", "--check")
    assert (said.code, said.err) == (0, ""), said.out
    findings = json.loads(run_command(repo, "doctor", "--json").out)
    wrong = [one for one in findings if one["check"] == "invariants" and one["level"] == "bad"]
    assert not wrong, wrong
    assert not [line for line in processes_of(repo) if "speaker" in line or "sleep" in line]


def prompts(repo: Path) -> list[str]:
    """What the speaker was asked, each time."""
    return (work(repo) / "prompts").read_text().split("\n=====\n")[:-1]


def test_a_program_leads_every_round_and_is_told_what_was_said_before(gateway):
    set_agent(gateway, "replies")

    said = run(gateway)

    assert said.code == 0, said
    task = lead(gateway, "R5_RELEASE_CANDIDATE")
    asked = prompts(gateway)
    assert len(asked) == 6
    assert task["status"] == "done"
    assert task["details"]["reply"] == f"DONE, {len(asked[-1])} characters read"
    assert task["details"]["exit_code"] == 0
    assert Path(task["details"]["stdout"]).read_text().startswith("Status: DONE")
    assert "- agent_12 in R1_CONTRACTS:\n  Status: ACK (scripted)" in asked[1]
    assert "- agent_01 in R4_BUILD_B_POLISH:" in asked[-1]
    check(gateway)


def test_a_prompt_by_a_file_leaves_standard_input_empty(gateway):
    set_agent(gateway, "replies {prompt_file}")

    assert run(gateway).code == 0

    assert len(prompts(gateway)) == 6


FAILURES = {
    "exits3": ("exit code 3", 3),
    "floods": ("printed more than 64 MiB; stopped after", -9),
    "binary": ("no reply: it has no line that begins with Status:", 0),
    "asks": ("exit code 1", 1),
    "empty": ("no reply: it is empty", 0),
    "echoes": ("no reply: it ends with the example of its prompt", 0),
    "chatters": ("no reply: it has no line that begins with Status:", 0),
    "kills_itself": ("killed by SIGKILL", -9),
}


@pytest.mark.parametrize("way", FAILURES)
def test_a_program_that_does_not_answer_fails_the_sprint_there(gateway, way):
    set_agent(gateway, way)
    reason, code = FAILURES[way]

    said = run(gateway)

    assert said.code == 1, said
    assert sprint(gateway)["status"] == "failed"
    assert sprint(gateway)["last_error"].startswith(f"agent_failed:agent_01 {reason}")
    assert lead(gateway)["status"] == "blocked"
    assert lead(gateway)["details"]["exit_code"] == code
    assert [e["kind"] for e in events_of(gateway, "wk1")][-2:] == ["task_failed", "error"]
    assert lead(gateway)["details"]["stdout"] in said.out
    check(gateway)


def test_the_last_lines_of_a_program_that_fails_are_shown(gateway):
    set_agent(gateway, "exits3")

    said = run(gateway)

    assert "\n  no good\n" in said.out
    assert lead(gateway)["details"]["tail"] == "no good"


@pytest.mark.parametrize(
    ("command", "reason", "code"),
    [
        ("no-such-program-anywhere", "no such program: no-such-program-anywhere", 127),
        ("./prompt.md", "not executable: ./prompt.md", 126),
    ],
)
def test_a_program_that_cannot_be_run_fails_the_sprint(gateway, command, reason, code):
    commit(gateway, {"prompt.md": "no program"})
    run_command(gateway, "agent", "set", "agent_01", "--command", command)

    said = run(gateway)

    assert said.code == 1
    assert sprint(gateway)["last_error"] == f"agent_failed:agent_01 {reason}"
    assert lead(gateway)["details"]["exit_code"] == code
    check(gateway)


def test_a_retry_asks_again_as_a_new_attempt_under_the_agent_as_it_is_now(gateway):
    set_agent(gateway, "exits3")
    assert run(gateway).code == 1
    set_agent(gateway, "replies")

    said = run_command(gateway, "sprint", "retry", "wk1")

    assert said.code == 0, said
    assert lead(gateway)["status"] == "blocked"
    assert lead(gateway, name="lead_agent_01_attempt2")["status"] == "done"
    check(gateway)


@pytest.mark.parametrize("way", ["hangs", "stubborn"])
def test_a_timeout_ends_the_program_and_all_that_it_started(gateway, way):
    set_agent(gateway, way, "--timeout", "1", "--grace", "0.5")

    said = run(gateway)

    assert said.code == 1
    assert "agent_failed:agent_01 timed out; stopped after" in said.out
    check(gateway)


def test_a_daemon_that_holds_the_outputs_does_not_hold_up_the_sprint(gateway):
    set_agent(gateway, "daemon")
    began = time.monotonic()

    said = run(gateway)

    assert said.code == 0, said
    assert time.monotonic() - began < 60
    assert lead(gateway)["details"]["strays_killed"] == 1
    check(gateway)


def test_a_program_that_neither_prints_nor_computes_is_stopped_and_that_is_said(gateway):
    set_agent(gateway, "hangs", "--idle", "1")

    said = run(gateway)

    assert said.code == 1
    assert "agent_failed:agent_01 no output and no CPU for 1 s" in said.out
    check(gateway)


def test_a_program_that_computes_is_not_idle(gateway):
    set_agent(gateway, "busy", "--idle", "1.5")
    create(gateway)

    said = run_command(gateway, "sprint", "step", "wk1")

    assert said.code == 0, said
    check(gateway)


def test_the_end_of_a_rounds_minutes_stops_the_program(gateway):
    set_agent(gateway, "hangs", "--timeout", "300")
    create(gateway, "--deadline", "stop")
    shorten = "from sprints.models import Sprint; s = Sprint.objects.get(); "
    shorten += "s.meta['round_minutes'] = {'R0_SETUP': [0, 0.03]}; s.save()"
    assert run_command(gateway, "shell", "-c", shorten).code == 0

    said = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 1
    assert "agent_failed:agent_01 the minutes of R0_SETUP ended; timed out" in said.out
    assert not [line for line in processes_of(gateway) if "speaker" in line]


def test_a_cancel_ends_the_program_within_its_grace(gateway):
    set_agent(gateway, "stubborn", "--grace", "1")
    create(gateway)
    running = start(gateway, "sprint", "run", "wk1")
    assert wait_for(lambda: (work(gateway) / "hangs").exists())
    began = time.monotonic()

    said = run_command(gateway, "sprint", "cancel", "wk1")

    running.communicate(timeout=90)
    assert (said.code, said.out) == (0, "wk1 cancelled\n")
    assert time.monotonic() - began < 10
    assert lead(gateway)["status"] == "cancelled"
    check(gateway)


def test_kill_9_while_the_program_runs_asks_again_in_a_further_try(gateway):
    set_agent(gateway, "first_time")
    create(gateway)
    running = start(gateway, "sprint", "run", "wk1")
    assert wait_for(lambda: (work(gateway) / "hangs").exists())

    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    said = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 0, said
    assert lead(gateway)["details"]["try"] == 2
    assert lead(gateway)["details"]["lost"] == 1
    kinds = [e["kind"] for e in events_of(gateway, "wk1")]
    assert kinds[3:7] == ["task_started", "task_stopped", "task_started", "task_done"]
    runs = Path(lead(gateway)["details"]["folder"]) / "runs"
    assert sorted(path.name for path in runs.iterdir()) == ["1", "2"]
    check(gateway)


@pytest.mark.parametrize("point", ["agent_spawned", "agent_exited"])
def test_killed_at_a_point_of_an_exchange_the_next_run_goes_on(gateway, point):
    set_agent(gateway, "replies")
    create(gateway)
    killed = run_command(gateway, "sprint", "run", "wk1", STUDIO_FAULT=f"{point}:2:sigkill")

    said = run_command(gateway, "sprint", "run", "wk1")

    assert killed.code == -signal.SIGKILL
    assert said.code == 0, said
    assert len(prompts(gateway)) == 6, "what had ended was there to be adopted"
    check(gateway)


def test_sigterm_hands_the_sprint_back_and_the_next_run_asks_again(gateway):
    set_agent(gateway, "first_time")
    create(gateway)
    running = start(gateway, "sprint", "run", "wk1")
    assert wait_for(lambda: (work(gateway) / "hangs").exists())

    running.terminate()
    running.communicate(timeout=90)
    between = lead(gateway)["status"]
    said = run_command(gateway, "sprint", "run", "wk1")

    assert (running.returncode, between) == (143, "pending")
    assert said.code == 0, said
    assert lead(gateway)["details"]["lost"] == 0
    check(gateway)


def test_a_directional_question_blocks_until_a_human_answers_it(gateway):
    set_agent(gateway, "directional")

    said = run(gateway)
    blocked = sprint(gateway)
    refused = run_command(gateway, "sprint", "run", "wk1")
    answered = run_command(gateway, "sprint", "answer", "wk1", "--text", "Blue.")
    twice = run_command(gateway, "sprint", "answer", "wk1", "--text", "Red.")
    again = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 3, said
    assert "next: studio-gateway sprint answer wk1 --text" in said.out
    assert blocked["meta"]["waiting_for"]["what"] == "an answer to agent_01: red or blue?"
    assert blocked["last_error"] == "agent_asks:agent_01 red or blue?"
    assert (refused.code, "sprint answer wk1" in refused.err) == (2, True)
    assert answered.code == 0, answered
    assert (twice.code, twice.err) == (
        2,
        "error: sprint wk1 is running; no agent asks a question\n",
    )
    assert again.code == 0, again
    assert "- agent_01 asked: red or blue?\n  answer of " in prompts(gateway)[1]
    assert ":\n  Blue.\n" in prompts(gateway)[1]
    assert lead(gateway)["details"]["try"] == 2
    check(gateway)


def test_an_answer_hands_the_sprint_to_the_workers(gateway):
    set_agent(gateway, "directional")
    create(gateway)
    worker = start(gateway, "worker")
    assert run_command(gateway, "sprint", "run", "wk1", "--queue").code == 0
    assert wait_for(lambda: sprint(gateway)["status"] == "blocked")

    said = run_command(gateway, "sprint", "answer", "wk1", "--text", "Blue.")

    assert said.code == 0, said
    assert wait_for(lambda: sprint(gateway)["status"] == "succeeded")
    worker.terminate()
    worker.communicate(timeout=90)
    assert len(prompts(gateway)) == 7
    check(gateway)


def test_a_killed_supervisor_is_no_answer_and_leaves_nothing(gateway):
    set_agent(gateway, "replies")
    create(gateway)

    said = run_command(gateway, "sprint", "run", "wk1", STUDIO_FAULT="gate_ended:1:sigkill")

    assert said.code == 1, said
    assert "agent_failed:agent_01 the gate's supervisor died" in said.out
    check(gateway)


def test_an_agent_gets_an_environment_by_an_allow_list(gateway):
    set_agent(gateway, "environment", "--pass-env", "WANTED", "--env", "SET=1")
    create(gateway)
    ours = {"WANTED": "1", "UNWANTED": "1", "SECRET_KEY": "x" * 50, "LC_TIME": "C"}

    said = run_command(gateway, "sprint", "step", "wk1", **ours)

    assert said.code == 0, said
    seen = set((work(gateway) / "seen").read_text().split())
    assert {"PATH", "TERM", "WANTED", "LC_TIME", "STUDIO_GATEWAY_RUN"} <= seen
    usual = {"PATH", "HOME", "LANG", "TMPDIR", "TERM", "LC_TIME", "LC_ALL", "LC_CTYPE"}
    usual |= {"GIT_CEILING_DIRECTORIES"}
    usual |= {name for _, names in toolchains.MANAGERS.values() for name in names}
    assert seen - usual == {"WANTED", "SET", "STUDIO_GATEWAY_RUN", MARK} | (seen & {"PWD"})


def test_a_running_sprint_keeps_the_agents_that_it_started_with(gateway):
    set_agent(gateway, "replies")
    create(gateway)
    assert run_command(gateway, "sprint", "step", "wk1").code == 0
    set_agent(gateway, "exits3")

    said = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 0, said
    assert len(prompts(gateway)) == 6


def test_the_reply_may_stand_in_a_field_of_json(gateway):
    set_agent(gateway, "json", "--reply-field", "result")

    assert run(gateway).code == 0

    assert lead(gateway)["details"]["reply"] == "DONE"
