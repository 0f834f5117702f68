"""Test that no pipe in a clone makes git of ours wait."""

import os
import socket

import pytest

from sprints.contract.git_values import OBSERVED
from sprints.git import capture_work, clone_walk, gate_checkout
from tests.checkout import commit
from tests.checkout import git as users_git
from tests.sprints.git.conftest import FOUND, MARK


def pipe(site, *names: str) -> None:
    for name in names:
        path = site.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.mkfifo(path)


@pytest.mark.parametrize(
    "name",
    [".gitignore", "src/.gitignore", ".gitattributes", "new/.gitattributes", ".gitmodules"],
)
def test_a_pipe_where_git_looks_for_rules_is_removed_and_named(site, name):
    pipe(site, name)
    (site.tree / "b").write_text("work\n")

    seen = capture_work.seen(site, MARK)

    assert seen.seen == OBSERVED
    assert seen.paths == ((".gitignore", "b") if name == ".gitignore" else ("b",))
    assert f"no plain files, so they are removed: {name}" in seen.notes
    assert not os.path.lexists(site.tree / name)


@pytest.mark.parametrize("how", ["folder", "link", "file"])
def test_a_pipe_in_a_nested_repository_stops_nobody(site, tmp_path, how):
    inner = "sub/.git" if how == "folder" else "elsewhere"
    for name in ("objects", "refs"):
        (site.tree / inner / name).mkdir(parents=True)
    pipe(site, f"{inner}/HEAD")
    (site.tree / "sub").mkdir(exist_ok=True)
    if how == "link":
        (site.tree / "sub" / ".git").symlink_to("../elsewhere")
    elif how == "file":
        (site.tree / "sub" / ".git").write_text("gitdir: ../elsewhere\n")
    (site.tree / "sub" / "b").write_text("work\n")

    assert capture_work.seen(site, MARK).paths == ("sub/b",)
    assert os.path.lexists(site.tree / "elsewhere/HEAD") == (how != "folder")


def test_what_a_link_leads_to_outside_a_clone_is_not_removed(site, tmp_path):
    os.mkfifo(tmp_path / "HEAD")
    (site.tree / "sub" / ".git").mkdir(parents=True)
    (site.tree / "sub" / ".git" / "HEAD").symlink_to(tmp_path / "HEAD")
    (site.tree / ".gitmodules").symlink_to(tmp_path / "HEAD")

    assert sorted(clone_walk.prepare(site.tree)) == [".gitmodules", "sub/.git/HEAD"]
    assert (tmp_path / "HEAD").exists()


def test_a_pipe_of_a_gate_is_put_back(site, monkeypatch):
    gate_checkout.enter(site, MARK, FOUND)
    pipe(site, ".gitignore", "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(site.tree)
        listener.bind(".gitattributes")

    assert gate_checkout.leave(site, MARK) == 1
    assert (site.tree / ".gitignore").read_text() == "*.o\n"


def test_a_whole_nested_repository_is_left_alone(site):
    (site.tree / "sub").mkdir()
    commit(site.tree / "sub", {"x": "x"})

    assert clone_walk.prepare(site.tree) == []
    assert users_git(site.tree / "sub", "status", "--porcelain") == ""


@pytest.mark.parametrize("what", ["pipe", "pack", "link", "alternates"])
def test_commits_come_only_from_plain_objects_of_the_clone(site, users, tmp_path, what):
    mine = commit(site.tree, {"b": "work\n"})
    objects = site.tree / ".git" / "objects"
    if what == "pipe":
        (objects / mine[:2] / mine[2:]).unlink()
        os.mkfifo(objects / mine[:2] / mine[2:])
    elif what == "pack":
        os.mkfifo(objects / "pack" / f"pack-{'1' * 40}.idx")
        (objects / "pack" / f"pack-{'1' * 40}.pack").touch()
    elif what == "link":
        (objects / mine[:2]).rename(tmp_path / "away")
        (objects / mine[:2]).symlink_to(tmp_path / "away")
    else:
        (objects / "info").mkdir(exist_ok=True)
        (objects / "info" / "alternates").write_text(f"{users}/.git/objects\n")

    seen = capture_work.seen(site, MARK)

    assert (seen.seen, seen.paths) == (OBSERVED, ("b",))
    assert "its commits could not be read" in seen.notes[0]
    assert seen.head != mine
