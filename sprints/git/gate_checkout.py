"""Prepare the clone for gates: they find the branch's files, and their changes are restored.

Gates of a round may run in parallel in one clone, so the first one prepares it, and the last one
restores it.
"""

import threading
from collections import Counter
from pathlib import Path

from sprints.git import capture_work, sprint_clone
from sprints.git.capture_work import Mark
from sprints.git.gateway_repo import Workspace
from sprints.git.git import tree_of

_lock = threading.Lock()
_inside: Counter[Path] = Counter()


def enter(site: Workspace, mark: Mark, found: Mark) -> str:
    """Commit everything in the clone to the branch, and return the tree to judge.

    Every call needs a later ``leave``. Raises ``GitError``.
    """
    with _lock:
        if not _inside[site.tree]:
            sprint_clone.ready(site)
            capture_work.keep(site, found)
        head = site.head
        site.own("update-ref", site.ref("judged", mark.name), head)
        tree = tree_of(site.own, head)
        _inside[site.tree] += 1
    return tree


def leave(site: Workspace, mark: Mark) -> int:
    """Restore the files that gates have changed, after the last gate; return their number.

    Raises ``GitError``.
    """
    with _lock:
        _inside[site.tree] -= 1
        if _inside[site.tree]:
            return 0
        del _inside[site.tree]
        return capture_work.put_back(site, mark)


def judged(site: Workspace, mark: Mark) -> str:
    """Return the tree of a run that an earlier process left; empty if it had none yet."""
    return site.own.find(site.ref("judged", mark.name) + "^{tree}")


def clear(site: Workspace, mark: Mark) -> int:
    """Restore a recovered run's changed files, as ``leave`` does. Raises ``GitError``."""
    with _lock:
        return 0 if _inside[site.tree] else capture_work.put_back(site, mark)
