"""Test that changes of a read-only agent are kept apart from the branch, and restored."""

import os

from sprints.contract.git_values import ABSENT, REFUSED, UNKNOWN
from sprints.git import capture_work
from tests.checkout import git
from tests.sprints.git.conftest import FOUND, MARK, again, everything


def aside(seen):
    """The ref that it is kept as."""
    return seen.notes[0].removeprefix("what it changed is kept as ")


def test_all_that_it_did_is_put_back_and_kept(site):
    before, head = everything(site.tree), site.head
    (site.tree / "a").write_text("mine\n")
    git(site.tree, "commit", "-qam", "My own words")
    (site.tree / "new").write_text("new\n")
    (site.tree / "src" / "b").unlink()

    seen = capture_work.refused(site, MARK)

    assert (seen.seen, seen.files, seen.paths) == (REFUSED, 3, ("a", "new", "src/b"))
    assert site.head == head == seen.head
    assert set(before) - set(everything(site.tree)) <= {
        path for path in before if f"{os.sep}.git{os.sep}" in path
    }
    assert git(site.tree, "status", "--porcelain") == ""
    assert git(site.tree, "rev-parse", "HEAD") == head
    assert site.own("show", f"{aside(seen)}:new") == "new"
    assert "My own words" in site.own("log", "--format=%s", aside(seen))


def test_who_changes_nothing_is_seen_to_change_nothing(site):
    seen = capture_work.refused(site, MARK)

    assert (seen.seen, seen.files, seen.head) == (ABSENT, 0, site.head)
    assert seen.notes == ()


def test_who_comes_after_one_that_died_says_the_same(site):
    (site.tree / "new").write_text("new\n")
    first = capture_work.refused(site, MARK)

    second = capture_work.refused(site, MARK)

    assert second == first


def test_the_next_try_is_judged_by_itself(site):
    (site.tree / "new").write_text("new\n")
    capture_work.refused(site, MARK)
    capture_work.begin(site, again(2), FOUND)

    seen = capture_work.refused(site, again(2))

    assert seen.seen == ABSENT


def test_a_git_that_it_took_away_is_made_anew(site):
    (site.tree / "new").write_text("new\n")
    (site.tree / ".git").rename(site.tree / "moved")

    seen = capture_work.refused(site, MARK)

    assert seen.seen == REFUSED
    assert git(site.tree, "status", "--porcelain") == ""


def test_one_that_never_began_is_unknown(site):
    seen = capture_work.refused(site, again(9))

    assert (seen.seen, seen.reason) == (UNKNOWN, "the attempt had not begun")
