"""Undo the changes of an interrupted git in a checkout.

Only what git can have written is undone: a file as in the new commit, the beginning of one, or a
missing old one. Everything else is a user's work and stays.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sprints.git.git import LONG_S, Git

NONE = "000000"


@dataclass(frozen=True, slots=True)
class Change:
    """A file that differs between two commits: ``mode blob`` before and after, empty for none."""

    path: str
    before: str
    after: str


def changes(git: Git, base: str, commit: str) -> list[Change]:
    """Return the files in which two commits differ. Raises ``GitError``."""
    words = git("diff-tree", "-r", "-z", "--raw", "--no-renames", base, commit).split("\0")
    found = []
    for about, path in zip(words[::2], words[1::2], strict=False):
        old, new, was, becomes, _ = about.removeprefix(":").split(" ")
        sides = [f"{m} {blob}" if m != NONE else "" for m, blob in ((old, was), (new, becomes))]
        found.append(Change(path, *sides))
    return found


def take_back(git: Git, base: str, commit: str) -> None:
    """Restore those files to ``base``; ``git`` needs an index of its own, which is left empty.

    May be repeated. Raises ``GitError`` and ``OSError``.
    """
    found, index = changes(git, base, commit), git.index
    assert git.tree is not None and index is not None
    try:
        unlike_after = _unlike(git, index, ((c.path, c.after) for c in found))
        unlike_before = _unlike(git, index, ((c.path, c.before) for c in found))
        wrong = [
            c for c in found
            if (c.path in unlike_before if c.before else not _is_absent(git.tree, c.path))
        ]  # fmt: skip
        mine = [
            c for c in wrong
            if (c.after and c.path not in unlike_after) or _is_begun(git, commit, c)
        ]  # fmt: skip
        for change in mine:
            path = git.tree / change.path
            if not change.before and (path.is_symlink() or not path.is_dir()):
                path.unlink(missing_ok=True)
        for change in found:
            if not change.before:
                _remove_empty(git.tree, change.path)
        names = [c.path for c in mine if c.before and _has_place(git.tree, c.path)]
        if names:
            given = os.fsencode("\0".join([*names, ""]))
            git("checkout-index", "-f", "-z", "--stdin", given=given, timeout_s=LONG_S)
    finally:
        index.unlink(missing_ok=True)


def _unlike(git: Git, index: Path, entries: Iterable[tuple[str, str]]) -> set[str]:
    """Return the files in the checkout that differ from the given entries, which fill the index."""
    index.unlink(missing_ok=True)
    given = "".join(f"{entry}\t{path}\0" for path, entry in entries if entry)
    git("update-index", "-z", "--index-info", given=os.fsencode(given))
    git.holds("update-index", "-q", "--refresh")
    return {name for name in git("diff-files", "-z", "--name-only").split("\0") if name}


def _is_begun(git: Git, commit: str, change: Change) -> bool:
    """Return whether git was stopped between removing the old file and completing the new one."""
    assert git.tree is not None
    path = git.tree / change.path
    if _is_absent(git.tree, change.path) or (path.is_dir() and not path.is_symlink()):
        return True
    if not change.after or path.is_symlink() or not path.is_file():
        return False
    whole = git.raw("cat-file", "--filters", f"{commit}:{change.path}", timeout_s=LONG_S)
    return path.stat().st_size < len(whole) and whole.startswith(path.read_bytes())


def _is_absent(root: Path, name: str) -> bool:
    return not _has_folder(root, name) or not os.path.lexists(root / name)


def _has_folder(root: Path, name: str) -> bool:
    """Return whether all parents are folders: behind a link is another file."""
    above = [root / one for one in Path(name).parents][:-1]
    return all(one.is_dir() and not one.is_symlink() for one in above)


def _has_place(root: Path, name: str) -> bool:
    """Return whether the file can be written without removing another one."""
    above = [root / one for one in Path(name).parents][:-1]
    free = all(not os.path.lexists(one) or (one.is_dir() and not one.is_symlink()) for one in above)
    at = root / name
    return free and not (at.is_dir() and not at.is_symlink())


def _remove_empty(root: Path, name: str) -> None:
    """Remove the empty parent folders, which git makes first."""
    if _has_folder(root, name):
        for above in [root / one for one in Path(name).parents][:-1]:
            with suppress(OSError):
                above.rmdir()
