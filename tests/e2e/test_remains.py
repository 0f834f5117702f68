"""Test the check for processes and files that a test leaves behind."""

import subprocess
import sys
from pathlib import Path

from gates import process
from tests.e2e.conftest import processes_of, wait_for


def is_seen(process: subprocess.Popen[bytes], repo: Path) -> bool:
    """Its command line may be a moment later than its start."""
    return any(line.startswith(f"{process.pid} ") for line in processes_of(repo))


def test_a_daemon_that_changed_folder_is_seen_by_its_mark(repo):
    daemon = subprocess.Popen(["sleep", "300"], cwd="/")
    try:
        assert wait_for(lambda: is_seen(daemon, repo))
    finally:
        daemon.kill()
        daemon.wait()


def test_a_supervisor_without_its_gateway_is_seen(repo):
    dead = subprocess.Popen(["true"])
    dead.wait()
    stand_in = Path(process.PROGRAM).name
    argv = [sys.executable, "-c", "import time; time.sleep(300)", f"/{stand_in}", str(dead.pid)]
    supervisor = subprocess.Popen(argv, cwd="/")
    try:
        assert wait_for(lambda: is_seen(supervisor, repo))
    finally:
        supervisor.kill()
        supervisor.wait()
