"""Test that work ships in every shape of repository of docs/repositories.md, or why it cannot."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from sprints.contract.agent_spec import COMMAND
from sprints.git import capture_work, publish
from sprints.git.git import GitError
from sprints.git.merge import merge
from sprints.state.ship_values import Refused
from sprints.store.layout import Store
from tests import studio
from tests.checkout import commit
from tests.checkout import git as users_git
from tests.sprints.git.conftest import FOUND, MARK, reopened
from tests.sprints.git.shapes import SHAPES, Shape
from tests.sprints.git.test_publish import TRAILERS, WORDS
from tests.world import MARK as OF_TESTS
from tests.world import ROOT

PAGE = ROOT / "docs" / "repositories.md"
WORK = {"a": "by an agent\n", "new/b": "new\n", "out/x.log": "a log\n"}


def git(repo: Path, *argv: str, check: bool = True) -> str:
    """What git prints there, without running a program of the repository."""
    off = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
    return users_git(repo, *off, *argv, check=check)


def start(repo: Path) -> None:
    commit(repo, {"a": "one\n", "b": "none\n", "run": "#!/bin/sh\n"})
    (repo / "run").chmod(0o755)
    git(repo, "commit", "-q", "-a", "-m", "A program")


def files(repo: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and bytes of every file of the checkout, without git's and the gateway's."""
    found = {}
    for where, folders, names in os.walk(repo):
        folders[:] = [name for name in folders if name not in (".git", ".studio_gateway")]
        for path in (Path(where, name) for name in names):
            data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(repo))] = path.lstat().st_mode, data
    return found


def ship(repo: Path) -> None:
    """Let an agent change files, and ship them. Raises ``GitError`` and ``Refused``."""
    (repo / ".studio_gateway").mkdir()
    (repo / ".studio_gateway" / ".gitignore").write_text("*\n")
    site = reopened(repo)
    capture_work.begin(site, MARK, FOUND)
    for name, text in WORK.items():
        (site.tree / name).parent.mkdir(exist_ok=True)
        (site.tree / name).write_text(text)
    found = capture_work.seen(site, MARK)
    assert not found.reason, found
    if not site.base.branch:
        raise Refused("it began at a detached HEAD")
    said = merge(site, TRAILERS)
    assert not said.reason, said
    publish.publish(site, said, WORDS)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda one: f"{one.group}: {one.name}")
def test_the_work_ships_and_nothing_else_changes(repo, shape: Shape):
    start(repo)
    repo = shape.make(repo) or repo
    before, status = files(repo), git(repo, "status", "--porcelain")
    head = git(repo, "rev-parse", "-q", "--verify", "HEAD", check=False)

    if shape.refused:
        with pytest.raises((GitError, Refused), match=shape.refused):
            ship(repo)
        assert git(repo, "rev-parse", "-q", "--verify", "HEAD", check=False) == head
        assert files(repo) == before
        shape.check(repo)
        return
    ship(repo)

    now = git(repo, "rev-parse", "HEAD")
    changed = git(repo, "diff", "--name-only", "--no-renames", head, now).split("\n")
    shipped = [name for name in WORK if name in changed]
    assert changed == sorted(shipped)
    assert git(repo, "rev-parse", "HEAD^1") == head
    assert git(repo, "show", "HEAD:a") == "by an agent"
    after = files(repo)
    lines = git(repo, "ls-files", "-v").split("\n")
    sparse = {name for name in shipped if f"S {name}" in lines}
    assert after.keys() - before.keys() == set(shipped) - {"a"} - sparse
    assert {name: after[name] for name in before if name != "a"} == {
        name: about for name, about in before.items() if name != "a"
    }
    assert after["a"][1].replace(b"\r\n", b"\n") == b"by an agent\n"
    assert git(repo, "status", "--porcelain") == status
    shape.check(repo)


WRITES = f"""
import pathlib
for name, text in {WORK!r}.items():
    pathlib.Path(name).parent.mkdir(exist_ok=True)
    pathlib.Path(name).write_text(text)
print("Status: DONE")
"""


@pytest.mark.whole
@pytest.mark.parametrize(
    "shape", [one for one in SHAPES if not one.refused], ids=lambda one: f"{one.group}: {one.name}"
)
def test_a_whole_sprint_ships(store: Store, settings, new_store, shape: Shape):
    start(store.repo)
    repo = shape.make(store.repo) or store.repo
    head = git(repo, "rev-parse", "HEAD")
    if repo != store.repo:
        settings.STORE = Store(repo)
        shutil.copytree(new_store.folder, settings.STORE.root)
    command = (sys.executable, "-c", WRITES)
    studio.set_agent(runner=COMMAND, command=command, pass_env=(OF_TESTS,))
    studio.configure("enable_auto_merge", "true", "test")
    studio.create()

    done = studio.run().sprint

    assert (done.status, done.last_error) == ("succeeded", None)
    assert git(repo, "rev-parse", "HEAD^1", "shipped/wk1^{commit}").split() == [
        head,
        git(repo, "rev-parse", "HEAD"),
    ]
    assert git(repo, "show", "HEAD:a") == "by an agent"
    shape.check(repo)
    studio.settle_files()
    assert studio.verify().difference is None


@pytest.mark.parametrize("mask", [0o077, 0o022, 0o002])
def test_files_get_the_modes_of_the_umask_and_the_store_stays_private(repo, mask):
    start(repo)
    before = os.umask(mask)
    try:
        ship(repo)
    finally:
        os.umask(before)

    assert (repo / "new" / "b").stat().st_mode & 0o777 == 0o666 & ~mask
    assert (repo / "a").stat().st_mode & 0o777 == 0o666 & ~mask
    assert git(repo, "ls-files", "-s", "new/b", "a").count("100644") == 2
    assert (repo / ".studio_gateway" / "git").stat().st_mode & 0o077 == 0


def test_the_page_lists_every_shape():
    _, *rows = re.findall(r"^\| ([a-z ]+) \| (.+) \| (.+) \|$", PAGE.read_text(), re.MULTILINE)

    assert rows == [(one.group, one.name, one.holds) for one in SHAPES]
    assert len(rows) >= 40
