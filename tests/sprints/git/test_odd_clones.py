"""Test unusual content in a clone: deep folders, long names, links, many refs."""

import os
import shutil
import time

import pytest

from gates.removal import remove
from sprints.contract.git_values import OBSERVED
from sprints.git import capture_work, untrusted_refs
from tests.checkout import git
from tests.sprints.git.conftest import FOUND, MARK, again

DEEP = 5000  # as a path, longer than any system takes


def deepen(folder, levels=DEEP) -> None:
    """Folders in folders in that one, with a file in the last."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("a", dir_fd=here)
        below = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT, dir_fd=here))
    os.close(here)


@pytest.fixture(autouse=True)
def clear(tmp_path):
    """pytest itself cannot remove such folders."""
    yield
    remove(tmp_path / "repo" / ".studio_gateway")


@pytest.mark.parametrize("where", ["", "refs/heads", "objects"])
def test_folders_in_folders_in_a_git_folder_stop_nobody(site, where):
    deepen(site.tree / ".git" / where)
    (site.tree / "a").write_text("work\n")

    seen = capture_work.seen(site, MARK)
    capture_work.begin(site, again(2), FOUND)

    assert (seen.seen, seen.paths) == (OBSERVED, ("a",))
    shutil.rmtree(site.tree / ".git")
    capture_work.begin(site, again(3), FOUND)
    assert not [path for path in site.tree.parent.iterdir() if path.name.startswith(".wk1~old")]


@pytest.mark.parametrize("name", ["x\0y", "a/" * 3000, "b" * 300, "../../a", "\udcff"])
def test_a_branch_that_nothing_can_be_named_is_none(site, name):
    head = git(site.tree, "rev-parse", "HEAD")
    words = f"{head} refs/heads/{name}\n{head} refs/heads/sound\n"
    (site.tree / ".git" / "packed-refs").write_text(words, errors="surrogateescape")
    (site.tree / "a").write_text("work\n")

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.paths) == (OBSERVED, ("a",))


@pytest.mark.parametrize("link", ["refs", "refs/heads"])
def test_a_link_among_the_refs_leads_nowhere(site, tmp_path, link):
    (tmp_path / "away" / "heads").mkdir(parents=True)
    for folder in (tmp_path / "away", tmp_path / "away" / "heads"):
        (folder / "theirs").write_text("1" * 40)
    folder = site.tree / ".git" / link
    shutil.rmtree(folder)
    folder.symlink_to(tmp_path / "away")

    assert not [name for name in untrusted_refs.refs_in(site.tree)[0] if name.endswith("theirs")]


def test_very_many_files_among_the_refs_take_no_time(site):
    folder = site.tree / ".git" / "refs" / "heads"
    for n in range(100):
        (folder / str(n)).mkdir()
        for m in range(300):
            (folder / str(n) / str(m)).touch()

    begun = time.monotonic()
    _, whole = untrusted_refs.refs_in(site.tree)

    assert time.monotonic() - begun < 5
    assert not whole


def test_everything_is_removed_and_what_links_lead_to_is_not(tmp_path):
    folder, away = tmp_path / "folder", tmp_path / "away"
    away.mkdir()
    (away / "file").touch()
    for name in ("one/two", "one/read-only/in it"):
        (folder / name).mkdir(parents=True)
    (folder / "one" / "read-only" / "file").touch()
    (folder / "one" / "read-only").chmod(0o500)
    (folder / "link").symlink_to(away)
    (folder / "one" / "link").symlink_to(away / "file")
    os.mkfifo(folder / "one" / "pipe")
    deepen(folder / "one")

    remove(folder)
    (tmp_path / "linked").symlink_to(away)
    remove(tmp_path / "linked")
    remove(tmp_path / "absent")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["away", "linked"]
    assert (away / "file").exists()
