"""Pack the gateway's own clone into one file for a backup: every commit that agents have made."""

from pathlib import Path

from sprints.git.git import LONG_S, Git

NAME = "own.bundle"  # in the folder of the gateway's own git


def write(home: Path, target: Path) -> bool:
    """Bundle all commits and refs of the clone in ``home``; return False if there are none.

    Raises ``GitError``.
    """
    own = Git(home, home / "own.git")
    if not own.git_dir.is_dir() or not own("for-each-ref", "--count=1"):
        return False
    own("bundle", "create", "--quiet", str(target), "--all", timeout_s=LONG_S)
    return True


def take_in(own: Git) -> None:
    """Fetch a backup's bundle into a new clone. Raises ``GitError``."""
    if (path := own.home / NAME).is_file():
        flags = ("--quiet", "--no-write-fetch-head", "--no-tags", "--update-head-ok")
        own("fetch", *flags, "--", str(path), "+refs/*:refs/*", timeout_s=LONG_S)


def is_there(root: Path) -> bool:
    """Return whether the store at ``root`` has a backup's bundle that is not taken in yet."""
    return (root / "git" / NAME).is_file()
