"""Test that sprints with agent commands work in a clone: real programs, repositories and kills."""

import json
import shlex
import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.checkout import commit, git
from tests.e2e.conftest import set_gate
from tests.e2e.test_crashes import check_store, events_of
from tests.sprints.git.conftest import everything
from tests.world import FOLDER, MARK, clones_of, run_command

REPLY = "print('Status: DONE')"
WRITES = f"open('work', 'a').write('x'); {REPLY}"


@pytest.fixture
def gateway(gateway: Path) -> Path:
    """A store in a repository with a commit, something staged and something not."""
    commit(gateway, {"README": "of the project\n"})
    (gateway / "README").write_text("staged\n")
    git(gateway, "add", "README")
    (gateway / "README").write_text("not staged\n")
    return gateway


def set_agent(repo: Path, program: str, agent: str = "agent_01") -> None:
    """Let that Python answer for the agent."""
    words = shlex.join([sys.executable, "-c", program])
    said = run_command(repo, "agent", "set", agent, "--command", words, "--pass-env", MARK)
    assert said.code == 0, said


def own(repo: Path, *argv: str) -> str:
    """Git on the gateway's own clone."""
    return git(repo, f"--git-dir={repo / FOLDER}/git/own.git", *argv)


def run(repo: Path, fault: str = ""):
    """Make ``wk1`` and run it."""
    assert run_command(repo, "sprint", "create", "wk1").code == 0
    if fault:
        return run_command(repo, "sprint", "run", "wk1", STUDIO_FAULT=fault)
    return run_command(repo, "sprint", "run", "wk1")


def works_of(repo: Path) -> list[dict]:
    """What was seen of each try, in the order of the events."""
    return [e["data"]["work"] for e in events_of(repo, "wk1") if "work" in e["data"]]


def test_agents_and_gates_work_in_the_clone_and_the_checkout_stays(gateway):
    set_agent(gateway, WRITES)
    set_gate(gateway, "sh -c 'cat work && pwd && touch trace'")
    before = everything(gateway)

    said = run(gateway)

    assert said.code == 0, said
    assert everything(gateway) == before
    tree = clones_of(gateway) / "wk1"
    assert (tree / "work").read_text() == "x" * 6
    assert own(gateway, "show", "sg/wk1:work") == "x" * 6
    shown = (gateway / FOLDER / "artifacts/wk1/gates/qa_smoke_quick/stdout.txt").read_text()
    assert shown == "x" * 6 + f"{tree}\n"
    assert [work["seen"] for work in works_of(gateway)] == ["observed"] * 6
    judged = [e["data"] for e in events_of(gateway, "wk1") if e["kind"] == "gate_finished"]
    assert judged[-1]["tree"] == own(gateway, "rev-parse", "sg/wk1^{tree}")
    assert judged[-1]["put_back"] == 1
    shown = run_command(gateway, "sprint", "show", "wk1").out
    assert f"work: sg/wk1, from main at {git(gateway, 'rev-parse', 'HEAD')[:12]}\n" in shown
    check_store(gateway)


def test_a_reply_that_claims_work_is_seen_to_have_done_none(gateway):
    set_agent(gateway, "print('Status: DONE, I wrote all of it')")

    assert run(gateway).code == 0

    # once a round, and once more in R3
    assert [work["seen"] for work in works_of(gateway)] == ["absent"] * 7
    assert own(gateway, "rev-parse", "sg/wk1") == git(gateway, "rev-parse", "HEAD")


def test_a_sprint_without_such_agents_has_no_clone_and_needs_no_commit(gateway):
    set_agent(gateway, WRITES, "agent_05")  # whom nobody asks

    assert run(gateway).code == 0

    assert not (gateway / FOLDER / "git").exists()
    assert not (clones_of(gateway) / "wk1").exists()
    assert "base" not in json.dumps(events_of(gateway, "wk1"))


def test_without_a_commit_a_sprint_of_agents_is_refused_and_stays_as_it_was(repo, gateway):
    git(gateway, "checkout", "-q", "--orphan", "empty")
    set_agent(gateway, WRITES)

    said = run(gateway)
    queued = run_command(gateway, "sprint", "run", "wk1", "--queue")

    for one in (said, queued):
        assert one.code == 2
        assert one.err == (
            f"error: agent_01 is a program and needs a commit: {gateway} has no commit yet; "
            f"type: git -C {gateway} commit\n"
        )
    assert [e["kind"] for e in events_of(gateway, "wk1")] == ["sprint_created"]
    assert not (gateway / FOLDER / "git").exists()


def test_a_failed_sprint_is_mended_by_hand_in_its_clone_and_retried(gateway):
    set_agent(gateway, REPLY)
    set_gate(gateway, "test -e mended")
    assert run(gateway).code == 1
    commit(gateway, {"later": "a commit that the sprint does not begin from"})
    (clones_of(gateway) / "wk1" / "mended").write_text("by hand\n")

    said = run_command(gateway, "sprint", "retry", "wk1")

    assert said.code == 0, said
    files = own(gateway, "ls-tree", "--name-only", "sg/wk1").split("\n")
    assert files == ["README", "mended"]
    check_store(gateway)


def test_a_program_that_fails_loses_nothing_of_what_it_wrote(gateway):
    set_agent(gateway, "open('half', 'w').write('x'); raise SystemExit(3)")

    said = run(gateway)

    assert said.code == 1
    assert own(gateway, "show", "sg/wk1:half") == "x"
    assert works_of(gateway)[0]["paths"] == ["half"]


