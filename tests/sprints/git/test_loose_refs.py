"""Test that a ref is found in its own file as git finds it, and that git is asked otherwise."""

import os

import pytest

from sprints.git.git import Git
from tests.checkout import git


@pytest.fixture
def asked(site, monkeypatch):
    """Names for which a process of git was started."""
    found = []
    run = Git._run

    def noted(self, argv, *more):
        found.append(argv[-1])
        return run(self, argv, *more)

    monkeypatch.setattr(Git, "_run", noted)
    return found


def test_a_ref_with_its_own_file_starts_no_process(site, asked):
    head = git(site.own.git_dir, "rev-parse", site.branch)

    assert site.own.find(site.branch) == head
    assert site.head == head
    assert asked == []


def test_a_packed_ref_is_found_by_git(site, asked):
    head = site.own.find(site.branch)
    git(site.own.git_dir, "pack-refs", "--all")

    assert site.own.find(site.branch) == head
    assert asked == [site.branch]


def test_a_ref_that_moved_since_it_was_packed_has_its_new_value(site):
    git(site.own.git_dir, "pack-refs", "--all")
    before = site.head
    tree = git(site.own.git_dir, "rev-parse", f"{before}^{{tree}}")
    after = site.own("commit-tree", tree, "-p", before, "-m", "More")
    site.own("update-ref", site.branch, after, before)

    assert site.own.find(site.branch) == after


def test_a_symbolic_ref_leads_to_its_object(site):
    site.own("symbolic-ref", "refs/heads/other", site.branch)

    assert site.own.find("refs/heads/other") == site.head


@pytest.mark.parametrize("text", ["", "no object\n", "a" * 39 + "\n", "a" * 500])
def test_a_damaged_file_of_a_ref_is_no_object(site, text):
    (site.own.git_dir / "refs/heads/damaged").write_text(text)

    assert site.own.find("refs/heads/damaged") == ""


@pytest.mark.parametrize("name", ["refs/heads/../../planted", "refs/heads/x.lock", "refs/heads/x."])
def test_a_name_that_no_ref_can_have_is_no_object(site, name):
    path = site.own.git_dir / name
    path.write_text(site.head + "\n")

    assert site.own.find(name) == ""


@pytest.mark.skipif(os.name == "nt", reason="only root may make a link there")
def test_a_link_in_place_of_a_ref_is_left_to_git(site, asked):
    (site.own.git_dir / "refs/heads/linked").symlink_to(site.own.git_dir / site.branch)

    assert site.own.find("refs/heads/linked") == site.head
    assert asked == ["refs/heads/linked"]


def test_the_gateway_is_the_author_in_a_clone(site):
    clone = site.tree

    assert git(clone, "config", "--local", "user.name") == "Studio Gateway"
    assert git(clone, "config", "--local", "user.email") == "gateway@studio-gateway.invalid"
