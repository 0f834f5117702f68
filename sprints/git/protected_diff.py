"""Compare the protected paths of two commits."""

import hashlib
import os
from collections.abc import Iterator

from sprints.contract.protected_paths import MOST_NAMED, Touched, matching
from sprints.git.capture_work import plain
from sprints.git.gateway_repo import Workspace
from sprints.git.git import GitError


def compared(
    site: Workspace, patterns: tuple[str, ...], before: str = "", after: str = ""
) -> Touched:
    """Return the protected paths that differ between two commits.

    The defaults are the sprint's base and the head of its branch. A failure of git is never raised:
    the result then has a reason.
    """
    try:
        before, after = before or site.base.commit, after or site.head
        tree = site.own("rev-parse", "--verify", f"{after}^{{tree}}")
        flags = ("-r", "-z", "--raw", "--full-index", "--no-renames")
        there = dict(_entries(site.own.raw("diff-tree", *flags, before, after)))
    except (GitError, ValueError) as exc:
        return Touched(reason=str(exc))
    names = {os.fsdecode(path): path for path in there}
    touched = sorted(matching(names, patterns))
    if not touched:
        return Touched(tree)
    digest = hashlib.sha256()
    for name in touched:
        digest.update(there[names[name]] + b" " + names[name] + b"\0")
    shown = tuple(plain(name) for name in touched[:MOST_NAMED])
    return Touched(tree, digest.hexdigest(), len(touched), shown)


def _entries(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each changed path with its new mode and object name, zeros if deleted.

    Raises ``ValueError``.
    """
    words = iter(raw.split(b"\0"))
    for facts in words:
        if facts:
            _, mode, _, name, _ = facts.split(b" ")
            yield next(words), mode + b" " + name
