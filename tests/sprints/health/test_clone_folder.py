"""Test what ``init``, ``doctor`` and ``upgrade`` say of the folder of the clones."""

import json
import os
import shutil
from pathlib import Path

import pytest

from sprints.health import clone_folder
from sprints.health.clone_folder import judged, lying_inside, room
from sprints.store import clones


def findings(invoke, check="clones"):
    """The texts, with their levels and fixes."""
    found = json.loads(invoke("doctor", "--json").out)
    return [(one["level"], one["text"], one["remedy"]) for one in found if one["check"] == check]


def test_doctor_names_the_folder_and_the_size(store, invoke):
    invoke("init")
    folder = clones.work_of(store.root)
    assert findings(invoke) == [("ok", f"the clones of sprints are in {folder}", "")]

    (folder / "wk1").mkdir()
    (folder / "wk1" / "large").write_bytes(b"x" * (3 << 20))
    (folder / ".wk1~left-1").mkdir()

    assert findings(invoke) == [
        ("ok", f"the clones of sprints are in {folder} (1 of them, 3.0 MiB)", "")
    ]


def test_the_size_of_very_many_files_is_a_lower_bound(store, monkeypatch):
    monkeypatch.setattr(clone_folder, "MOST_FILES", 1)
    folder = clones.work_of(store.root)
    for name in ("a", "b", "c"):
        (folder / "wk1" / name).mkdir(parents=True)
        (folder / "wk1" / name / "x").write_text("x")

    assert "(1 of them, at least 0.0 MiB)" in next(judged(store))[1]


def test_without_a_place_outside_init_and_doctor_say_why(store, invoke, monkeypatch):
    (store.root / clones.POINTER).unlink()
    monkeypatch.setenv("XDG_STATE_HOME", str(store.repo))
    said = invoke("init")

    assert said.code == 0
    assert (
        f"{store.repo}/studio-gateway lies in the checkout; see: studio-gateway doctor" in said.err
    )
    ((level, text, remedy),) = findings(invoke)
    assert (level, text) == ("warn", lying_inside(store))
    assert remedy == "studio-gateway config set clones_folder FOLDER && studio-gateway upgrade"


def test_an_upgrade_moves_the_clones_of_an_older_store(store, invoke):
    (store.root / clones.POINTER).unlink()
    (store.root / "work" / "wk1").mkdir(parents=True)
    assert invoke("init").code == 0
    ((level, text, remedy),) = findings(invoke)
    assert (level, remedy) == ("warn", "studio-gateway upgrade")
    assert f"{store.root}/work (1 of them" in text

    said = invoke("upgrade")

    there = clones.work_of(store.root)
    assert f"moved: the clones of sprints, from {store.root}/work to {there}\n" in said.out
    assert (there / "wk1").is_dir()
    assert [level for level, *_ in findings(invoke)] == ["ok"]


def test_a_setting_takes_effect_with_an_upgrade(store, invoke, tmp_path):
    clones.work_of(store.root)
    invoke("config", "set", "clones_folder", str(tmp_path / "big"))
    ((level, text, remedy),) = findings(invoke)
    assert (level, remedy) == ("warn", "studio-gateway upgrade")
    assert text.endswith(", not where clones_folder says")

    invoke("upgrade")

    assert clones.work_of(store.root).is_relative_to(tmp_path / "big")
    assert [level for level, *_ in findings(invoke)] == ["ok"]


def test_clones_that_cannot_move_stay_and_upgrade_says_why(store, invoke, tmp_path):
    folder = clones.work_of(store.root)
    (tmp_path / "file").write_text("")
    invoke("config", "set", "clones_folder", str(tmp_path / "file"))

    said = invoke("upgrade")

    assert said.code == 0
    assert f"not moved: the clones of sprints stay in {folder}: {tmp_path}/file" in said.out
    assert clones.work_of(store.root) == folder


