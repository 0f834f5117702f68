"""Compare the protected paths of two commits."""

import hashlib
import os
from collections.abc import Iterator
from typing import NamedTuple

from sprints.contract.protected_paths import MOST_NAMED, Touched, divided, matching
from sprints.git import config_parts
from sprints.git.capture_work import plain
from sprints.git.gateway_repo import Workspace
from sprints.git.git import ZERO, GitError


class Entry(NamedTuple):
    """A changed path: its new mode, and its object names before and after; zeros for none."""

    mode: bytes
    before: str
    after: str


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
        touched = _touched(site, patterns, there)
    except (GitError, ValueError) as exc:
        return Touched(reason=str(exc))
    if not touched:
        return Touched(tree)
    digest = hashlib.sha256()
    for name in sorted(touched):
        digest.update(touched[name] + b" " + os.fsencode(name) + b"\0")
    shown = tuple(plain(name) for name in sorted(touched)[:MOST_NAMED])
    return Touched(tree, digest.hexdigest(), len(touched), shown)


def _touched(
    site: Workspace, patterns: tuple[str, ...], there: dict[str, Entry]
) -> dict[str, bytes]:
    """Return the protected ones of the changed paths, each with what an approval is bound to.

    That is the new mode with the object's name, or with the protected parts if only these count.
    Raises ``GitError``.
    """
    whole, parts = divided(patterns)
    found = {
        name: there[name].mode + b" " + there[name].after.encode()
        for name in matching(there, whole)
    }
    for name, entry in there.items():
        if name not in found and (lines := [*_changed_parts(site, name, entry, parts)]):
            found[name] = b" ".join([entry.mode, *lines])
    return found


def _changed_parts(
    site: Workspace, name: str, entry: Entry, parts: list[tuple[str, str]]
) -> Iterator[bytes]:
    """Yield each protected part of a file that has changed, with its new value."""
    for pattern, key in parts:
        if [*matching([name], [pattern])]:
            was, now = (_part(site, name, one, key) for one in (entry.before, entry.after))
            if was != now:
                yield f"{key}={now}".encode("utf-8", "surrogateescape")


def _part(site: Workspace, name: str, blob: str, key: str) -> str:
    """Return a part of a file as JSON, or the object's name if the file cannot be parsed."""
    if blob == ZERO:
        return ""
    try:
        return config_parts.part(name, site.own.raw("cat-file", "blob", blob), key)
    except (GitError, ValueError):
        return blob


def _entries(raw: bytes) -> Iterator[tuple[str, Entry]]:
    """Yield each changed path. Raises ``ValueError``."""
    words = iter(raw.split(b"\0"))
    for facts in words:
        if facts:
            _, mode, before, after, _ = facts.split(b" ")
            yield os.fsdecode(next(words)), Entry(mode, before.decode(), after.decode())
