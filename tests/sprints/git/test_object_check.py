"""Test that what comes from a clone is checked before a ref of ours names it."""

import pytest

from sprints.contract.git_values import OBSERVED, UNKNOWN
from sprints.git import capture_work
from sprints.git.git import GitError
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, again, reopened, shown

BAD = '[submodule "x"]\n\tpath = x\n\turl = -u./payload\n'
GOOD = '[submodule "x"]\n\tpath = x\n\turl = https://example.org/x.git\n'


def plain(tree, name, text):
    (tree / name).write_text(text)


def deep(tree, name, text):
    (tree / "deep" / "er").mkdir(parents=True)
    (tree / "deep" / "er" / name).write_text(text)


def spelled(tree, name, text):
    (tree / name.title()).write_text(text)


WAYS = {"a file": plain, "a file deep down": deep, "as macOS and Windows read it": spelled}


@pytest.mark.parametrize("way", WAYS)
def test_files_that_git_rejects_are_not_committed(site, way):
    head = site.head
    WAYS[way](site.tree, ".gitmodules", BAD)

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, site.head) == (UNKNOWN, head)
    assert seen.reason.startswith("git rejects a file of the clone: git index-pack: object ")
    assert "gitmodules" in seen.reason
    with pytest.raises(GitError, match="change or remove the file"):
        capture_work.keep(site, FOUND)
    assert not [*site.own.home.glob(".check-*")]


@pytest.mark.parametrize("way", WAYS)
def test_an_agents_own_commits_that_git_rejects_are_not_taken(site, way):
    head = site.head
    WAYS[way](site.tree, ".gitmodules", BAD)
    git(site.tree, "add", "-A")
    git(site.tree, "commit", "-qm", "Mine")
    theirs = git(site.tree, "rev-parse", "HEAD")

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, site.head) == (UNKNOWN, head)
    assert site.own("for-each-ref", f"--contains={head}", "refs/sg/wk1/*/theirs") == ""
    assert theirs not in site.own("for-each-ref")


def test_a_sound_file_of_the_same_name_is_committed(site):
    (site.tree / ".gitmodules").write_text(GOOD)

    assert capture_work.seen(site, MARK).paths == (".gitmodules",)


def test_a_file_that_the_base_has_already_stops_no_later_work(repo):
    commit(repo, {".gitmodules": BAD, "a": "one\n"})
    (repo / ".studio_gateway").mkdir()
    (repo / ".studio_gateway" / ".gitignore").write_text("*\n")
    site = reopened(repo)
    capture_work.begin(site, MARK, FOUND)
    theirs = commit(site.tree, {"a": "by an agent\n"}, "Mine")
    (site.tree / "b").write_text("not committed\n")

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.paths) == (OBSERVED, ("a", "b"))
    assert site.own.holds_commit(theirs, below=site.head)
    assert shown(site, "a") == "by an agent"


def test_what_a_gate_leaves_is_removed_and_no_ref_names_it(site):
    capture_work.seen(site, MARK)
    before = site.own("for-each-ref")
    (site.tree / "a").write_text("changed\n")
    (site.tree / ".gitmodules").write_text(BAD)

    assert capture_work.put_back(site, MARK) == 2

    assert site.own("for-each-ref") == before
    assert not (site.tree / ".gitmodules").exists()
    capture_work.begin(site, again(2), FOUND)
