"""Test that a commit which the user took off the branch comes back by no way."""

import shutil

import pytest

from sprints.git import capture_work, publish
from sprints.git.merge import merge
from sprints.state.ship_values import ShipCause
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, again
from tests.sprints.git.test_rewound_base import TRAILERS, WORDS, drop, log, pushed, site, users

__all__ = ["pushed", "site", "users"]  # fixtures


def fetched_by_agent(site, users):
    """Let an agent merge what main has at the moment."""
    mark = again(2)
    capture_work.begin(site, mark, FOUND)
    git(site.tree, "pull", "-q", "--no-rebase", "--no-edit", str(users), "main")
    (site.tree / "a").write_text("by an agent, again\n")
    capture_work.seen(site, mark)


def refused(site, lost):
    said = merge(site, TRAILERS)
    assert (said.cause, said.commit) == (ShipCause.BASE_REWOUND, "")
    assert lost[:12] in said.reason


def test_a_dropped_commit_that_an_agent_fetched_is_no_work(site, users):
    commit(users, {"later": "password\n"}, "Another")
    fetched_by_agent(site, users)

    refused(site, drop(users))

    assert log(users) == ["Oops", "A change"]


def test_nor_is_one_below_the_dropped_head(site, users):
    first = commit(users, {"later": "password\n"}, "Another")
    fetched_by_agent(site, users)
    commit(users, {"more": "x\n"}, "On top")
    git(users, "reset", "-q", "--hard", "HEAD~2")

    refused(site, first)


def test_what_is_back_on_the_branch_is_no_hindrance(site, users):
    commit(users, {"later": "fine\n"}, "Another")
    fetched_by_agent(site, users)
    git(users, "reset", "-q", "--hard", drop(users))

    publish.publish(site, merge(site, TRAILERS), WORDS)

    assert (users / "later").read_text() == "fine\n"


def test_a_dropped_commit_that_the_work_never_had_does_not_matter(site, users):
    commit(users, {"later": "password\n"}, "Another")
    drop(users)
    (users / "b").write_text("amended\n")
    git(users, "commit", "-qa", "-m", "To be amended")
    git(users, "commit", "-q", "--amend", "-m", "Amended")

    publish.publish(site, merge(site, TRAILERS), WORDS)

    assert "Another" not in log(users)


def test_a_repository_without_reflogs_has_no_past(site, users):
    commit(users, {"later": "x\n"}, "Another")
    drop(users)
    shutil.rmtree(users / ".git" / "logs")

    publish.publish(site, merge(site, TRAILERS), WORDS)

    assert (users / "a").read_text() == "by an agent\n"


def test_a_ship_that_the_user_took_back_may_be_repeated(site, users):
    publish.publish(site, merge(site, TRAILERS), WORDS)
    git(users, "reset", "-q", "--hard", "HEAD~1")
    git(users, "tag", "-d", "shipped/wk1")

    publish.publish(site, merge(site, TRAILERS), WORDS)

    assert (users / "a").read_text() == "by an agent\n"


@pytest.mark.parametrize("number", [1, 2])
def test_a_commit_dropped_only_here_does_not_come_back_from_the_remote(pushed, users, number):
    for n in range(number):
        commit(users, {f"later{n}": "password\n"}, "Another")
    git(users, "push", "-q", "origin", "main")
    git(users, "reset", "-q", "--hard", f"HEAD~{number}")

    said = merge(pushed, TRAILERS)

    assert (said.cause, said.commit) == (ShipCause.BASE_REWOUND, "")
    assert "main no longer has" in said.reason
    assert "origin still has it" in said.reason
    assert log(users) == ["Oops", "A change"]


def test_a_branch_that_only_lags_behind_the_remote_follows(pushed, users, tmp_path):
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(users.parent / "origin.git"), str(other))
    commit(other, {"theirs": "x\n"}, "Theirs")
    git(other, "push", "-q", "origin", "main")

    publish.publish(pushed, merge(pushed, TRAILERS), WORDS)

    assert (users / "theirs").exists()
