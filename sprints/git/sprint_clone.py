"""Make the clone in which a sprint's agents and gates work, and take over its commits.

An agent could write its ``.git``. So the gateway reads it as plain files, replaces it, and never
lets git use it.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gates import fault_points
from gates.removal import or_none, remove
from sprints.contract.git_values import branch_of
from sprints.git import users_rules
from sprints.git.clone_walk import odd_object
from sprints.git.gateway_repo import Workspace, fetch, free
from sprints.git.git import GATEWAY, LONG_S, Git, GitError, make
from sprints.git.object_check import settings
from sprints.git.repair import copy
from sprints.git.user_repo import users


def ready(site: Workspace) -> None:
    """Make the clone at the head of its branch, if it is missing; keep an existing one's files.

    Raises ``GitError``.
    """
    try:
        if site.tree.is_symlink() or (site.tree.exists() and not site.tree.is_dir()):
            raise GitError(f"{site.tree} is not the folder that was made there; move it away")
        if not site.tree.exists():
            _make(site)
        elif not (site.tree / ".git").is_dir() or (site.tree / ".git").is_symlink():
            renew(site)
    except OSError as exc:
        raise GitError(f"no place for a clone: {exc.strerror}: {exc.filename}") from exc


def _make(site: Workspace) -> None:
    new = site.beside("new")
    remove(new)
    with or_none(new):
        git = _filled(site, new)
        git("read-tree", "--reset", "-u", site.branch, timeout_s=LONG_S)
    new.rename(site.tree)
    fault_points.point("clone_made")


def renew(site: Workspace, *, aside: bool = False) -> str:
    """Replace the clone's ``.git`` by a fresh one at the branch's head; keep its files.

    An agent finds its work committed, and nothing planted survives. Return the name under which the
    old one is kept, if ``aside``. Raises ``GitError`` and ``OSError``.
    """
    new, old = site.beside("new"), site.tree / ".git"
    remove(new)
    with or_none(new):
        git = replace(_filled(site, new), tree=site.tree)
        git("read-tree", "--reset", site.branch)
        git.holds("update-index", "--refresh", "-q")
    away = free(site.beside("git" if aside else "old"))
    if os.path.lexists(old):
        old.rename(away)
    fault_points.point("clone_renewed")
    (new / ".git").rename(old)
    for left in (new, *site.tree.parent.glob(f"{site.beside('old').name}-*")):
        remove(left)
    return away.name if aside else ""


def _filled(site: Workspace, folder: Path) -> Git:
    """Make a repository with the branch and its history.

    Its objects are copies, because an agent could change a shared inode. It names no other
    repository.
    """
    make(site.own.home, folder, bare=False, branch=branch_of(site.sprint_id))
    git = Git(site.own.home, folder / ".git", tree=folder)
    specs = [f"{site.branch}:{site.branch}"]
    if site.base.branch and not _collide(site.base.branch, branch_of(site.sprint_id)):
        specs.append(f"{site.ref('base')}:refs/heads/{site.base.branch}")
    copy(site, git, *specs)
    info = folder / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "exclude").write_bytes(users_rules.read(users(site.repo, site.own.home))[0])
    with (folder / ".git" / "config").open("a", encoding="utf-8") as file:
        file.write("[user]\n\tname = {}\n\temail = {}\n".format(*GATEWAY))
    git("pack-refs", "--all")  # later loose refs are an agent's, with few exceptions
    return git


def _collide(one: str, other: str) -> bool:
    """Return whether two branches cannot lie in one repository: the same, or file and folder."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def import_commits(site: Workspace, commits: Mapping[str, str]) -> None:
    """Copy an agent's commits and tags into the gateway's own clone, by the refs that they get.

    They pass through a repository of ours that uses only the clone's objects, and each object is
    checked. Raises ``GitError``.
    """
    objects = site.tree / ".git" / "objects"
    if objects.is_symlink() or objects.parent.is_symlink() or not objects.is_dir():
        raise GitError(f"{objects} is not the folder that was made there")
    if odd := odd_object(objects):
        raise GitError(f"{odd} is no plain file of the clone")
    stub = site.own.home / f".stub-{site.sprint_id}"
    try:
        remove(stub)
        make(site.own.home, stub, bare=True)
        there = os.path.relpath(objects.resolve(), (stub / "objects").resolve())
        (stub / "objects" / "info").mkdir(exist_ok=True)
        (stub / "objects" / "info" / "alternates").write_text(there + "\n", "utf-8")
        for n, commit in enumerate(commits.values()):
            (stub / "refs" / str(n)).write_text(commit + "\n", "ascii")
        # A fetch would succeed without them, if another sprint has brought them here.
        given = "\n".join([*commits.values(), ""]).encode("ascii")
        found = Git(site.own.home, stub)("cat-file", "--batch-check=", given=given).split("\n")
        if lost := next((line for line in found if line.endswith(" missing")), ""):
            raise GitError(f"{lost[:12]} is not in the clone")
        specs = [f"+refs/{n}:{ref}" for n, ref in enumerate(commits)]
        fetch(site.own, stub, *specs, timeout_s=LONG_S, checks=settings(site))
    except OSError as exc:
        raise GitError(f"{exc.strerror}: {exc.filename}") from exc
    finally:
        remove(stub)
