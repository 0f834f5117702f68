"""Make a user's repository: a real one, with commits as its owner would make them."""

import subprocess
from pathlib import Path

OWNER = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]


def git(folder: Path, *argv: str, check: bool = True) -> str:
    """What git prints in that folder, with no configuration but the repository's."""
    done = subprocess.run(
        ["git", *OWNER, *argv],
        cwd=folder,
        check=check,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"},
    )
    return done.stdout.strip()


def commit(folder: Path, files: dict[str, str], message: str = "A change") -> str:
    """Write the files and commit them on main; a repository is made where there is none."""
    if not (folder / ".git" / "HEAD").exists():
        git(folder, "init", "-q", "-b", "main")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "--", *files)
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")
