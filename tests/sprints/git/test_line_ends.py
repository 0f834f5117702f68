"""Test that no file is rewritten by line ends, and that clean is what the user's git says."""

import os
from pathlib import Path

import pytest

from sprints.git import capture_work, gate_checkout, publish
from sprints.git.merge import merge
from sprints.state.ship_values import Refused
from tests.checkout import commit, git
from tests.sprints.git.conftest import FOUND, MARK, reopened
from tests.sprints.git.test_publish import TRAILERS, WORDS

OLD = b"one\r\ntwo\r\n"


def store(users: Path, name: str, data: bytes, attributes: str) -> None:
    """Commit the file as it is, then the attributes."""
    (users / name).write_bytes(data)
    git(users, "add", name)
    git(users, "commit", "-qm", "As it is")
    commit(users, {".gitattributes": attributes + "\n"})


@pytest.fixture(params=["*.txt text eol=lf", "*.txt text", "* text eol=crlf", "*.txt ident"])
def site(users, request):
    """A clone with a file that was stored before its attribute came."""
    mixed = b"one\r\ntwo\n" if "eol=crlf" in request.param else OLD
    data = b"$Id: old $\n" if "ident" in request.param else mixed
    store(users, "old.txt", data, request.param)
    found = reopened(users)
    capture_work.begin(found, MARK, FOUND)
    return found


def blob(site, commit: str) -> str:
    found: str = site.own("rev-parse", f"{commit}:old.txt")
    return found


def test_a_file_that_nobody_touched_is_no_work(site):
    (site.tree / "b").write_text("work\n")

    seen = capture_work.seen(site, MARK)
    gate_checkout.enter(site, MARK, FOUND)

    assert seen.paths == ("b",)
    assert gate_checkout.leave(site, MARK) == 0
    assert blob(site, site.branch) == blob(site, site.base.commit)


def test_of_a_file_whose_mode_changed_only_the_mode_is_work(site):
    (site.tree / "old.txt").chmod(0o755)

    assert capture_work.seen(site, MARK).paths == ("old.txt",)
    assert site.own("ls-tree", site.branch, "old.txt").startswith("100755")
    assert blob(site, site.branch) == blob(site, site.base.commit)


def test_a_changed_file_is_stored_as_git_stores_it(site):
    (site.tree / "old.txt").write_bytes(b"one\r\nchanged\r\n")

    assert capture_work.seen(site, MARK).paths == ("old.txt",)
    text = site.own.raw("cat-file", "blob", f"{site.branch}:old.txt")
    ends = b"\r\n" if b"ident" in (site.tree / ".gitattributes").read_bytes() else b"\n"
    assert text == b"one\nchanged\n".replace(b"\n", ends)


@pytest.fixture
def windows(users, tmp_path, monkeypatch):
    """A user with ``core.autocrlf``, whose checkout has CRLF, and a sprint with work."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text("[core]\n\tautocrlf = true\n")
    git(users, "stash", "-q")
    git(users, "config", "core.autocrlf", "true")  # the test's own git reads no other file
    for name in ("a", "src/b"):
        (users / name).unlink()
    git(users, "checkout", "-q", "--", ".")
    assert (users / "a").read_bytes() == b"one\r\nmore\r\n"
    git(users, "config", "--unset", "core.autocrlf")
    site = reopened(users)
    capture_work.begin(site, MARK, FOUND)
    (site.tree / "src" / "b").write_text("by an agent\n")
    capture_work.seen(site, MARK)
    return site


def test_a_checkout_that_is_clean_for_its_user_follows_in_its_line_ends(windows, users):
    os.utime(users / "a", (1, 1))  # so that git has to read the file
    said = merge(windows, TRAILERS)

    publish.publish(windows, said, WORDS)

    assert windows.own("show", f"{said.commit}:src/b") == "by an agent"
    assert (users / "src" / "b").read_bytes() == b"by an agent\r\n"
    assert (users / "a").read_bytes() == b"one\r\nmore\r\n"
    assert git(users, "-c", "core.autocrlf=true", "status", "--porcelain", "-uno") == ""


def test_a_changed_file_in_such_a_checkout_is_a_change(windows, users):
    (users / "a").write_bytes(b"mine\r\n")
    said = merge(windows, TRAILERS)

    with pytest.raises(Refused, match=r"has changes that are not committed \(a\)"):
        publish.publish(windows, said, WORDS)
