"""Test a disk that fills up during cloning and shipping: an error, and nothing partial."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import commit, git
from tests.faults.arena import Arena
from tests.faults.table import trial
from tests.faults.test_disks import fill
from tests.world import MARK

SIZE, LARGE = 24 << 20, 200 << 20
BIG = 6 << 20  # of the one large file, which each clone has twice
WRITES = "open('work', 'a').write('x'); print('Status: DONE')"


def remount(repo: Path, size: int) -> None:
    """Give the small disk that size."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(repo)], check=True)


@pytest.fixture
def disk(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Arena]:
    """A store on a disk of its own, large as yet, of a repository that ships what agents do."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={LARGE}", "tmpfs", str(repo)]
    if os.name == "nt" or os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("NO SMALL DISK: only root may mount one")
    monkeypatch.setenv("XDG_STATE_HOME", str(repo))  # not outside, so the clones are in the store
    (repo / "big").write_bytes(os.urandom(BIG))
    commit(repo, {"README": "small\n", ".gitignore": "filler\n"})
    git(repo, "add", "big")
    git(repo, "commit", "-qm", "Something large")
    made = Arena(repo, "sh -c 'grep -q x work'")
    words = shlex.join([sys.executable, "-c", WRITES])
    said = made.say("agent", "set", "agent_01", "--command", words, "--pass-env", MARK)
    assert said.code == 0, said
    assert made.say("config", "set", "enable_auto_merge", "true").code == 0
    yield made
    made.close()
    sockets = shutil.ignore_patterns("calls", "own.git", "work")
    shutil.copytree(repo / ".studio_gateway", repo.parent / "kept", ignore=sockets)
    subprocess.run(["umount", "--lazy", str(repo)], check=True)


def untouched(repo: Path, before: str) -> None:
    """The user's repository is as it was, and whole."""
    assert git(repo, "for-each-ref") == before
    assert git(repo, "status", "--porcelain") == ""
    assert not [*(repo / ".git").glob("index.lock"), *(repo / ".git").glob("studio_*")]
    git(repo, "fsck", "--strict")


def shipped(disk: Arena) -> None:
    """It was shipped, once, and everything agrees."""
    subjects = git(disk.repo, "log", "--format=%s", "main").split("\n")
    assert subjects.count("Merge the work of one") == 1
    assert git(disk.repo, "tag") == "shipped/one"
    said = disk.say("verify", "--tag", "shipped/one")
    assert said.code == 0, said
    disk.agree()


def test_no_room_for_a_clone_is_said_and_a_retry_goes_on_with_room(disk):
    disk.create("one")
    before = git(disk.repo, "for-each-ref")
    with trial("disk full at the clone, sprint run", disk.store):
        remount(disk.repo, SIZE)

        said = disk.say("sprint", "run", "one")
        untouched(disk.repo, before)
        remount(disk.repo, LARGE)
        again = disk.say("sprint", "retry", "one")

        assert said.code == 1, said
        assert "No space left on device" in said.out
        assert "Traceback" not in said.err
        assert again.code == 0, again
        shipped(disk)


def test_no_room_for_a_merge_is_said_and_a_retry_ships_with_room(disk):
    disk.create("one")
    for _ in range(5):
        assert disk.say("sprint", "step", "one").code == 0
    before = git(disk.repo, "for-each-ref")
    with trial("disk full at the merge, sprint run", disk.store):
        filler = fill(disk)
        os.truncate(
            filler, filler.stat().st_size - BIG // 2
        )  # the record has room, a clone has not

        said = disk.say("sprint", "run", "one")
        filler.unlink()
        untouched(disk.repo, before)
        again = disk.say("sprint", "retry", "one")

        assert said.code in (1, 3), said
        assert "No space left on device" in said.out
        assert "Traceback" not in said.err
        assert again.code == 0, again
        shipped(disk)
