"""Test where the clones of a store lie: outside the checkout, and never shared by two stores."""

import json
import os
import shutil
from pathlib import Path

import pytest

from sprints.store import clones
from sprints.store.layout import Store, make_folders
from sprints.store.orphaned_clones import clear_orphans, orphans


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all stores' clones in the state folder of the user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "studio-gateway"


def store_at(repo: Path) -> Path:
    """The root of a new store."""
    (repo / ".git").mkdir(parents=True, exist_ok=True)
    made = Store(repo)
    make_folders(made)
    return made.root


@pytest.fixture
def root(tmp_path: Path, state: Path) -> Path:
    """The store of the repository ``one``."""
    return store_at(tmp_path / "one")


def test_the_clones_lie_in_the_state_folder_of_the_user(root, state):
    folder = clones.work_of(root)

    assert folder.is_dir()
    assert folder.parent.parent == state
    assert folder.parent.stat().st_mode & 0o077 == 0
    assert clones.work_of(root) == folder == clones.seen_of(root)
    assert not (root / "work").exists()


def test_without_a_state_folder_in_the_environment_it_is_that_of_home(root, tmp_path, monkeypatch):
    for value in (None, "", "relative/state"):
        monkeypatch.delenv("XDG_STATE_HOME")
        if value is not None:
            monkeypatch.setenv("XDG_STATE_HOME", value)
        monkeypatch.setenv("HOME", str(tmp_path))

        assert clones.base_of(root) == tmp_path / ".local/state/studio-gateway"
        monkeypatch.setenv("XDG_STATE_HOME", "")


def test_a_setting_names_another_folder(root, tmp_path):
    settings = {"auth_token": "x" * 20, "clones_folder": str(tmp_path / "big")}
    (root / "config.json").write_text(json.dumps(settings))

    assert clones.work_of(root).parent.parent == tmp_path / "big" / "studio-gateway"


@pytest.mark.parametrize("where", ["", "deep/below"])
def test_a_state_folder_in_the_checkout_is_not_used(root, where, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(root.parent / where))

    assert clones.work_of(root) == root / "work"
    assert "lies in the checkout" in clones.obstacle(root)


