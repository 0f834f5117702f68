"""Remove the clone of an ended sprint, once everything in it is on its branch."""

import os

from gates import fault_points
from gates.removal import remove
from sprints.git import capture_work, object_check
from sprints.git.capture_work import Mark
from sprints.git.clone_files import rules_of
from sprints.git.gateway_repo import Workspace, clear_index, free
from sprints.git.git import GitError


def clear(site: Workspace, found: Mark) -> str:
    """Commit the clone's changes as ``found``, then remove the clone.

    Return why it stays, if it holds something that no commit can. Files that ``.gitignore`` names
    are removed. May be repeated. Raises ``GitError``.
    """
    if os.path.lexists(site.tree):
        _, notes = capture_work.keep(site, found)
        if notes:
            return "; ".join(notes)
        # One rename: in half a clone, missing files would count as deleted.
        try:
            site.tree.rename(free(site.beside("old")))
        except OSError as exc:
            raise GitError(f"{exc.strerror}: {site.tree}") from exc
        fault_points.point("clone_cleared")
    try:
        clear_index(site)
        for path in (*rules_of(site), object_check.known_of(site)):
            path.unlink(missing_ok=True)
    except OSError as exc:
        raise GitError(f"{exc.strerror}: {exc.filename}") from exc
    leftovers = [site.beside("new"), site.beside("ship")]
    for what in ("old", "left"):
        leftovers += site.tree.parent.glob(f"{site.beside(what).name}-*")
    for left in leftovers:
        remove(left)
    return ""
