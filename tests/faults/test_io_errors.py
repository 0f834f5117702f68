"""Test SQLite when the disk answers EIO for its write-ahead log.

A library that the test compiles stands in for the disk. Without a C compiler the tests are skipped,
visibly; ``STUDIO_TEST_REQUIRE=compiler`` turns the skip into a failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import wait_for
from tests.e2e.servers import absent
from tests.faults.table import trial

SLOW_GATE = "sh -c 'echo $STUDIO_GATEWAY_RUN >> ran; echo half; sleep 1; echo judged'"
LOG = "gateway.sqlite3-wal"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that answers EIO."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        absent("compiler", "NO C COMPILER: there is no cc or gcc on PATH")
    made = tmp_path_factory.mktemp("io") / "io_error.so"
    source = Path(__file__).with_name("io_error.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", made, source, "-ldl"], check=True)
    return made


@pytest.fixture
def disk(library: Path, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The file that breaks the disk while it is there, and the variables of a process on it."""
    broken = tmp_path / "broken"
    return broken, {"LD_PRELOAD": str(library), "STUDIO_TEST_EIO": f"{LOG}:{broken}"}


def test_a_command_on_a_broken_disk_says_so_and_acknowledges_nothing(arena, disk):
    broken, env = disk
    arena.create("one")
    with trial("EIO on the WAL, commands", arena.store):
        broken.touch()
        created = arena.say("sprint", "create", "two", **env)
        run = arena.say("sprint", "run", "one", **env)
        broken.unlink()

        for said in (created, run):
            assert said.code == 2, said
            assert "disk I/O error" in said.err, said
            assert "Traceback" not in said.err, said
        assert arena.say("sprint", "create", "two", **env).code == 0
        assert arena.say("sprint", "run", "one", **env).code == 0
        arena.check("one")


def test_a_run_whose_disk_breaks_during_a_gate_is_typed_again_at_most(arena, disk):
    broken, env = disk
    arena.set_gate(SLOW_GATE)
    arena.create("one")
    with trial("EIO on the WAL during a gate, sprint run", arena.store):
        victim = arena.start("sprint", "run", "one", **env)
        assert wait_for(lambda: (arena.repo / "ran").exists())

        broken.touch()
        wait_for(lambda: victim.poll() is not None, 5)
        broken.unlink()
        out, err = victim.communicate(timeout=120)

        assert "Traceback" not in err, err
        assert victim.returncode in (0, 2), (out, err)
        if victim.returncode:
            assert arena.say("sprint", "run", "one").code == 0
        arena.check("one")


def test_a_worker_goes_on_by_itself_when_its_disk_is_sound_again(arena, disk):
    broken, env = disk
    arena.set_gate(SLOW_GATE)
    with trial("EIO on the WAL during a gate, worker", arena.store):
        worker = arena.worker(**env)
        arena.queue("one")
        assert wait_for(lambda: (arena.repo / "ran").exists())

        broken.touch()
        wait_for(lambda: False, 5)
        broken.unlink()

        assert arena.succeed("one"), arena.statuses()
        arena.queue("two")
        assert arena.succeed("two"), arena.statuses()
        arena.stop(worker)
        arena.check("one", "two")
        assert arena.say("verify").code == 0


@pytest.mark.skipif(not hasattr(os, "pwrite"), reason="POSIX only")
def test_the_library_breaks_that_file_alone(disk, tmp_path):
    broken, env = disk
    broken.touch()
    code = "import os, sys; f = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT); os.pwrite(f, b'x', 0)"

    for name, words in ((LOG, "Input/output error"), ("gateway.sqlite3", "")):
        argv = [sys.executable, "-c", code, str(tmp_path / name)]
        said = subprocess.run(
            argv, env=os.environ | env, capture_output=True, text=True, check=False
        )
        assert words in said.stderr
        assert (said.returncode == 0) == (not words)
