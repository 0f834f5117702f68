"""Read how the user's own git treats files: settings of ``[core]``, ignore and attribute files.

They lie outside the files of the repository, so no clone has them. Nothing that they name is run.
"""

import os
import time
from functools import lru_cache
from pathlib import Path

from gates.untrusted_file import open_regular
from sprints.git.git import Git, users_settings

MOST_BYTES = 1 << 20  # of one file of patterns
KNOWN_S = 30.0  # for so long, settings are not read again
BOM = b"\xef\xbb\xbf"


# What git has to know to compare the files of a checkout with its index.
COMPARING = (
    "autocrlf", "checkstat", "eol", "filemode", "ignorecase", "precomposeunicode", "symlinks",
    "trustctime",
)  # fmt: skip


def comparing(git: Git) -> tuple[tuple[str, str], ...]:
    """Return the user's settings by which git converts and compares the files of the checkout.

    ``git`` is the user's repository. Raises ``GitError``.
    """
    found = users_settings(git)
    return tuple((f"core.{name}", found[name]) for name in COMPARING if name in found)


def read(git: Git) -> tuple[bytes, bytes]:
    """Return the user's ignore patterns and attribute lines; of two that match, the last one wins.

    They are those of ``core.excludesFile`` and ``info/exclude``, and of ``core.attributesFile`` and
    ``info/attributes``. ``git`` is the user's repository. Raises ``GitError``.
    """
    settings = _settings(git.git_dir, git.home, int(time.monotonic() / KNOWN_S))
    usual = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config") / "git"
    inside = common_dir(git.git_dir) / "info"
    return (
        _both(settings.get("excludesfile", usual / "ignore"), inside / "exclude"),
        _both(settings.get("attributesfile", usual / "attributes"), inside / "attributes"),
    )


@lru_cache(maxsize=8)
def _settings(git_dir: Path, home: Path, period: int) -> dict[str, str]:
    """Return the user's settings, read once in a ``period``; they name the places of files."""
    return users_settings(Git(home, git_dir))


def common_dir(git_dir: Path) -> Path:
    """Return the git folder that the linked worktrees of a repository share."""
    try:
        return git_dir / (git_dir / "commondir").read_text("utf-8").strip()
    except (OSError, ValueError):
        return git_dir


def _both(*paths: Path | str) -> bytes:
    return b"\n".join(_text(Path(path)) for path in paths if path)


def _text(path: Path) -> bytes:
    """Return a file's content; empty if it cannot be read or is a pipe or the like."""
    try:
        with open_regular(path.expanduser().resolve()) as file:
            return file.read(MOST_BYTES).removeprefix(BOM)
    except (OSError, RuntimeError, ValueError):  # no such file, no such user, no such name
        return b""
