"""Test that ``doctor`` warns of a disk that is short of bytes or of inodes."""

import os
from types import SimpleNamespace

import pytest

from sprints.health import clone_folder, doctor
from sprints.store.layout import Store

pytestmark = pytest.mark.skipif(not hasattr(os, "statvfs"), reason="no inodes")
ROOM = 1 << 40


def looked(tmp_path, monkeypatch, *, files, free, room=ROOM):
    monkeypatch.setattr(clone_folder.shutil, "disk_usage", lambda path: SimpleNamespace(free=room))
    monkeypatch.setattr(clone_folder, "_present", lambda store: store.repo)
    found = SimpleNamespace(f_files=files, f_ffree=files, f_favail=free)
    monkeypatch.setattr(clone_folder.os, "statvfs", lambda path: found)
    (finding,) = doctor.disk(Store(tmp_path))
    return finding


def test_few_free_inodes_are_a_warning(tmp_path, monkeypatch):
    finding = looked(tmp_path, monkeypatch, files=1_000_000, free=1200)

    assert finding.level == "warn"
    assert "1,200 inodes free" in finding.text
    assert "inodes" in finding.remedy


@pytest.mark.parametrize(("files", "free"), [(1_000_000, 500_000), (0, 0)])
def test_enough_inodes_or_no_limit_is_fine(tmp_path, monkeypatch, files, free):
    finding = looked(tmp_path, monkeypatch, files=files, free=free)

    assert (finding.level, finding.remedy) == ("ok", "")
    assert ("inodes" in finding.text) == bool(files)


def test_bytes_are_named_first(tmp_path, monkeypatch):
    finding = looked(tmp_path, monkeypatch, files=1_000_000, free=1, room=1)

    assert finding.remedy == f"make room on the disk of {tmp_path}"