def test_a_base_that_is_lost_fails_the_sprint_with_its_reason(gateway):
    set_agent(gateway, WRITES)
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    assert run_command(gateway, "sprint", "run", "wk1", "--queue").code == 0
    for path in (gateway / ".git" / "objects").glob("??/*"):
        path.unlink()

    said = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 1
    assert "no_workspace:agent_01 no place to work in: git fetch: " in said.out
    check_store(gateway)


POINTS = ["base_fetched", "clone_made", "work_kept", "clone_renewed"]


@pytest.mark.whole  # all of them in one sprint: test_git_kills
@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_the_next_run_goes_on_and_commits_each_work_once(gateway, point):
    set_agent(gateway, WRITES)
    set_gate(gateway, "sh -c 'cat work && touch trace'")
    before = everything(gateway)

    killed = run(gateway, f"{point}:1:sigkill")
    said = run_command(gateway, "sprint", "run", "wk1")

    assert killed.code == -signal.SIGKILL
    assert said.code == 0, said
    assert everything(gateway) == before
    subjects = own(gateway, "log", "--format=%s", "sg/wk1").split("\n")
    assert len(subjects) == len(set(subjects)) == 7, "one a round, upon the base"
    assert own(gateway, "show", "sg/wk1:work") == "x" * 6
    assert [work["seen"] for work in works_of(gateway)][-1] == "observed"
    tree = clones_of(gateway) / "wk1"
    assert [path.name for path in tree.parent.iterdir()] == ["wk1"]
    assert git(tree, "status", "--porcelain") == ""
    check_store(gateway)


TESTS = "import unittest\nclass T(unittest.TestCase):\n  def test(self): self.fail('half done')\n"
CODE = {".py", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".go", ".rs", ".rb"}


def test_a_test_runner_in_the_checkout_finds_no_tests_of_another_sprint(gateway):
    words = f"open('test_new.py', 'w').write({TESTS!r}); {REPLY}"
    set_agent(gateway, words)
    assert run_command(gateway, "config", "set", "protected_paths", "[]").code == 0
    set_gate(gateway, 'sh -c \'find . -name "test_*"; test -z "$(find . -name "test_*")"\'')
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    assert run_command(gateway, "sprint", "run", "wk1").code == 1
    assert (clones_of(gateway) / "wk1" / "test_new.py").read_text() == TESTS
    assert run_command(gateway, "agent", "set", "agent_01", "--runner", "scripted").code == 0

    assert run_command(gateway, "sprint", "create", "wk2").code == 0
    said = run_command(gateway, "sprint", "run", "wk2")

    assert said.code == 0, said
    assert {path.suffix for path in (gateway / FOLDER).rglob("*")} & CODE == set()
    assert f"clone: {clones_of(gateway)}/wk1\n" in run_command(gateway, "sprint", "show", "wk1").out


def test_a_sprint_goes_on_in_its_clone_after_an_upgrade_has_moved_it(gateway):
    set_agent(gateway, WRITES)
    set_gate(gateway, "test -e mended")
    assert run(gateway).code == 1
    inside = gateway / FOLDER / "work"
    clones_of(gateway).rename(inside)  # as an older version has it
    (gateway / FOLDER / "clones.json").unlink()
    (inside / "wk1" / "mended").write_text("by hand\n")

    assert run_command(gateway, "upgrade").code == 0
    said = run_command(gateway, "sprint", "retry", "wk1")

    assert said.code == 0, said
    assert not inside.exists()
    assert own(gateway, "show", "sg/wk1:mended") == "by hand"
    check_store(gateway)


def test_a_new_store_in_the_place_of_a_deleted_one_removes_its_clones(gateway):
    set_agent(gateway, WRITES)
    assert run(gateway).code == 0
    left = clones_of(gateway) / "wk1"
    shutil.rmtree(gateway / FOLDER)

    assert run_command(gateway, "init").code == 0

    assert not left.exists()
    assert clones_of(gateway).is_dir()


def test_the_branch_can_be_fetched_into_the_users_repository(gateway):
    set_agent(gateway, WRITES)
    assert run(gateway).code == 0

    git(gateway, "fetch", "-q", ".studio_gateway/git/own.git", "sg/wk1:sg/wk1")

    assert git(gateway, "show", "sg/wk1:work") == "x" * 6


def test_the_work_of_a_sprint_goes_on_from_a_backup(gateway, tmp_path):
    set_agent(gateway, WRITES)
    set_gate(gateway, "false")
    assert run(gateway).code == 1
    tip, kept = own(gateway, "rev-parse", "sg/wk1"), own(gateway, "for-each-ref", "refs/sg")
    assert run_command(gateway, "backup", str(tmp_path / "copy")).code == 0

    (gateway / FOLDER).rename(tmp_path / "lost")
    (tmp_path / "copy").rename(gateway / FOLDER)
    assert run_command(gateway, "init").code == 0
    set_gate(gateway, "true")
    said = run_command(gateway, "sprint", "retry", "wk1")

    assert (said.code, said.err) == (0, ""), said
    own(gateway, "merge-base", "--is-ancestor", tip, "sg/wk1")
    assert set(kept.splitlines()) <= set(own(gateway, "for-each-ref", "refs/sg").splitlines())
    assert not (gateway / FOLDER / "git" / "own.bundle").exists()
    check_store(gateway)
