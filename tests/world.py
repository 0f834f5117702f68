"""Type commands as a user does, in a repository of the test."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests import forked

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ".studio_gateway"  # of a repository, with the store in it
MARK = "GATEWAY_TEST_REPO"  # in the environment of all that a test starts


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


def environment(repo: Path) -> dict[str, str]:
    """What a command of that repository is started with."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("STUDIO_", "DJANGO_"))}
    env.pop("DATABASE_URL", None)
    return env | {"STUDIO_GATEWAY_REPO": str(repo), "PYTHONPATH": str(ROOT), MARK: str(repo)}


def clones_of(repo: Path) -> Path:
    """The folder with the clones of the repository's sprints."""
    named = repo / FOLDER / "clones.json"
    if not named.exists():
        return repo / FOLDER / "work"
    return Path(json.loads(named.read_text("utf-8"))["folder"]) / "work"


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a ``.tar.gz`` as a user does; ``tarfile`` has no ``filter`` before Python 3.11.4."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-xzf", archive, "-C", folder], check=True)


def run_command(repo: Path, *argv: str, timeout: float = 60, **env: str) -> Said:
    """``python -m studio_gateway ARGV`` in ``repo``."""
    if forked.ON and not forked.COLD & env.keys():
        words = ["studio_gateway", *argv]
        return Said(*forked.run(words, repo, environment(repo) | env, timeout))
    done = subprocess.run(
        [sys.executable, "-m", "studio_gateway", *argv],
        cwd=repo,
        env=environment(repo) | env,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)
