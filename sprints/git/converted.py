"""Find files that git would store differently although nobody has changed them.

Git converts line ends and the like by attributes. If a file was committed before it got such an
attribute, the next ``git add`` converts it, although its bytes are those of a fresh checkout.
"""

import filecmp
import os
from dataclasses import replace
from pathlib import Path

from gates.removal import remove
from sprints.git.git import LONG_S, Git
from sprints.git.restore_checkout import Change

CONVERTING = ("text", "crlf", "eol", "ident", "working-tree-encoding")
OFF = (b"unspecified", b"unset")


def undo(git: Git, found: list[Change], fresh: Path) -> set[str]:
    """Restore the old blobs, in the index, of files that nobody has changed; return their paths.

    ``git`` has the files, and ``found`` are the changes of its index. ``fresh`` is a folder for a
    fresh checkout, which is removed. Raises ``GitError``.
    """
    found = [one for one in found if _is_kept(one)]
    converted = _converting(git, [os.fsencode(one.path) for one in found])
    found = [one for one in found if os.fsencode(one.path) in converted]
    if not found:
        return set()
    assert git.tree is not None and git.index is not None
    remove(fresh)
    before = replace(git, index=git.index.with_name(f"{git.index.name}.before"))
    try:
        _enter(before, [(one.before, one.path) for one in found])
        before("checkout-index", "-a", f"--prefix={fresh}/", timeout_s=LONG_S)
        same = [one for one in found if _is_same(fresh / one.path, git.tree / one.path)]
        mode = {one.path: one.after.split(" ")[0] for one in same}
        _enter(git, [(f"{mode[one.path]} {one.before.split(' ')[1]}", one.path) for one in same])
        return {*mode}
    finally:
        remove(fresh)


def _is_kept(change: Change) -> bool:
    """Return whether a plain file was and is there, with another blob."""
    sides = (change.before, change.after)
    plain = all(side.startswith("100") for side in sides)
    return plain and change.before.split(" ")[1] != change.after.split(" ")[1]


def _converting(git: Git, paths: list[bytes]) -> set[bytes]:
    """Return the paths with an attribute by which git converts files."""
    if not paths:
        return set()
    given = b"\0".join([*paths, b""])
    words = iter(git.raw("check-attr", "-z", "--stdin", *CONVERTING, given=given).split(b"\0"))
    return {path for path, _, value in zip(words, words, words, strict=False) if value not in OFF}


def _enter(git: Git, entries: list[tuple[str, str]]) -> None:
    """Put entries, each ``mode blob`` with its path, into the index."""
    given = os.fsencode("".join(f"{entry}\t{path}\0" for entry, path in entries))
    git("update-index", "-z", "--index-info", given=given)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return not other.is_symlink() and filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False
