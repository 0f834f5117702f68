"""Test that failed gates send work back, and that exactly the passed work is shipped."""

import json
import shlex
import signal
import sys
from pathlib import Path

import pytest

from tests.checkout import commit, git
from tests.e2e.conftest import set_gate
from tests.e2e.test_crashes import check_store, events_of
from tests.sprints.git.conftest import everything
from tests.world import FOLDER, MARK, ROOT, clones_of, run_command

BRIEF = "A calculator.\n\nBuild: calc.py has add(a, b)\n"
GATE = """\
import sys

print("a line that says nothing\\n" * 2000)
from calc import add

if add(2, 3) != 5:
    print(f"add(2, 3) is {add(2, 3)}, and not 5")
    sys.exit(7)
print("all is well")
"""
# What shipping brings into a repository: its branch and its tag, in whatever form git keeps them.
SHIPPED = ("objects/", "refs/heads/main", "refs/tags/shipped", "logs/refs/heads/main")


@pytest.fixture
def gateway(gateway: Path) -> Path:
    """A store in a clean checkout, an agent that builds, and the project's own gate."""
    commit(gateway, {"README": "of the project\n", "tools/gate.py": GATE})
    words = shlex.join([sys.executable, str(ROOT / "tests" / "builder.py")])
    said = run_command(gateway, "agent", "set", "agent_01", "--command", words, "--pass-env", MARK)
    assert said.code == 0, said
    # -B: Python takes what it has compiled for new while second and size are the same
    set_gate(gateway, f"env PYTHONPATH=. {sys.executable} -B tools/gate.py")
    assert run_command(gateway, "config", "set", "enable_auto_merge", "true").code == 0
    brief = gateway / FOLDER / "brief"
    brief.write_text(BRIEF)
    said = run_command(gateway, "sprint", "create", "wk1", "--brief-file", str(brief))
    assert said.code == 0, said
    return gateway


def go_elsewhere(repo: Path) -> None:
    """The user leaves the base for a branch of their own, in the middle of something."""
    git(repo, "switch", "-q", "-c", "mine")
    (repo / "README").write_text("stashed\n")
    git(repo, "stash")
    (repo / "README").write_text("staged\n")
    git(repo, "add", "README")
    (repo / "README").write_text("not staged\n")
    (repo / "calc.py").write_text("my own, not known to git\n")


def theirs(repo: Path) -> dict[str, str]:
    """Every file of the user's but what shipping brings: checkout, index, stash, branches."""
    git_dir = f"{repo}/.git/"
    return {
        path: about
        for path, about in everything(repo).items()
        if not path.removeprefix(git_dir).startswith(SHIPPED)
    }


def tasks_of(repo: Path, code: str) -> dict[str, dict]:
    """The round's tasks, as state.json has them."""
    state = json.loads((repo / FOLDER / "state.json").read_text())
    found: dict[str, dict] = state["sprints"]["wk1"]["rounds"][code]["tasks"]
    return found


def shipped_once(repo: Path, base: str) -> None:
    """One merge upon the base, of the tree that the gate passed last, with a true certificate."""
    assert git(repo, "rev-list", "--first-parent", f"{base}..main").count("\n") == 0
    assert git(repo, "rev-parse", "main^1") == base
    assert len(git(repo, "rev-list", "--merges", f"{base}..main").split()) == 1
    assert git(repo, "show", "main:calc.py") == "def add(a, b):\n    return a + b"
    assert git(repo, "tag") == "shipped/wk1"
    assert git(repo, "rev-parse", "shipped/wk1^{commit}") == git(repo, "rev-parse", "main")
    judged = [e["data"] for e in events_of(repo, "wk1") if e["kind"] == "gate_finished"]
    assert [one["exit_code"] for one in judged] == [7, 0, 0, 0]
    assert judged[-1]["tree"] == git(repo, "rev-parse", "main^{tree}")
    said = run_command(repo, "verify", "--tag", "shipped/wk1")
    assert said.code == 0, said
    check_store(repo)
    said = run_command(repo, "rebuild", "--check")
    assert said.code == 0, said
    findings = json.loads(run_command(repo, "doctor", "--json").out)
    assert not [one for one in findings if (one["check"], one["level"]) == ("invariants", "bad")]


