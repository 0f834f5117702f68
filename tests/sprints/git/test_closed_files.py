"""Test that a clone has the branch's files after a gate, whatever the gate has closed or left."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from gates.removal import remove
from sprints.git import capture_work, gate_checkout, remove_clone
from sprints.git.git import Git, GitError
from tests.checkout import commit
from tests.sprints.git.conftest import FOUND, MARK, again, reopened
from tests.sprints.git.test_capture_work import names

NOBODY = 65534


@pytest.fixture
def site():
    """A clone of a user whom the modes of files stop."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(folder, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        repo = folder / "repo"
        repo.mkdir()
        commit(repo, {"a": "one\n", "src/b": "two\n", ".gitignore": "cache/\n"})
        (repo / ".studio_gateway").mkdir()
        found = reopened(repo)
        capture_work.begin(found, MARK, FOUND)
        gate_checkout.enter(found, MARK, FOUND)
        yield found
    finally:
        remove(folder)
        if is_root:
            os.setresuid(0, 0, 0)
        shutil.rmtree(folder, ignore_errors=True)


def module_cache(tree: Path) -> list[Path]:
    """Folders as Go leaves them."""
    (tree / "mod" / "pkg@v1").mkdir(parents=True)
    (tree / "mod" / "pkg@v1" / "a.go").write_text("x")
    (tree / "mod" / "pkg@v1" / "a.go").chmod(0o444)
    return [tree / "mod" / "pkg@v1", tree / "mod"]


@pytest.mark.parametrize("mode", [0o555, 0o000, 0o300])
def test_closed_folders_of_a_gate_are_removed_and_files_put_back(site, mode):
    for folder in (*module_cache(site.tree), site.tree / "src"):
        folder.chmod(mode)
    (site.tree / "a").write_text("changed\n")

    assert gate_checkout.leave(site, MARK) == 2
    assert (site.tree / "a").read_text() == "one\n"
    assert not (site.tree / "mod").exists()
    assert capture_work.begin(site, again(2), FOUND) == site.base.commit


@pytest.mark.parametrize("name", ["a", "new"])
def test_a_closed_file_of_a_gate_is_put_back_or_removed(site, name):
    (site.tree / name).write_text("changed\n")
    (site.tree / name).chmod(0)

    assert gate_checkout.leave(site, MARK) == 1
    assert sorted(path.name for path in site.tree.iterdir()) == [".git", ".gitignore", "a", "src"]
    assert (site.tree / "a").read_text() == "one\n"


def test_closed_work_of_an_agent_is_work(site):
    gate_checkout.leave(site, MARK)
    module_cache(site.tree)[0].chmod(0)

    assert capture_work.seen(site, MARK).paths == ("mod/pkg@v1/a.go",)


def test_a_file_that_cannot_be_removed_is_an_error_and_no_part_of_the_work(site, monkeypatch):
    (site.tree / "immutable").write_text("x")
    call = Git.__call__
    with monkeypatch.context() as patch:
        patch.setattr(Git, "__call__", lambda git, *argv, **more: call(git, *argv, **more)
                      if argv[:2] != ("read-tree", "--reset") else "")  # fmt: skip
        with pytest.raises(GitError, match="immutable cannot be removed or replaced; the clone is"):
            gate_checkout.leave(site, MARK)

    capture_work.begin(site, again(2), FOUND)

    assert names(site) == [".gitignore", "a", "src/b"]
    assert not (site.tree / "immutable").exists()
    assert (site.beside("left-1") / "immutable").exists()
    assert remove_clone.clear(site, FOUND) == ""
    assert not site.beside("left-1").exists()
