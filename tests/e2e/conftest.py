"""Run real commands in a real repository; no process of a test may outlive the test."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.world import FOLDER, MARK, environment, run_command


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that is just initialised, and whose gate is ``true``, made once for all to copy."""
    repo = tmp_path_factory.mktemp("fresh") / "repo"
    (repo / ".git").mkdir(parents=True)
    assert run_command(repo, "init").code == 0
    set_gate(repo, "true")
    return repo / FOLDER


@pytest.fixture
def gateway(repo: Path, fresh: Path) -> Iterator[Path]:
    """An initialised repository whose gate is ``true``; no process of it is left in the end."""
    shutil.copytree(fresh, repo / FOLDER)
    yield repo
    assert wait_for(lambda: not processes_of(repo)), processes_of(repo)


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
    """What runs of that repository, as ``pid command``: by its folder, or by the mark that a test's
    commands, gates and all that these start carry; and every supervisor whose gateway is dead.
    """
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")[:-1]
            here = str((folder / "cwd").readlink()).startswith(str(repo))
            if words and (here or is_orphan(words) or is_marked(folder, repo)):
                found.append(f"{folder.name} {b' '.join(words).decode()}")
        except OSError:
            continue
    return found


def is_orphan(words: list[bytes]) -> bool:
    """A supervisor, whose last word is the pid of its gateway, and nobody has that pid."""
    supervises = len(words) > 1 and words[-2].endswith(b"/supervisor.py")
    return supervises and not Path(f"/proc/{int(words[-1])}").exists()


def is_marked(folder: Path, repo: Path) -> bool:
    """A process of the test's, or one that such a process started, wherever it has gone."""
    return f"{MARK}={repo}".encode() in (folder / "environ").read_bytes().split(b"\0")


def wait_for(holds: Callable[[], bool], seconds: float = 90) -> bool:
    """Look every 20 ms until it holds; False when it never does.

    The default is for what happens at once on an idle machine: a busy one may need a minute.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False