def test_what_breaks_the_gate_is_mended_judged_merged_and_shipped(gateway):
    base = git(gateway, "rev-parse", "main")
    assert run_command(gateway, "sprint", "step", "wk1").code == 0
    go_elsewhere(gateway)
    before = theirs(gateway)

    said = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 0, said
    assert theirs(gateway) == before
    assert git(gateway, "stash", "list").count("\n") == 0
    fix = tasks_of(gateway, "R3_BUILD_A_INTEGRATE")["fix1_agent_01"]
    assert fix["details"]["reply"] == "DONE, add is mended with +"
    assert fix["details"]["work"]["paths"] == ["calc.py"]
    shipped_once(gateway, base)


def test_the_prompt_of_the_fix_has_the_ends_of_the_log_and_says_where_all_of_it_is(gateway):
    assert run_command(gateway, "sprint", "run", "wk1").code == 0

    fix = tasks_of(gateway, "R3_BUILD_A_INTEGRATE")["fix1_agent_01"]
    prompt = (Path(fix["details"]["folder"]) / "runs/1/prompt.txt").read_text()
    logs = gateway / FOLDER / "artifacts/wk1/gates/qa_smoke_quick/runs/1"
    assert "- gate qa_smoke_quick: failed, exit code 7\n" in prompt
    assert f"full log: {logs}/stdout.txt {logs}/stderr.txt\n" in prompt
    assert "    | add(2, 3) is -1, and not 5\n" in prompt
    assert "bytes left out …]" in prompt
    assert len(prompt) < 12_000 < (logs / "stdout.txt").stat().st_size


@pytest.mark.parametrize(
    "point",
    [pytest.param(one, marks=pytest.mark.whole) for one in ("agent_spawned:5", "agent_exited:5")]
    + ["verdict_committed:5"],
)
def test_killed_while_it_is_sent_back_the_next_run_mends_it_once(gateway, point):
    base = git(gateway, "rev-parse", "main")
    killed = run_command(gateway, "sprint", "run", "wk1", STUDIO_FAULT=f"{point}:sigkill")

    said = run_command(gateway, "sprint", "run", "wk1")

    assert killed.code == -signal.SIGKILL
    assert said.code == 0, said
    assert "fix2_agent_01" not in tasks_of(gateway, "R3_BUILD_A_INTEGRATE")
    shipped_once(gateway, base)


def test_an_agent_that_mends_nothing_is_asked_once_and_the_reason_is_told(gateway):
    idle = shlex.join([sys.executable, "-c", "print('Status: DONE, all is well')"])
    assert run_command(gateway, "agent", "set", "agent_01", "--command", idle).code == 0
    head = git(gateway, "rev-parse", "main")

    said = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 1, said
    why = "gate_failed:qa_smoke_quick exit_code=1 (the same tree failed in the same way before)"
    assert why in said.out
    assert [*tasks_of(gateway, "R3_BUILD_A_INTEGRATE")] == ["fix1_agent_01", "lead_agent_01"]
    assert git(gateway, "rev-parse", "main") == head
    check_store(gateway)


def test_a_sprint_that_is_mended_by_hand_after_that_goes_on(gateway):
    idle = shlex.join([sys.executable, "-c", "print('Status: DONE, all is well')"])
    assert run_command(gateway, "agent", "set", "agent_01", "--command", idle).code == 0
    assert run_command(gateway, "sprint", "run", "wk1").code == 1
    mended = clones_of(gateway) / "wk1" / "calc.py"
    mended.write_text("def add(a, b):\n    return a + b\n")

    said = run_command(gateway, "sprint", "retry", "wk1")

    assert said.code == 0, said
    assert git(gateway, "show", "main:calc.py") == mended.read_text().strip()
