"""Test unshipping: a commit that reverts the shipped work, judged and published like other work."""

import json
import shutil
import signal

import pytest

from tests.checkout import commit, git
from tests.e2e.conftest import processes_of, set_gate, wait_for
from tests.e2e.test_crashes import check_store, events_of
from tests.e2e.test_pushes import origin
from tests.e2e.test_ships import gateway, prepare, run
from tests.faults.table import SHORT
from tests.world import FOLDER, MARK, run_command

__all__ = ["gateway", "origin"]


@pytest.fixture(scope="module")
def once(tmp_path_factory, fresh):
    """A repository in which the work of ``wk1`` is shipped, and a gate that takes any tree."""
    repo = tmp_path_factory.mktemp("shipped") / "repo"
    (repo / ".git").mkdir(parents=True)
    shutil.copytree(fresh, repo / FOLDER)
    prepare(repo)
    assert run(repo).code == 0
    set_gate(repo, "sh -c 'test ! -e red'")
    shutil.copytree(repo, repo.with_name("copy"), symlinks=True)
    return repo


@pytest.fixture
def shipped(once, monkeypatch):
    """It again, at the same place: paths are on record."""
    shutil.rmtree(once)
    shutil.copytree(once.with_name("copy"), once, symlinks=True)
    monkeypatch.setenv(MARK, str(once))
    yield once
    assert wait_for(lambda: not processes_of(once)), processes_of(once)


def meta(repo, name):
    """A sprint's, as state.json has it."""
    state = json.loads((repo / FOLDER / "state.json").read_text())
    found: dict = state["sprints"][name]["meta"]
    return found


def taken_back_once(repo) -> None:
    """One revert, one merge, one tag; the files are as before; record and certificate are true."""
    head = git(repo, "rev-parse", "main")
    subjects = git(repo, "log", "--format=%s", "main").split("\n")
    assert [
        subjects.count(f"{verb} of wk1") for verb in ("Merge the revert", "Revert the work")
    ] == [1, 1]
    assert git(repo, "tag").split("\n") == ["shipped/wk1", "unshipped/wk1"]
    assert git(repo, "rev-parse", "unshipped/wk1^{commit}") == head
    assert not (repo / "work").exists()
    assert git(repo, "status", "--porcelain") == ""
    for tag in ("shipped/wk1", "unshipped/wk1"):
        said = run_command(repo, "verify", "--tag", tag)
        assert said.code == 0, said
    check_store(repo)
    replayed = run_command(repo, "replay")
    assert replayed.code == 0, replayed
    findings = json.loads(run_command(repo, "doctor", "--json").out)
    assert not [one for one in findings if (one["check"], one["level"]) == ("invariants", "bad")]


def test_what_was_shipped_is_taken_back_by_a_sprint_of_its_own(shipped):
    later = commit(shipped, {"README": "after that\n"})

    said = run_command(shipped, "sprint", "unship", "wk1", "--why", "it is slow")

    assert said.code == 0, said
    taken_back_once(shipped)
    assert (shipped / "README").read_text() == "after that\n"
    reverts = git(shipped, "log", "-1", "--format=%P|%b", "unshipped/wk1^2")
    assert reverts.startswith(f"{later}|it is slow\n")
    assert meta(shipped, "wk1")["unshipped_by"] == "wk1-unship"
    judged = [e["data"] for e in events_of(shipped, "wk1-unship") if e["kind"] == "gate_finished"]
    assert judged[-1]["tree"] == git(shipped, "rev-parse", "main^{tree}")
    told = git(shipped, "cat-file", "tag", "unshipped/wk1")
    shown = json.loads(told[told.index("{\n") :])
    assert shown["undoes"] == git(shipped, "rev-parse", "shipped/wk1^{commit}")


