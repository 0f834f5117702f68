"""Test that no ship brings back a commit that a base has dropped."""

from dataclasses import replace

import pytest

from sprints.contract.git_values import Base, Undone
from sprints.git import capture_work, certificate, publish
from sprints.git.gateway_repo import open_site
from sprints.git.merge import merge
from sprints.git.revert import revert
from sprints.state import ship_values
from sprints.state.ship_values import ShipCause
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, LIFE, MARK, again, reopened

TRAILERS = {"Sprint": "wk1"}
WORDS = certificate.text({"sprint": "wk1"})


@pytest.fixture
def users(repo):
    """A clean checkout of main, whose last commit should not be there."""
    commit(repo, {"a": "one\n", "b": "one\n"})
    commit(repo, {"leaked": "password\n"}, "Oops")
    (repo / ".studio_gateway").mkdir()
    (repo / ".studio_gateway" / ".gitignore").write_text("*\n")
    return repo


@pytest.fixture
def site(users):
    """A sprint on top of that commit, which has changed ``a``."""
    found = reopened(users)
    capture_work.begin(found, MARK, FOUND)
    (found.tree / "a").write_text("by an agent\n")
    capture_work.seen(found, MARK)
    return found


@pytest.fixture
def pushed(site, users):
    """The same sprint, with a remote that has the commit, too."""
    origin = users.parent / "origin.git"
    git(users, "init", "-q", "--bare", "-b", "main", str(origin))
    git(users, "remote", "add", "origin", str(origin))
    git(users, "push", "-q", "origin", "main")
    return replace(site, remote="origin")


def drop(users):
    """Take back the last commit of main, and return it."""
    dropped = git(users, "rev-parse", "HEAD")
    git(users, "reset", "-q", "--hard", "HEAD~1")
    return dropped


def log(users):
    return git(users, "log", "--topo-order", "--format=%s", "main").split("\n")


def test_a_dropped_start_stays_dropped_and_the_work_is_rebased(site, users):
    start = drop(users)

    said = merge(site, TRAILERS)
    publish.publish(site, said, WORDS)

    assert (said.rebased, said.reason) == (start, "")
    assert log(users) == ["Merge the work of wk1", "Rebase the work of wk1", "A change"]
    assert (users / "a").read_text() == "by an agent\n"
    assert not (users / "leaked").exists()
    assert git(users, "rev-parse", "main^1", "main^2").split() == [said.base, said.head]


def test_an_amended_start_is_rebased_on_what_it_became(site, users):
    (users / "leaked").write_text("nothing\n")
    git(users, "commit", "-qa", "--amend", "-m", "Without it")

    publish.publish(site, merge(site, TRAILERS), WORDS)

    assert log(users)[2:] == ["Without it", "A change"]
    assert [(users / name).read_text() for name in ("a", "leaked")] == [
        "by an agent\n",
        "nothing\n",
    ]


def test_a_start_that_is_dropped_while_gates_judge_is_noticed_at_the_publication(site, users):
    said = merge(site, TRAILERS)
    drop(users)

    with pytest.raises(ship_values.Moved):
        publish.publish(site, said, WORDS)

    assert log(users) == ["A change"]
    assert merge(site, TRAILERS).rebased


def test_work_without_a_change_of_its_own_brings_nothing_back(site, users):
    (site.tree / "a").write_text("one\n")
    capture_work.begin(site, again(2), FOUND)
    drop(users)

    said = merge(site, TRAILERS)

    assert (said.commit, said.reason, said.rebased) == ("", "", "")


def test_work_on_dropped_lines_is_refused_with_what_to_type(site, users):
    (site.tree / "leaked").write_text("password\nmore\n")
    capture_work.begin(site, again(2), FOUND)
    start = drop(users)

    said = merge(site, TRAILERS)

    assert (said.commit, said.cause) == ("", ShipCause.BASE_REWOUND)
    assert said.reason.startswith(f"main no longer has {start[:12]}, from which the sprint began")
    assert "conflicts in leaked; " in said.reason
    fetches, picks = (text.split()[3:] for text in said.reason.partition("hand: ")[2].split(" && "))
    git(users, *fetches)
    assert "CONFLICT (modify/delete): leaked" in git(users, *picks, check=False)


