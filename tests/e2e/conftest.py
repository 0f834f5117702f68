"""Real commands in a real repository; nothing of a test may outlive it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.world import environment, run_command


@pytest.fixture
def gateway(repo: Path) -> Iterator[Path]:
    """An initialised repository whose gate is ``true``; no process of it is left in the end."""
    assert run_command(repo, "init").code == 0
    set_gate(repo, "true")
    yield repo
    assert wait_for(lambda: not processes_of(repo), 10), processes_of(repo)


def set_gate(repo: Path, command: str, *options: str) -> None:
    """Let the default gate be that command."""
    said = run_command(repo, "gate", "set", "qa_smoke_quick", "--command", command, *options)
    assert said.code == 0, said.err


def start(repo: Path, *argv: str, **env: str) -> subprocess.Popen[str]:
    """Start a command and leave it running."""
    return subprocess.Popen(
        [sys.executable, "-m", "studio_gateway", *argv],
        cwd=repo,
        env=environment(repo) | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes_of(repo: Path) -> list[str]:
    """Processes whose environment or folder is of that repository: ``pid command``."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            mine = str((folder / "cwd").readlink()).startswith(str(repo))
            if mine and int(folder.name) != os.getpid():
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if line:
                    found.append(f"{folder.name} {line}")
        except OSError:
            continue
    return found


def wait_for(holds: Callable[[], bool], seconds: float) -> bool:
    """Look every 20 ms until it holds; False when it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False