def test_left_over_clones_are_named_and_init_leaves_them_to_a_living_store(store, invoke, tmp_path):
    mine = clones.work_of(store.root).parent
    gone = mine.with_name("gone")
    shutil.copytree(mine, gone)
    (gone / "store.json").write_text(json.dumps({"store": str(tmp_path / "deleted")}))
    dead = mine.with_name("dead")
    shutil.copytree(mine, dead)

    _, ours, theirs = findings(invoke)
    text = "has clones that this store, or an earlier one at its path, does not use any more"
    assert ours == ("warn", f"{dead} {text}", f"if no work in them is missing: rm -r {dead}")
    assert theirs[1] == f"clones that no store uses any more: {gone}, of {tmp_path}/deleted"
    assert theirs[2] == f"if no work in them is missing: rm -r {gone}"

    invoke("init")

    assert dead.is_dir()
    assert gone.is_dir()
    assert mine.is_dir()


def test_a_living_store_is_not_said_to_be_gone(store, invoke, tmp_path):
    other = clones.work_of(store.root).parent.with_name("other")
    shutil.copytree(clones.work_of(store.root).parent, other)
    there = tmp_path / "there" / store.root.name
    there.mkdir(parents=True)  # it has only lost the file that names its clones
    (other / "store.json").write_text(json.dumps({"store": str(there)}))

    _, (_, text, fix) = findings(invoke)

    assert text == f"clones that no store uses any more: {other}, of {there}"
    assert fix == f"if no work in them is missing: rm -r {other}"


@pytest.mark.parametrize("text", [None, "[", "[]"])
def test_clones_outlive_the_loss_of_the_file_that_names_them(store, invoke, text):
    folder = clones.work_of(store.root)
    (folder / "wk1").mkdir()
    (folder / "wk1" / "work").write_text("not committed")
    pointer = store.root / "clones.json"
    pointer.unlink() if text is None else pointer.write_text(text)

    for _ in range(2):
        assert invoke("init").code == 0

    assert (folder / "wk1" / "work").read_text() == "not committed"
    assert clones.work_of(store.root) != folder
    if text is None:  # the link tells that no store has it
        _, (_, said, fix) = findings(invoke)
        assert said.startswith(str(folder.parent))
        assert fix.endswith(f"rm -r {folder.parent}")


def test_clones_outlive_a_time_in_which_they_cannot_be_used(store, invoke, monkeypatch):
    folder, real = clones.work_of(store.root), os.access
    (folder / "wk1").mkdir()
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda path, mode: path != folder and real(path, mode))
        assert invoke("init").code == 0

    assert clones.work_of(store.root) != folder
    assert invoke("init").code == 0
    assert (folder / "wk1").is_dir()


def test_a_move_that_was_cut_short_is_named_as_such(store, invoke):
    clones.work_of(store.root)
    home = clones.read(store.root)
    clones.point(store.root, clones.Home(home.folder, store.root))

    ((level, text, fix),) = findings(invoke)

    assert (level, fix) == ("warn", "studio-gateway upgrade")
    assert text.endswith("; an upgrade has not finished moving them")


def test_the_room_of_both_disks_is_checked(store, monkeypatch):
    folder, real = clones.work_of(store.root), Path.stat

    def other_disk(path: Path, **options: bool) -> os.stat_result:
        found = real(path, **options)
        return os.stat_result((*found[:2], path == folder, *found[3:])) if path == folder else found

    assert [level for level, *_ in room(store)] == ["ok"]
    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", other_disk)
        patched.setattr(clone_folder, "FREE_BYTES", 1 << 60)
        low = [*room(store)]

    assert {remedy for _, _, remedy in low} == {
        f"make room on the disk of {place}" for place in (store.repo, folder)
    }


@pytest.mark.parametrize("where", ["", "packages/one"])
def test_a_checkout_has_no_clones_below_it(store, where):
    start = store.repo / where
    start.mkdir(parents=True, exist_ok=True)

    assert not clones.work_of(store.root).is_relative_to(store.repo)
