"""Test a linked worktree: its ``.git`` is a file, and its branch is its own."""

import pytest

from sprints.git import capture_work, certificate, publish
from sprints.git.gateway_repo import home_of
from sprints.git.git import GitError
from sprints.git.merge import merge
from sprints.git.user_repo import look, users
from sprints.state import ship_values
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, everything, reopened

WORDS = certificate.text({"sprint": "wk1"})


@pytest.fixture
def linked(tmp_path):
    """A worktree on ``feature`` of a repository whose own checkout is on main."""
    main, folder = tmp_path / "main", tmp_path / "linked"
    main.mkdir()
    commit(main, {"a": "one\n", "b": "one\n"})
    git(main, "worktree", "add", "-q", "-b", "feature", str(folder))
    (folder / ".studio_gateway").mkdir()
    (folder / ".studio_gateway" / ".gitignore").write_text("*\n")
    return folder


@pytest.fixture
def site(linked):
    """A site whose sprint has changed ``a``."""
    found = reopened(linked)
    capture_work.begin(found, MARK, FOUND)
    (found.tree / "a").write_text("by an agent\n")
    capture_work.seen(found, MARK)
    return found


def test_a_linked_worktree_is_shipped_to_and_the_other_checkout_is_not_touched(site, linked):
    before = everything(linked.parent / "main")

    said = merge(site, {"Sprint": "wk1"})
    publish.publish(site, said, WORDS)

    assert git(linked, "rev-parse", "HEAD", "shipped/wk1^{commit}").split() == [said.commit] * 2
    assert git(linked, "symbolic-ref", "HEAD") == "refs/heads/feature"
    assert (linked / "a").read_text() == "by an agent\n"
    assert git(linked, "status", "--porcelain") == ""
    after = everything(linked.parent / "main")
    assert {n: t for n, t in after.items() if "/.git/" not in n} == {
        n: t for n, t in before.items() if "/.git/" not in n
    }
    assert git(linked.parent / "main", "status", "--porcelain") == ""


def test_changes_in_a_linked_worktree_are_seen_and_nothing_is_half_done(site, linked):
    said = merge(site, {"Sprint": "wk1"})
    (linked / "b").write_text("not committed\n")
    refs = git(linked, "for-each-ref")

    with pytest.raises(ship_values.Refused, match=r"changes that are not committed \(b\)"):
        publish.publish(site, said, WORDS)

    assert git(linked, "for-each-ref") == refs
    assert (linked / "b").read_text() == "not committed\n"


def test_a_rebase_of_the_branch_in_another_checkout_is_seen(site, linked):
    said = merge(site, {"Sprint": "wk1"})
    git(linked, "switch", "-q", "--detach")
    main = linked.parent / "main"
    git(main, "switch", "-q", "feature")
    git(main, "commit", "-q", "--allow-empty", "-m", "to be changed")
    git(main, "-c", "sequence.editor=sed -i 1s/pick/edit/", "rebase", "-i", "HEAD~1")
    git(main, "update-ref", "refs/heads/feature", said.base)

    with pytest.raises(ship_values.Refused, match="a rebase of feature is under way "):
        publish.publish(site, said, WORDS)


def test_a_worktree_whose_repository_is_gone_is_refused_with_what_to_type(linked):
    (linked.parent / "main").rename(linked.parent / "moved")

    with pytest.raises(GitError, match="leads to no repository; type: git worktree repair"):
        look(linked, home_of(linked / ".studio_gateway"))


def test_a_relative_path_in_the_file_is_one_from_the_worktree(linked, tmp_path):
    (linked / ".git").write_text("gitdir: ../main/.git/worktrees/linked\n")

    found = users(linked, home_of(linked / ".studio_gateway"))

    assert found.find("HEAD") == git(linked.parent / "main", "rev-parse", "feature")
