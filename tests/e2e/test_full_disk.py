"""Test a full store: a one-line error, no acknowledged data lost, and recovery afterwards."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import processes_of, set_gate, wait_for
from tests.e2e.test_crashes import check_store
from tests.world import FOLDER, Said, run_command

KIB = 1 << 10


def sprints_of(repo: Path) -> dict[str, dict]:
    sprints: dict[str, dict] = json.loads((repo / FOLDER / "state.json").read_text())["sprints"]
    return sprints


def is_clear(said: Said) -> bool:
    """At most a line for the files and one for the refusal, and no traceback."""
    lines = said.err.splitlines()
    starts = ("the files ", "error: ")
    return len(lines) <= 2 and all(line.startswith(starts) for line in lines)


@pytest.mark.parametrize("blocked", ["events.jsonl", ".state.json.tmp", "both"])
def test_files_that_cannot_be_written_cost_a_sprint_a_line_and_catch_up(gateway, blocked):
    root = gateway / FOLDER
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    names = ["events.jsonl", ".state.json.tmp"] if blocked == "both" else [blocked]
    for name in names:
        (root / name).unlink(missing_ok=True)
        (root / name).mkdir()

    said = run_command(gateway, "sprint", "run", "wk1")

    assert (said.code, said.out.splitlines()[-1]) == (0, "wk1 succeeded")
    assert said.err.count("\n") == 1, said
    assert said.err.startswith("the files of the store cannot be written: Is a directory: /"), said
    status = json.loads(run_command(gateway, "status").out)
    assert status["mirror_fault"].startswith("Is a directory")
    assert sprints_of(gateway)["wk1"]["status"] == "created"
    for name in names:
        (root / name).rmdir()

    assert run_command(gateway, "init").code == 0

    assert sprints_of(gateway)["wk1"]["status"] == "succeeded"
    assert json.loads(run_command(gateway, "status").out)["mirror_fault"] == ""
    check_store(gateway)


@pytest.fixture
def small(repo: Path) -> Iterator[Path]:
    """A repository whose store lies on a disk of 8 MiB."""
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("NOT ROOT: no small disk can be mounted")
    root = repo / FOLDER
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(root)]
    made = subprocess.run(mount, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"NO MOUNTS HERE: {made.stderr.strip()}")
    try:
        assert run_command(repo, "init").code == 0
        set_gate(repo, "echo judged")
        yield repo
        assert wait_for(lambda: not processes_of(repo)), processes_of(repo)
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=True)


def leave(root: Path, room: int) -> None:
    """Fill the disk but for ``room`` bytes."""
    ballast = root / "ballast"
    ballast.unlink(missing_ok=True)
    free = os.statvfs(root)
    size = max(0, free.f_bavail * free.f_frsize - room)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)


def test_a_full_disk_loses_nothing_that_was_acknowledged(small):
    root = small / FOLDER
    created, succeeded, refused = set(), set(), 0

    for room in (0, 4, 8, 16, 24, 32, 48, 64, 96, 128):
        leave(root, room * KIB)
        for act in ("create", "run"):
            said = run_command(small, "sprint", act, f"s{room}")
            assert is_clear(said), (room, act, said)
            assert said.code in (0, 1, 2), (room, act, said)
            if said.code == 0:
                (created if act == "create" else succeeded).add(f"s{room}")
            elif "no sprint" not in said.err:
                refused += 1
                assert said.err.endswith(f"; make room on the disk of {root}\n"), said
    (root / "ballast").unlink()
    assert run_command(small, "init").code == 0

    assert refused
    assert created
    shown = sprints_of(small)
    assert created <= shown.keys()
    assert succeeded <= {name for name, one in shown.items() if one["status"] == "succeeded"}
    check_store(small)
    for name in sorted(created - succeeded):
        act = "retry" if shown[name]["status"] == "failed" else "run"
        again = run_command(small, "sprint", act, name)
        assert again.code == 0, (name, again)
