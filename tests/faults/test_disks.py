"""Test a disk that is full, read-only or broken: a one-line error, recovery."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import wait_for
from tests.faults.arena import GATE, Arena
from tests.faults.table import SHORT, trial

SLOW_GATE = "sh -c 'echo $STUDIO_GATEWAY_RUN >> ran; echo half; sleep 2; echo judged'"
SIZE = 24 << 20
FILE_POINTS = (
    "before_event_append",
    "mid_event_append",
    "after_event_append",
    "before_state_fsync",
    "before_state_rename",
    "after_state_rename",
)


@pytest.mark.parametrize("action", ["enospc"] if SHORT else ["enospc", "eio", "erofs"])
@pytest.mark.parametrize("point", FILE_POINTS[1:6:3] if SHORT else FILE_POINTS)
def test_a_file_that_cannot_be_written_stops_no_sprint(shared, point, action):
    name = f"{point}-{action}"
    shared.create(*(f"{one}-enospc" for one in FILE_POINTS), name)
    with trial(f"{action} at {point}", shared.store):
        fault, marker = shared.fault(f"{point}:1:{action}")

        said = shared.say("sprint", "run", name, STUDIO_FAULT=fault)

        assert said.code == 0, said
        assert marker.exists()
        assert shared.say("status").code == 0
        shared.ended_well(name)


@pytest.mark.parametrize("count", [100] if SHORT else [0, 1, 100])
def test_a_line_that_is_written_in_part_is_written_again(shared, count):
    name = f"short-{count}"
    shared.create(name)
    with trial("short write at mid_event_append", shared.store):
        fault, marker = shared.fault(f"mid_event_append:2:short_write:{count}")

        said = shared.say("sprint", "run", name, STUDIO_FAULT=fault)

        assert said.code == 0, said
        assert marker.exists()
        shared.ended_well(name)


@pytest.fixture
def disk(small: Path) -> Iterator[Arena]:
    """A store on it, with a gate that takes long enough for things to happen."""
    made = Arena(small, SLOW_GATE)
    yield made
    made.close()


@pytest.fixture
def small(repo: Path) -> Iterator[Path]:
    """The repository on a small disk of its own."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(repo)]
    if os.name == "nt" or os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("NO SMALL DISK: only root may mount one")
    (repo / ".git").mkdir()
    yield repo
    sockets = shutil.ignore_patterns("calls")
    shutil.copytree(repo / ".studio_gateway", repo.parent / "kept", ignore=sockets)
    subprocess.run(["umount", "--lazy", str(repo)], check=True)


def fill(arena: Arena) -> Path:
    """Take all the room that is left."""
    filler = arena.repo / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def refused(said) -> bool:
    """It said so in a line, and in no traceback."""
    return said.code == 2 and said.err.count("error: ") == 1 and "Traceback" not in said.err


@pytest.mark.whole
def test_a_full_disk_refuses_a_run_and_a_freed_one_takes_it(disk):
    disk.create("one", "two")
    with trial("disk full before sprint run", disk.store):
        filler = fill(disk)

        said = disk.say("sprint", "run", "one")
        created = disk.say("sprint", "create", "three")
        filler.unlink()

        assert refused(said), said
        assert refused(created), created
        for name in ("one", "two"):
            again = disk.say("sprint", "run", name)
            assert again.code == 0, again
        disk.check("one", "two")


@pytest.mark.whole
def test_a_disk_that_fills_while_a_gate_runs_ends_nothing_for_good(disk):
    disk.create("one")
    with trial("disk full during a gate, sprint run", disk.store):
        victim = disk.start("sprint", "run", "one")
        assert wait_for(lambda: (disk.repo / "ran").exists())

        filler = fill(disk)
        out, err = victim.communicate(timeout=90)
        filler.unlink()

        assert "Traceback" not in err, err
        assert victim.returncode in (1, 2), (out, err)
        if disk.say("sprint", "run", "one").code:
            disk.set_gate(GATE)
            assert disk.say("sprint", "retry", "one").code == 0
        disk.check("one")


@pytest.mark.whole
def test_a_worker_goes_on_when_there_is_room_again(disk):
    with trial("disk full during a gate, worker", disk.store):
        worker = disk.worker()
        disk.queue("one")
        assert wait_for(lambda: (disk.repo / "ran").exists())

        filler = fill(disk)
        wait_for(lambda: False, 8)
        filler.unlink()

        # A gate whose output found no room is red: an error, which a person looks at.
        over = ("succeeded", "failed")
        assert wait_for(lambda: disk.statuses()["one"] in over), disk.statuses()
        disk.stop(worker)
        if disk.statuses()["one"] == "failed":
            assert disk.say("sprint", "retry", "one").code == 0
        disk.check("one")


def test_a_read_only_store_is_said_in_a_line_and_loses_nothing(disk):
    disk.create("one")
    with trial("read-only store", disk.store):
        subprocess.run(["mount", "-o", "remount,ro", str(disk.repo)], check=True)

        run, created = disk.say("sprint", "run", "one"), disk.say("sprint", "create", "two")
        subprocess.run(["mount", "-o", "remount,rw", str(disk.repo)], check=True)

        assert refused(run), run
        assert refused(created), created
        assert disk.say("sprint", "run", "one").code == 0
        disk.check("one")
