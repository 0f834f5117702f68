"""Test that only a regular file is opened, whatever a program has put in its place."""

import os

import pytest

from gates.untrusted_file import open_regular


def test_a_regular_file_is_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"kept")

    with open_regular(path) as file:
        assert file.read() == b"kept"


@pytest.mark.parametrize("made", ["link", "pipe", "folder", "nothing"])
def test_anything_else_is_refused_at_once(tmp_path, made):
    path = tmp_path / "file"
    (tmp_path / "target").write_bytes(b"kept")
    match made:
        case "link":
            path.symlink_to("target")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()

    with pytest.raises(OSError, match=r"symbolic links|regular file|No such file|directory"):
        open_regular(path)
