"""Test a plan of two tasks by two agents, of which a gate sends one back: real programs."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.checkout import commit, git
from tests.e2e.conftest import set_gate
from tests.e2e.test_crashes import check_store, events_of
from tests.world import FOLDER, MARK, ROOT, run_command

GATE = """\
import sys

from calc import add
from report import report

if add(2, 3) != 5:
    print(f"calc.py: add(2, 3) is {add(2, 3)}, and not 5")
    sys.exit(7)
assert report() == "5 in all"
"""
TRAILER = "%(trailers:key=Studio-Task,valueonly) %(trailers:key=Studio-Agent,valueonly)"


@pytest.fixture
def crew(gateway: Path) -> Path:
    """A store in a clean checkout, a lead and two implementers that are programs, a gate."""
    commit(gateway, {"README": "of the project\n", "tools/gate.py": GATE})
    words = shlex.join([sys.executable, str(ROOT / "tests" / "crew.py")])
    for agent in ("agent_01", "agent_05", "agent_06"):
        said = run_command(gateway, "agent", "set", agent, "--command", words, "--pass-env", MARK)
        assert said.code == 0, said
    set_gate(gateway, f"env PYTHONPATH=. {sys.executable} -B tools/gate.py")
    assert run_command(gateway, "config", "set", "enable_auto_merge", "true").code == 0
    return gateway


def create(repo: Path, brief: str) -> None:
    """The sprint ``wk1`` with that brief."""
    path = repo / FOLDER / "brief"
    path.write_text(brief)
    said = run_command(repo, "sprint", "create", "wk1", "--brief-file", str(path))
    assert said.code == 0, said


def asked(repo: Path, code: str) -> list[str]:
    """What was asked in that round, in its order."""
    told = (e for e in events_of(repo, "wk1") if e["kind"] == "task_started")
    return [event["data"]["task_id"] for event in told if event["round_id"] == code]


def sound(repo: Path) -> None:
    """The record agrees with itself, can be built anew, and lived again."""
    check_store(repo)
    assert run_command(repo, "rebuild", "--check").code == 0
    said = run_command(repo, "replay", "wk1")
    assert said.code == 0, said


def test_two_agents_build_in_order_and_the_owner_mends_what_the_gate_names(crew):
    create(crew, "A report.\n")

    said = run_command(crew, "sprint", "run", "wk1")

    assert said.code == 0, said
    assert asked(crew, "R2_PLAN_CONFIRM") == ["plan_agent_05", "plan_agent_06", "lead_agent_01"]
    assert asked(crew, "R3_BUILD_A_INTEGRATE") == [
        "build_calc_agent_05",
        "build_report_agent_06",
        "lead_agent_01",
        "fix1_agent_05",
    ]
    told = git(crew, "log", "--reverse", "--no-merges", f"--format={TRAILER}", "main^1..main")
    assert [line.split() for line in told.splitlines() if line.strip()] == [
        ["build_calc_agent_05"],
        ["agent_05"],
        ["build_report_agent_06"],
        ["agent_06"],
        ["fix1_agent_05"],
        ["agent_05"],
    ]
    sound(crew)


def test_tasks_that_cannot_be_taken_go_back_once_and_then_a_human_is_asked(crew):
    create(crew, "A report. BAD TWICE\n")

    said = run_command(crew, "sprint", "run", "wk1")
    kinds = [event["kind"] for event in events_of(crew, "wk1")]
    shown = json.loads(run_command(crew, "sprint", "show", "wk1", "--json").out)
    answered = run_command(crew, "sprint", "answer", "wk1", "--text", "Name agent_06.")
    after = run_command(crew, "sprint", "run", "wk1")

    assert said.code == 3, said
    assert (kinds.count("task_returned"), kinds.count("task_asks")) == (1, 1)
    assert "what shall be planned?" in shown["meta"]["waiting_for"]["what"]
    assert '\\"agent_07\\" is no active agent' in json.dumps(shown["last_error"])
    assert answered.code == 0, answered
    assert after.code == 0, after
    sound(crew)


def test_killed_while_the_second_task_is_built_the_next_run_goes_on_with_it(crew):
    create(crew, "A report.\n")
    # programs before it: three leads, two plans, one build
    killed = run_command(crew, "sprint", "run", "wk1", STUDIO_FAULT="agent_exited:7:sigkill")

    said = run_command(crew, "sprint", "run", "wk1")

    assert killed.code == -9, killed
    assert said.code == 0, said
    assert asked(crew, "R3_BUILD_A_INTEGRATE").count("build_calc_agent_05") == 1
    sound(crew)