def test_a_tree_without_the_work_that_is_red_is_never_published(shipped):
    set_gate(shipped, "sh -c 'test -e work'")
    head = git(shipped, "rev-parse", "main")

    said = run_command(shipped, "sprint", "unship", "wk1")
    again = run_command(shipped, "sprint", "unship", "wk1")

    assert said.code == 1, said
    assert "gate_failed:qa_smoke_quick" in said.out
    assert (git(shipped, "rev-parse", "main"), git(shipped, "tag")) == (head, "shipped/wk1")
    hint = "type: studio-gateway sprint retry wk1-unship"
    assert (again.code, again.err) == (
        2, f"error: sprint wk1 is reverted by wk1-unship, which has failed; {hint}\n",
    )  # fmt: skip
    set_gate(shipped, "true")
    assert run_command(shipped, "sprint", "retry", "wk1-unship").code == 0
    taken_back_once(shipped)


REFUSED = {
    "not shipped": (lambda repo: None, "other", "sprint other has shipped nothing"),
    "conflict": (
        lambda repo: commit(repo, {"work": "gone on\n"}), "wk1", "conflicts with main in work",
    ),
    "by hand": (
        lambda repo: git(repo, "revert", "--no-edit", "-m", "1", "HEAD"), "wk1",
        "main has nothing of ",
    ),
    "not there": (
        lambda repo: git(repo, "reset", "-q", "--hard", "HEAD^"), "wk1", "main does not have ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_taken_back_is_refused_and_no_sprint_is_made(shipped, what):
    hinder, name, words = REFUSED[what]
    assert run_command(shipped, "sprint", "create", "other").code == 0
    hinder(shipped)
    before = git(shipped, "for-each-ref"), len(events_of(shipped, name))

    said = run_command(shipped, "sprint", "unship", name)

    assert said.code == 2, said
    assert words in said.err
    assert "Traceback" not in said.err
    assert (git(shipped, "for-each-ref"), len(events_of(shipped, name))) == before
    assert f"{name}-unship" not in (shipped / FOLDER / "state.json").read_text()


def test_one_that_was_given_up_is_followed_by_another_with_a_revert_of_its_own(shipped):
    set_gate(shipped, "false")
    assert run_command(shipped, "sprint", "unship", "wk1").code == 1
    assert run_command(shipped, "archive", "wk1-unship").code == 0
    set_gate(shipped, "true")
    commit(shipped, {"other": "mended\n"})

    said = run_command(shipped, "sprint", "unship", "wk1")

    assert said.code == 0, said
    assert "wk1-unship-2 succeeded" in said.out
    assert git(shipped, "tag").split() == ["shipped/wk1", "unshipped/wk1"]
    assert (shipped / "other").exists()
    check_store(shipped)


POINTS = [
    "revert_made", "after_db_commit", "base_fetched", "clone_made", "merge_committed",
    "ref_updated", "tag_made",
]  # fmt: skip


@pytest.mark.parametrize("point", POINTS[::7] if SHORT else POINTS)
def test_killed_anywhere_it_is_taken_back_once(shipped, point):
    killed = run_command(shipped, "sprint", "unship", "wk1", STUDIO_FAULT=f"{point}:1:sigkill")

    said = run_command(shipped, "sprint", "unship", "wk1")
    if "sprint run" in said.err:
        said = run_command(shipped, "sprint", "run", "wk1-unship")

    assert killed.code == (0 if point == "base_fetched" else -signal.SIGKILL)
    assert said.code == 0 or "which has succeeded" in said.err, said
    taken_back_once(shipped)


def test_what_was_pushed_is_taken_back_at_the_remote_too(gateway, origin):
    assert run(gateway).code == 0
    set_gate(gateway, "true")
    assert run_command(gateway, "config", "set", "ship_remote", '""').code == 0

    said = run_command(gateway, "sprint", "unship", "wk1")

    assert said.code == 0, said
    names = ("main", "unshipped/wk1")
    assert git(origin, "rev-parse", *names) == git(gateway, "rev-parse", *names)
    taken_back_once(gateway)


def test_what_takes_back_may_be_taken_back_itself(shipped):
    assert run_command(shipped, "sprint", "unship", "wk1").code == 0

    said = run_command(shipped, "sprint", "unship", "wk1-unship")

    assert said.code == 0, said
    assert (shipped / "work").read_text() == "x" * 6
    assert "unshipped/wk1-unship" in git(shipped, "tag")
    assert run_command(shipped, "verify", "--tag", "unshipped/wk1-unship").code == 0
