"""Test that the command line says why a sprint failed, and takes a brief in each usual way."""

import io
import sys
from types import SimpleNamespace

import pytest

from sprints.management import progress_bars
from tests import studio


def failed(invoke, script: str) -> list[str]:
    """Run a sprint whose gate is that script, and return what is printed about its output."""
    studio.gate(sys.executable, "-c", script + "; sys.exit(1)")
    invoke("sprint", "create", "wk1")
    said = invoke("sprint", "run", "wk1")
    assert said.code == 1
    assert "runs" not in said.out.partition("stdout.txt")[2]
    return [line[4:] for line in said.out.splitlines() if line.startswith("  | ")]


def test_a_failed_gate_shows_its_last_twenty_lines(invoke):
    shown = failed(invoke, "import sys; [print('line', n) for n in range(60)]")

    assert shown == [f"line {n}" for n in range(40, 60)]


def test_a_failing_line_above_the_last_twenty_comes_first(invoke):
    script = "import sys; print('E   assert 1 == 2'); [print('line', n) for n in range(60)]"

    assert failed(invoke, script)[:3] == ["E   assert 1 == 2", "…", "line 40"]


def test_the_output_that_names_the_failure_is_shown_without_control_characters(invoke):
    script = "import sys; print('fine'); sys.stderr.write('\\x1b[31mValueError: no\\x1b[0m\\a\\n')"

    assert failed(invoke, script)[-1].startswith("ValueError: no")
    assert not any("\x1b" in line or "\a" in line for line in failed_again(invoke))


def failed_again(invoke) -> list[str]:
    return [*invoke("sprint", "retry", "wk1").out.splitlines()]


def test_a_gate_without_output_shows_none(invoke):
    assert failed(invoke, "import sys") == []


def brief() -> str:
    return str(studio.sprint().meta["brief"])


def test_a_brief_is_typed_read_from_a_pipe_or_from_a_file(invoke, repo, monkeypatch):
    assert invoke("sprint", "create", "wk1", "--brief", "Make it faster").code == 0
    assert brief() == "Make it faster"

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("größer\n".encode())))
    assert invoke("sprint", "edit", "wk1", "--brief-file", "-").code == 0
    assert brief() == "größer\n"

    (repo / "brief.md").write_text("smaller")
    assert invoke("sprint", "edit", "wk1", "--brief-file", str(repo / "brief.md")).code == 0
    assert brief() == "smaller"


@pytest.mark.parametrize(
    "both", [("--brief-file", "-"), ("--set", "brief=other")], ids=["a file", "--set"]
)
def test_two_briefs_are_refused(invoke, both):
    said = invoke("sprint", "create", "wk1", "--brief", "one", *both)

    assert said.code == 2
    assert "both set the brief" in said.err


def test_a_schedule_takes_a_typed_brief(invoke):
    invoke("schedule", "add", "nightly", "--cron", "0 2 * * *", "--brief", "Make it faster")

    assert studio.schedule().brief == "Make it faster"


def test_an_empty_text_removes_the_variables(invoke):
    invoke("agent", "set", "agent_01", "--env", "A=1", "--pass-env", "HOME_KEY")
    invoke("gate", "set", "qa_smoke_quick", "--env", "A=1")

    assert invoke("agent", "set", "agent_01", "--env", "", "--pass-env", "").code == 0
    assert invoke("gate", "set", "qa_smoke_quick", "--env", "").code == 0

    assert (studio.agent().env, studio.agent().pass_env) == ({}, ())
    assert '"env": {}' in invoke("gate", "list", "--json").out


def test_contract_check_shows_progress_in_a_pipe_and_ends_in_time(invoke, monkeypatch):
    monkeypatch.setattr(progress_bars, "EACH_S", 0.0)
    assert "states: " in invoke("contract", "check").err

    studio.speaker("replies")
    said = invoke("contract", "check", "--timeout", "1")
    assert said.code == 1
    assert "gave up after" in said.out
