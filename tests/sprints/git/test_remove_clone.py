"""Test that removing a clone frees disk space and loses no object."""

import pytest

from sprints.git import capture_work, gateway_repo, remove_clone
from sprints.git.capture_work import Mark
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, reopened, shown

LAST = Mark("archived", "What lay there", ("Gateway", "g@studio-gateway.invalid"))


def test_a_clone_goes_once_all_in_it_is_on_the_branch(site):
    (site.tree / "late").write_text("by a person's hand\n")
    site.beside("ship").mkdir()

    why = remove_clone.clear(site, LAST)

    assert why == ""
    assert [*site.tree.parent.iterdir()] == []
    assert [*site.own.home.glob(".index-*")] == []
    assert shown(site, "late") == "by a person's hand"
    capture_work.begin(site, MARK, FOUND)
    assert (site.tree / "late").read_text() == "by a person's hand\n"


def test_a_clone_that_holds_what_no_commit_can_stays(site):
    (site.tree / "nested").mkdir()
    commit(site.tree / "nested", {"x": "of its own\n"})

    why = remove_clone.clear(site, LAST)

    assert "nested/ is a repository of its own and stays in the clone" in why
    assert (site.tree / "nested" / "x").read_text() == "of its own\n"


def test_one_that_was_killed_half_way_is_no_half_a_clone(site, monkeypatch):
    def killed(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(remove_clone.fault_points, "point", killed)
    with pytest.raises(KeyboardInterrupt):
        remove_clone.clear(site, LAST)
    monkeypatch.undo()

    again = reopened(site.repo)
    head = again.head
    remove_clone.clear(again, LAST)

    assert [*site.tree.parent.iterdir()] == []
    assert again.head == head
    assert shown(again, "a") == "one\nmore"


def test_many_objects_become_one_pack_and_none_is_lost(site, monkeypatch):
    lost = site.own("hash-object", "-w", "--stdin", given=b"on no ref\n")
    monkeypatch.setattr(gateway_repo, "MOST_LOOSE", 2)

    done = gateway_repo.repack(site.own)

    assert done
    assert not gateway_repo.repack(site.own)
    assert git(site.own.git_dir, "cat-file", "blob", lost) == "on no ref"
    assert "\npacks: 1\n" in site.own("count-objects", "-v")
    git(site.own.git_dir, "fsck", "--strict")
