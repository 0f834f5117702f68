"""Test shapes of repositories: partial clones, git folders elsewhere, hidden changes."""

import pytest

from sprints.git import capture_work, publish
from sprints.git.gateway_repo import home_of
from sprints.git.git import GitError
from sprints.git.merge import merge
from sprints.git.user_repo import look
from sprints.state.ship_values import Refused
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, reopened
from tests.sprints.git.test_publish import TRAILERS, WORDS


@pytest.fixture(params=["blob:none", "tree:0"])
def partial(repo, tmp_path, request):
    """A partial clone of a repository with three commits."""
    for n in range(3):
        commit(repo, {"a": f"{n}\n"})
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(repo, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(tmp_path, "clone", "-q", f"--filter={request.param}", f"file://{repo}", "partial")
    return tmp_path / "partial"


def test_a_partial_clone_that_lacks_objects_is_refused_until_they_are_fetched(partial):
    home = home_of(partial / ".studio_gateway")

    with pytest.raises(GitError, match="is a partial clone that lacks objects; type: git") as error:
        look(partial, home)

    git(partial, *str(error.value).partition("type: git ")[2].split(" "))
    assert look(partial, home).commit == git(partial, "rev-parse", "HEAD")


def checkout(tmp_path, kind: str):
    """A checkout whose git folder lies elsewhere."""
    if kind == "separate":
        git(tmp_path, "init", "-q", "-b", "main", f"--separate-git-dir={tmp_path}/git", "there")
        commit(tmp_path / "there", {"a": "1\n"})
        return tmp_path / "there"
    commit(_made(tmp_path / "library"), {"a": "1\n"})
    commit(_made(tmp_path / "above"), {"b": "1\n"})
    allowed = ("-c", "protocol.file.allow=always")
    git(tmp_path / "above", *allowed, "submodule", "add", "-q", str(tmp_path / "library"), "there")
    return tmp_path / "above" / "there"


def _made(folder):
    folder.mkdir()
    return folder


def worked(repo, name="a"):
    """A sprint that has changed the file."""
    (repo / ".studio_gateway").mkdir()
    (repo / ".studio_gateway" / ".gitignore").write_text("*\n")
    site = reopened(repo)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / name).write_text("by an agent\n")
    capture_work.seen(site, MARK)
    return site


@pytest.mark.parametrize("kind", ["separate", "submodule"])
def test_a_checkout_whose_git_folder_lies_elsewhere_follows(tmp_path, kind):
    repo = checkout(tmp_path, kind)
    site = worked(repo)

    publish.publish(site, merge(site, TRAILERS), WORDS)

    assert (repo / "a").read_text() == "by an agent\n"
    assert git(repo, "status", "--porcelain") == ""


def test_a_branch_in_a_further_checkout_of_such_a_repository_is_refused(tmp_path):
    repo = checkout(tmp_path, "separate")
    site = worked(repo)
    said = merge(site, TRAILERS)
    git(repo, "switch", "-q", "-c", "other")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"), "main")

    with pytest.raises(Refused, match=r"main is checked out in .*linked"):
        publish.publish(site, said, WORDS)


@pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
def test_a_hidden_change_in_the_way_is_refused_before_anything_moves(repo, flag):
    commit(repo, {"a": "1\n", "b": "1\n"})
    site = worked(repo)
    said = merge(site, TRAILERS)
    git(repo, "update-index", flag, "a", "b")
    (repo / "a").write_text("mine\n")
    (repo / "b").write_text("mine, and not in the way\n")

    with pytest.raises(Refused, match=r"told to leave a alone, .*; type: git") as refusal:
        publish.publish(site, said, WORDS)

    assert git(repo, "rev-parse", "main") == said.base
    git(repo, *str(refusal.value).partition("type: git ")[2].split(" "))
    git(repo, "checkout", "-q", "a")
    publish.publish(site, said, WORDS)
    assert (repo / "a").read_text() == "by an agent\n"
    assert (repo / "b").read_text() == "mine, and not in the way\n"
