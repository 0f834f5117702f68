"""The clone while gates judge it: they find what is on the branch, and change nothing of it.

Gates of a round may run side by side in one clone, so the first that comes in and the last that
goes out see to that.
"""

import threading
from collections import Counter
from pathlib import Path

from sprints.git import capture_work, sprint_clone
from sprints.git.capture_work import Mark
from sprints.git.gateway_repo import Workspace

_lock = threading.Lock()
_inside: Counter[Path] = Counter()


def enter(site: Workspace, mark: Mark, found: Mark) -> str:
    """Have all that lies in the clone on the branch, and return the tree that is judged then. Who
    has entered has to leave. Raises ``GitError``.
    """
    with _lock:
        if not _inside[site.tree]:
            sprint_clone.ready(site)
            capture_work.keep(site, found)
        head = site.head
        site.own("update-ref", site.ref("judged", mark.name), head)
        tree = site.own("rev-parse", f"{head}^{{tree}}")
        _inside[site.tree] += 1
    return tree


def leave(site: Workspace, mark: Mark) -> int:
    """Put back what gates have changed, once none runs any more; returns how many files that were.
    Raises ``GitError``.
    """
    with _lock:
        _inside[site.tree] -= 1
        if _inside[site.tree]:
            return 0
        del _inside[site.tree]
        return capture_work.put_back(site, mark)


def judged(site: Workspace, mark: Mark) -> str:
    """The tree that a run has judged which an earlier life left; empty where it came to none."""
    return site.own.find(site.ref("judged", mark.name) + "^{tree}")


def clear(site: Workspace, mark: Mark) -> int:
    """Put back what such a run has changed, as ``leave`` does. Raises ``GitError``."""
    with _lock:
        return 0 if _inside[site.tree] else capture_work.put_back(site, mark)
