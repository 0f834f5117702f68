"""Test that git leaves the store of a checkout alone, and reports nothing of it."""

import stat

import pytest

from sprints.store.layout import Store, find_repo, is_shielded, make_folders
from tests.checkout import commit, git


@pytest.fixture
def store(repo):
    """A store in a checkout with an ignored build folder."""
    commit(repo, {".gitignore": "build/\n"})
    (repo / ".git" / "info" / "exclude").write_text("mine")
    found = Store(repo)
    make_folders(found)
    found.events.write_text("{}\n")
    (repo / "build").mkdir()
    (repo / "build" / "x").touch()
    return found


@pytest.mark.parametrize("flags", ["-xdf", "-Xdf", "-df", "-xdf .studio_gateway/"])
def test_git_clean_leaves_the_store_and_git_reports_nothing_of_it(store, flags):
    before = git(store.repo, "status", "--porcelain", "-uall")
    git(store.repo, "add", "-A")

    git(store.repo, "clean", *flags.split())

    assert (before, git(store.repo, "status", "--porcelain", "-uall")) == ("", "")
    assert store.events.exists()
    assert (store.root / ".gitignore").exists()
    assert (store.repo / ".git/info/exclude").read_text() == "mine\n/.studio_gateway/\n"
    make_folders(store)
    assert (store.repo / ".git/info/exclude").read_text() == "mine\n/.studio_gateway/\n"


def test_a_linked_worktree_is_served_alike(store, tmp_path):
    git(store.repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Store(tmp_path / "linked")
    make_folders(linked)
    linked.events.touch()

    git(linked.repo, "clean", "-xdf")

    assert linked.events.exists()
    assert git(linked.repo, "status", "--porcelain") == ""


def test_no_git_works_in_the_store_and_it_is_no_checkout_to_serve(store):
    assert git(store.root, "clean", "-xdf", check=False) == ""
    assert store.events.exists()
    assert find_repo(store.root, {}) == find_repo(store.artifacts, {}) == store.repo


@pytest.mark.parametrize("what", ["no repository", "read-only"])
def test_where_git_cannot_be_told_to_ignore_the_store_it_stays_a_plain_folder(
    repo, monkeypatch, what
):
    store = Store(repo)
    if what == "read-only":
        commit(repo, {"a": "1"})
        (repo / ".git" / "info" / "exclude").unlink()
        (repo / ".git" / "info" / "exclude").mkdir()

    make_folders(store)

    assert not (store.root / ".git").exists()
    assert stat.S_IMODE(store.root.stat().st_mode) == 0o700
    assert is_shielded(store) == (what == "no repository")


def test_a_store_before_its_repository_is_shielded_by_the_next_init(repo):
    store = Store(repo)
    make_folders(store)
    commit(repo, {"a": "1"})
    bare = is_shielded(store)

    make_folders(store)

    assert (bare, is_shielded(store)) == (False, True)
