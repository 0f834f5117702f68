"""Test that the gateway's refs and the user's do not collide, and that tags follow the user's."""

import pytest

from sprints.git import capture_work, certificate, publish
from sprints.git.merge import merge
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, reopened

WORDS = certificate.text({"sprint": "wk1"})


@pytest.fixture
def users(repo):
    """A clean checkout of main."""
    commit(repo, {"a": "one\n"})
    (repo / ".studio_gateway").mkdir()
    (repo / ".studio_gateway" / ".gitignore").write_text("*\n")
    return repo


def worked(users, sprint_id="wk1"):
    """A sprint whose agent has changed ``a``."""
    site = reopened(users, sprint_id)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / "a").write_text(f"by {sprint_id}\n")
    capture_work.seen(site, MARK)
    return site


def ship(site):
    said = merge(site, {"Sprint": site.sprint_id})
    publish.publish(site, said, WORDS)
    return said


def tags(folder):
    return git(folder, "tag").split()


@pytest.mark.parametrize("branch", ["sg", "sg/wk1", "sg/wk1/next", "sg/wk2", "base", "refs/sg/wk1"])
def test_a_branch_may_be_called_as_ours_are(users, branch):
    git(users, "switch", "-q", "-c", branch)

    said = ship(worked(users))

    assert (users / "a").read_text() == "by wk1\n"
    assert git(users, "rev-parse", f"refs/heads/{branch}") == said.commit
    assert git(users, "symbolic-ref", "HEAD") == f"refs/heads/{branch}"


@pytest.mark.parametrize(("before", "after"), [("v", "v/1"), ("v/1", "v"), ("v/1/x", "v/1")])
def test_a_tag_may_become_a_folder_of_tags_and_back(users, before, after):
    git(users, "tag", "-m", "one", before)
    first = worked(users)
    git(users, "tag", "-d", before)
    git(users, "tag", after)

    second = worked(users, "wk2")

    assert (tags(first.tree), tags(second.tree)) == ([before], [after])


def test_a_deleted_tag_does_not_come_back_and_a_moved_one_is_moved(users):
    git(users, "tag", "gone")
    git(users, "tag", "-m", "noted", "gone-too")
    git(users, "tag", "moved")
    site = worked(users)
    git(users, "tag", "-d", "gone", "gone-too")
    later = commit(users, {"b": "later\n"})
    git(users, "tag", "-f", "moved")

    ship(site)
    second = worked(users, "wk2")

    assert tags(users) == ["moved", "shipped/wk1"]
    assert tags(second.tree) == ["moved", "shipped/wk1"]
    assert git(second.tree, "rev-parse", "moved") == later


def test_a_new_tag_on_a_known_commit_is_in_the_next_clone(users):
    worked(users)
    git(users, "tag", "-m", "since", "v1")

    second = worked(users, "wk2")

    assert git(second.tree, "describe", "HEAD~1") == "v1"
    assert git(second.own.git_dir, "for-each-ref", "refs/sg/wk2/*/theirs") == ""
