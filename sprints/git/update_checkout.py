"""Update the user's checkout with its branch: wholly or not at all, even after a kill.

Git works on a copy of the index, next to it, under the index lock. The copy exists as long as files
may be half changed. After a crash, the next process ends the update. If the branch has moved, the
copy becomes the index; otherwise the changed files are restored.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from gates import fault_points
from sprints.git import index_lock
from sprints.git.gateway_repo import Workspace, clear_index, index_of
from sprints.git.git import LONG_S, SHA, Git
from sprints.git.index_lock import LOOK_S, WAIT_S
from sprints.git.restore_checkout import Change, changes, take_back
from sprints.git.user_repo import users
from sprints.git.users_rules import comparing
from sprints.state.ship_values import Merge, Refused
from sprints.store.layout import AGENT_LOGS

UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


def follow(site: Workspace, merge: Merge, move: Callable[[], None]) -> bool:
    """Change the files of the served checkout to those of the merge, then ``move`` the branch.

    Return False if the branch is no longer checked out there. Raises ``Refused``, ``GitError``,
    ``OSError`` and what ``move`` raises: then everything is as before, unless the branch has moved.
    """
    git, branch = at(site), f"refs/heads/{merge.branch}"
    folder = _folder(git)
    with index_lock.held(folder, _who(site)) as look:
        for copy in _unfinished(folder, site):
            _end(git, copy, site, branch)
        if git("rev-parse", "--symbolic-full-name", "HEAD") != branch:
            return False
        _look_clean(git, folder, site)
        found = changes(git, merge.base, merge.commit)
        _look_hidden(git, site, found)
        _look_free(site.repo, found)
        copy = folder / f"{_begins(site)}{merge.base}.{merge.commit}"
        shutil.copy(folder / "index", copy)  # with its mode
        fault_points.point("checkout_locked")
        try:
            ours = replace(git, index=copy)
            ours.holds("update-index", "-q", "--refresh")
            ours("read-tree", "-m", "-u", merge.base, merge.commit, timeout_s=LONG_S)
            fault_points.point("checkout_changed")
            look()
            move()
            fault_points.point("ref_updated")
        finally:
            look()
            _end(git, copy, site, branch)
    return True


def look(site: Workspace, here: str, commit: str) -> None:
    """Check that the served checkout, at commit ``here``, could follow.

    Raises ``Refused`` and ``GitError``.
    """
    git = at(site)
    _look_clean(git, _folder(git), site)
    found = changes(git, here, commit)
    _look_hidden(git, site, found)
    _look_free(site.repo, found)


def finish(site: Workspace, branch: str) -> None:
    """End an update that an earlier process had begun in the checkout.

    Raises ``Refused``, ``GitError`` and ``OSError``.
    """
    git = at(site)
    folder = _folder(git)
    if index_lock.is_of(folder, _who(site)) or _unfinished(folder, site):
        with index_lock.held(folder, _who(site)):
            for copy in _unfinished(folder, site):
                _end(git, copy, site, branch)


def at(site: Workspace) -> Git:
    """Return git in the served checkout, which compares files as the user's own git does.

    Raises ``GitError``.
    """
    git = users(site.repo, site.own.home)
    return replace(git, tree=site.repo, settings=comparing(git))


def _folder(git: Git) -> Path:
    return Path(git("rev-parse", "--absolute-git-dir"))


def _who(site: Workspace) -> str:
    return f"studio-gateway {site.sprint_id}/{site.life}"


def _begins(site: Workspace) -> str:
    """Return the prefix of the names of index copies; the two commits follow it."""
    return f"studio_gateway.{site.sprint_id}."


def _unfinished(folder: Path, site: Workspace) -> list[Path]:
    """Return the index copies that killed updates have left."""
    found = []
    for path in folder.glob("studio_gateway.*"):
        commits = path.name.removeprefix(_begins(site)).split(".")
        if len(commits) == 2 and all(SHA.fullmatch(one) for one in commits):
            found.append(path)
    return found


def _end(git: Git, copy: Path, site: Workspace, branch: str) -> None:
    """End an update: forward if the branch has the copy's commit, else back."""
    folder = copy.parent
    base, commit = copy.name.removeprefix(_begins(site)).split(".")
    lock = copy.with_name(f"{copy.name}.lock")
    give_up_at = time.monotonic() + WAIT_S
    while lock.exists() and time.monotonic() < give_up_at:  # a git that outlived its process
        time.sleep(LOOK_S)
    lock.unlink(missing_ok=True)
    tip = git.find(branch)
    if git.holds("diff-index", "--cached", "--quiet", base):  # else the user has changed it
        if tip and git.holds("merge-base", "--is-ancestor", commit, tip):
            if git.find("HEAD") == commit:
                copy.replace(folder / "index")
        else:
            clear_index(site)
            take_back(replace(git, index=index_of(site)), base, commit)
    copy.unlink(missing_ok=True)


def _look_clean(git: Git, folder: Path, site: Workspace) -> None:
    """Raise ``Refused`` if the checkout has uncommitted work."""
    if busy := next((name for name in UNDER_WAY if (folder / name).exists()), None):
        raise Refused(f"a merge or rebase is under way in {site.repo} ({busy}); end it")
    changed = git("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames").split("\0")
    for name in (one[3:] for one in changed if one and not one[3:].startswith(f"{AGENT_LOGS}/")):
        raise Refused(
            f"{site.repo} has changes that are not committed ({name}); commit or stash them"
        )


def _look_hidden(git: Git, site: Workspace, found: list[Change]) -> None:
    """Raise ``Refused`` if git is told to leave alone a file that is to be changed.

    ``git status`` reports no change of such a file, and ``read-tree`` fails or keeps the old file.
    """
    listed = git("ls-files", "-v", "-z").split("\0")
    tags = {one[2:]: one[0] for one in listed if one and (one[0] == "S" or one[0].islower())}
    for change in found:
        tag = tags.get(change.path)
        if tag and os.path.lexists(site.repo / change.path):
            flag = "--no-skip-worktree" if tag == "S" else "--no-assume-unchanged"
            fix = f"git -C {site.repo} update-index {flag} {change.path}"
            raise Refused(
                f"git is told to leave {change.path} alone, which is to change; type: {fix}"
            )


def _look_free(root: Path, found: list[Change]) -> None:
    """Raise ``Refused`` if an untracked or ignored file would be overwritten."""
    known = {change.path for change in found if change.before}
    for change in found:
        if not change.before:
            for name in _in_the_way(root, change.path, known):
                raise Refused(f"the checkout cannot follow: {name} is in the way; move it away")


def _in_the_way(root: Path, path: str, known: set[str]) -> Iterator[str]:
    parents = [str(one) for one in Path(path).parents][-2::-1]
    for name in (*parents, path):
        where = root / name
        if where.is_symlink() or (os.path.lexists(where) and not where.is_dir()):
            if name not in known:
                yield name
            return
    for folder, _, names in os.walk(root / path):
        for name in names:
            inside = (Path(folder) / name).relative_to(root).as_posix()
            if inside not in known:
                yield inside
