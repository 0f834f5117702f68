"""Test that the clones of a store move all at once, whenever the move is killed."""

import errno
import json
import os
import socket
from pathlib import Path

import pytest

from gates import fault_points
from sprints.store import clones
from sprints.store.layout import Store, StoreError, make_folders
from sprints.store.moved_clones import move


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of an older version, with a clone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "one" / ".git").mkdir(parents=True)
    made = Store(tmp_path / "one")
    make_folders(made)
    tree = made.root / "work" / "wk1"
    (tree / ".git").mkdir(parents=True)
    (tree / "late").write_text("by hand\n")
    (tree / "run").write_text("#!/bin/sh\n")
    (tree / "run").chmod(0o755)
    (tree / "link").symlink_to("nowhere")
    (tree / "closed").mkdir()
    (tree / "closed" / "x").write_text("x")
    (tree / "closed").chmod(0o555)
    (made.root / "homes" / "agent_01").mkdir(parents=True)
    (made.root / "homes" / "agent_01" / "session").write_text("kept")
    return made.root


@pytest.fixture
def two_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder of clones can be renamed across the two."""
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name in ("work", "homes"):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)


def check(folder: Path) -> None:
    """It has the whole clone."""
    tree = folder / "wk1"
    assert (tree / "late").read_text() == "by hand\n"
    assert os.access(tree / "run", os.X_OK)
    assert (tree / "link").is_symlink()
    assert (tree / "closed" / "x").read_text() == "x"
    assert (tree / "closed").stat().st_mode & 0o777 == 0o555


def check_homes(root: Path) -> None:
    """So have the private HOMEs."""
    assert (clones.homes_of(root) / "agent_01" / "session").read_text() == "kept"


def test_clones_move_out_of_the_checkout(root, tmp_path):
    assert clones.is_misplaced(root)

    here, there = move(root)

    assert here == root / "work"
    assert not here.exists()
    assert there == clones.work_of(root)
    assert there.is_relative_to(tmp_path / "state")
    check(there)
    check_homes(root)
    assert clones.homes_of(root).parent == there.parent
    assert not (root / "homes").exists()
    assert not clones.is_misplaced(root)
    assert move(root) is None


def test_clones_move_to_another_disk(root, two_disks):
    with socket.socket(socket.AF_UNIX) as left:
        os.chdir(root / "work" / "wk1")  # the whole path is too long for a socket
        left.bind("socket")
    os.chdir("/")

    move(root)

    check(clones.work_of(root))
    assert not (clones.work_of(root) / "wk1" / "socket").exists()
    assert not (root / "work").exists()


def test_clones_move_to_where_a_setting_wants_them(root, tmp_path):
    move(root)
    earlier = clones.work_of(root)
    settings = {"auth_token": "x" * 20, "clones_folder": str(tmp_path / "big")}
    (root / "config.json").write_text(json.dumps(settings))
    assert clones.is_misplaced(root)

    move(root)

    check(clones.work_of(root))
    assert clones.work_of(root).is_relative_to(tmp_path / "big")
    assert not earlier.parent.exists()


@pytest.mark.parametrize("disks", [1, 2])
@pytest.mark.parametrize(
    "point",
    ["before_state_rename", "after_state_rename", "clones_named", "clones_copied", "clones_moved"],
)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_killed_move_has_all_clones_in_one_place(root, point, nth, disks, monkeypatch, request):
    if disks == 2:
        request.getfixturevalue("two_disks")
    real, left = fault_points.point, [nth]

    def killed(name: str) -> None:
        left[0] -= name == point
        if name == point and left[0] == 0:
            raise KeyboardInterrupt
        real(name)

    with monkeypatch.context() as patched:
        patched.setattr(fault_points, "point", killed)
        try:
            move(root)
        except KeyboardInterrupt:
            check(clones.work_of(root))
            check_homes(root)
            clones.settle(root)
            check(clones.work_of(root))
            check_homes(root)

    move(root)
    check(clones.work_of(root))
    check_homes(root)
    assert not (root / "work").exists()
    assert not (root / "homes").exists()
    assert not clones.is_misplaced(root)


def test_a_clone_that_cannot_be_copied_stays_where_it_is(root, two_disks, monkeypatch):
    def full(source: str, target: str, **_: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)

    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfile", full)
        with pytest.raises(StoreError, match="cannot be copied"):
            move(root)

    check(clones.work_of(root))
    assert clones.work_of(root) == root / "work"


def test_without_a_place_outside_the_clones_stay(root, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(root.parent))

    with pytest.raises(StoreError, match="lies in the checkout"):
        move(root)

    check(clones.work_of(root))