def test_without_a_place_outside_the_clones_are_in_the_store(root, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for state, why in (("file/state", "Not a directory"), ("file", "File exists|Not a directory")):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / state))

        assert clones.work_of(root) == root / "work"
        assert any(one in clones.obstacle(root) for one in why.split("|"))
    monkeypatch.setenv("XDG_STATE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "missing"))

    assert clones.work_of(root) == root / "work"
    assert clones.obstacle(root) == f"there is no home folder {tmp_path / 'missing'}"
    assert not (tmp_path / "missing").exists()


def test_a_folder_that_runs_no_programs_is_not_used(root, tmp_path, monkeypatch):
    real = os.statvfs

    class NoExec:
        f_flag = os.ST_NOEXEC

    monkeypatch.setattr(os, "statvfs", lambda path: NoExec if "state" in str(path) else real(path))

    assert clones.work_of(root) == root / "work"
    assert "noexec" in clones.obstacle(root)


def test_clones_of_an_older_version_stay_until_an_upgrade(root, state):
    (root / "work" / "wk1").mkdir(parents=True)

    assert clones.work_of(root) == root / "work"
    clones.settle(root)
    assert clones.work_of(root) == root / "work"
    assert not state.exists()


def test_two_stores_never_share_a_folder(root, tmp_path):
    folders = [clones.work_of(one) for one in (root, store_at(tmp_path / "two"))]

    assert len({*folders}) == 2


@pytest.mark.parametrize("linked", [True, False])
def test_a_copied_store_gets_a_folder_of_its_own(root, tmp_path, linked):
    folder = clones.work_of(root)
    (folder / "wk1").mkdir()
    if not linked:
        (folder.parent / "held").unlink()  # as on two file systems

    shutil.copytree(root.parent, tmp_path / "copy")
    copied = clones.work_of(tmp_path / "copy" / root.name)

    assert copied != folder
    assert [*copied.iterdir()] == []
    assert clones.work_of(root) == folder


@pytest.mark.parametrize("linked", [True, False])
def test_a_moved_store_keeps_its_folder(root, tmp_path, linked):
    folder = clones.work_of(root)
    (folder / "wk1").mkdir()
    if not linked:
        (folder.parent / "held").unlink()

    root.parent.rename(tmp_path / "moved")
    moved = tmp_path / "moved" / root.name

    assert clones.work_of(moved) == folder
    assert (folder / "wk1").is_dir()
    again = store_at(tmp_path / "one")
    assert clones.work_of(again) != folder
    assert clear_orphans(again) == []


def test_a_deleted_folder_is_made_again(root):
    folder = clones.work_of(root)
    shutil.rmtree(folder.parent.parent)

    assert clones.work_of(root) == folder
    assert folder.is_dir()


@pytest.mark.parametrize(
    "text",
    [
        "[", "[]", "null", "5", '""', "{}", '{"folder": null}', '{"folder": "relative"}',
        '{"folder": "/tmp/\\u0000"}', '{"folder": "/tmp/x", "before": 5}',
        '{"folder": "/tmp/x", "before": "relative"}',
    ],
)  # fmt: skip
def test_a_damaged_file_in_the_store_means_a_new_folder(root, state, text):
    folder = clones.work_of(root)
    (root / "clones.json").write_text(text)

    assert clones.read(root) is None
    assert clones.work_of(root) not in (folder, root / "work")
    assert clones.work_of(root).parent.parent == state


def test_clones_of_a_deleted_store_are_removed_by_the_next_one_there(root, tmp_path):
    folder, other = clones.work_of(root), clones.work_of(store_at(tmp_path / "two"))
    (folder / "wk1" / "closed").mkdir(parents=True, mode=0o500)
    (other / "wk1").mkdir()
    shutil.rmtree(root)
    again = store_at(tmp_path / "one")
    mine = clones.work_of(again)
    assert orphans(again) == {folder.parent: str(root)}

    assert clear_orphans(again) == [folder.parent]

    assert not folder.parent.exists()
    assert (other / "wk1").is_dir()
    assert mine.is_dir()
    assert orphans(again) == {}


def test_clones_are_not_removed_while_their_store_may_live(root, tmp_path):
    folder = clones.work_of(root)
    root.parent.rename(tmp_path / "aside")  # it keeps its clones under another name
    again = store_at(tmp_path / "one")
    assert (clear_orphans(again), orphans(again)) == ([], {})

    (folder.parent / "held").unlink()  # nothing tells any more whether it lives
    assert clear_orphans(again) == []
    assert orphans(again) == {folder.parent: str(root)}
    assert folder.is_dir()


def test_the_clones_of_a_store_that_was_deleted_elsewhere_are_only_named(root, tmp_path):
    two = store_at(tmp_path / "two")
    gone = clones.work_of(two)
    shutil.rmtree(two.parent)

    assert clear_orphans(root) == []
    assert orphans(root) == {gone.parent: str(two)}
    assert gone.is_dir()


def test_node_finds_the_packages_of_the_checkout_above_a_clone(root, tmp_path):
    link = clones.work_of(root).parent / "node_modules"
    for repo in (root.parent, tmp_path / "moved"):
        clones.lend_packages(repo / root.name)
        assert not link.is_symlink()

        (repo / "node_modules" / "one").mkdir(parents=True)
        for _ in range(2):
            clones.lend_packages(repo / root.name)
        assert (link / "one").is_dir()
        if repo == root.parent:
            repo.rename(tmp_path / "moved")
            clones.work_of(tmp_path / "moved" / root.name)
            (tmp_path / "moved" / "node_modules").rename(tmp_path / "aside")


def test_packages_that_clones_are_lent_survive_the_end_of_the_clones(root, tmp_path):
    (root.parent / "node_modules" / "one").mkdir(parents=True)
    clones.work_of(root)
    clones.lend_packages(root)
    shutil.rmtree(root)
    again = store_at(tmp_path / "one")

    assert len(clear_orphans(again)) == 1
    assert (root.parent / "node_modules" / "one").is_dir()


def test_a_sandbox_opens_no_clones_of_any_store(root, state, tmp_path):
    assert clones.closed(root) == (state,)
    clones.work_of(root)
    settings = {"auth_token": "x" * 20, "clones_folder": str(tmp_path / "big")}
    (root / "config.json").write_text(json.dumps(settings))

    assert clones.closed(root) == (state, tmp_path / "big" / "studio-gateway")