def test_a_dropped_commit_that_was_merged_into_the_work_is_refused(site, users):
    late = commit(users, {"leaked": "another password\n"}, "Oops again")
    merge(site, TRAILERS)
    git(site.tree, "pull", "-q", "--no-rebase", "--no-edit", str(users), "main")
    capture_work.begin(site, again(2), FOUND)
    drop(users)

    said = merge(site, TRAILERS)

    assert (said.commit, said.cause) == ("", ShipCause.BASE_REWOUND)
    assert f"contains {late[:12]}, which main no longer has" in said.reason


def test_a_base_that_has_only_grown_is_merged_with_as_ever(site, users):
    commit(users, {"b": "two\n"})
    merge(site, TRAILERS)
    commit(users, {"b": "three\n"})

    said = merge(site, TRAILERS)

    assert (said.reason, said.rebased) == ("", "")
    assert said.head == site.head


def test_a_commit_dropped_here_and_at_the_remote_stays_dropped_at_both(pushed, users):
    drop(users)
    git(users, "push", "-q", "--force", "origin", "main")

    said = merge(pushed, TRAILERS)
    publish.publish(pushed, said, WORDS)

    assert said.rebased
    assert "Oops" not in log(users)
    assert git(users.parent / "origin.git", "rev-parse", "main") == said.commit
    assert merge(pushed, TRAILERS).commit == said.commit  # the tag at the remote is known as ours


def test_a_commit_dropped_at_the_remote_alone_is_not_pushed_back(pushed, users):
    lost = git(users, "rev-parse", "main")
    git(users.parent / "origin.git", "update-ref", "refs/heads/main", "main~1")

    said = merge(pushed, TRAILERS)

    assert (said.commit, said.cause) == ("", ShipCause.BASE_REWOUND)
    assert f"origin no longer has {lost[:12]}, but main here still has it" in said.reason


def test_a_commit_dropped_here_alone_does_not_return_with_the_remote(pushed, users):
    lost = drop(users)

    said = merge(pushed, TRAILERS)

    assert (said.commit, said.cause) == ("", ShipCause.BASE_REWOUND)
    assert f"main no longer has {lost[:12]} here, but origin still has it" in said.reason


@pytest.mark.parametrize("where", ["here", "there"])
def test_a_commit_dropped_before_the_push_is_not_pushed(pushed, users, where):
    said = merge(pushed, TRAILERS)
    origin = users.parent / "origin.git"
    if where == "here":
        drop(users)
    else:
        git(origin, "update-ref", "refs/heads/main", "main~1")
    there = git(origin, "rev-parse", "main")

    with pytest.raises(ship_values.Moved):
        publish.publish(pushed, said, WORDS)

    assert git(origin, "rev-parse", "main") == there


def test_a_commit_amended_here_alone_is_not_called_ahead_of_the_remote(pushed, users):
    lost = git(users, "rev-parse", "main")
    git(users, "commit", "-q", "--amend", "-m", "Without it")

    said = merge(pushed, TRAILERS)

    assert said.cause == ShipCause.BASE_REWOUND
    assert f"main no longer has {lost[:12]} here, but origin still has it" in said.reason


def test_a_revert_brings_back_nothing_that_was_dropped(site, users):
    shipped = merge(site, TRAILERS)
    publish.publish(site, shipped, WORDS)
    commit(users, {"leaked": "another password\n"}, "Oops again")
    undone = Undone("wk1", shipped.commit)
    reverting = revert(site, undone, "", TRAILERS)
    root = users / ".studio_gateway"
    back = open_site(users, root, "wk1-unship", LIFE, Base("main", reverting))
    drop(users)

    said = merge(replace(back, undoes="wk1"), TRAILERS)
    publish.publish(replace(back, undoes="wk1"), said, WORDS)

    assert said.rebased
    assert "Oops again" not in log(users)
    assert (users / "a").read_text() == "one\n"


def test_a_commit_of_another_sprint_is_no_work_of_this_one(users):
    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    late = commit(users, {"leaked": "another password\n"}, "Oops again")
    capture_work.begin(reopened(users, "wk2"), MARK, FOUND)
    branch = site.tree / ".git" / "refs" / "heads" / "sg" / "wk1"
    branch.parent.mkdir(parents=True, exist_ok=True)
    branch.write_text(f"{late}\n")

    seen = capture_work.seen(site, MARK)

    assert not site.own.holds("merge-base", "--is-ancestor", late, site.head)
    assert "its commits could not be read" in seen.notes[0]
