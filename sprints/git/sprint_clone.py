"""Make and read the clone in which a sprint's agents and gates work.

An agent could write its ``.git``. So the gateway reads it as plain files, replaces it, and never
lets git use it. The gateway's own clone serves to read the files.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gates import fault_points
from gates.removal import or_none, remove
from sprints.contract.git_values import branch_of
from sprints.git.gateway_repo import Workspace, clear_index, fetch, free, index_of
from sprints.git.git import GATEWAY, LONG_S, Git, GitError, make


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
    if site.base.branch and site.base.branch != branch_of(site.sprint_id):
        specs.append(f"{site.ref('base')}:refs/heads/{site.base.branch}")
    fetch(git, site.own.git_dir, *specs, timeout_s=LONG_S)
    for key, value in zip(("user.name", "user.email"), GATEWAY, strict=True):
        git("config", key, value)
    git("pack-refs", "--all")  # later loose refs are an agent's, with few exceptions
    return git


def import_commits(site: Workspace, commits: Mapping[str, str]) -> None:
    """Copy an agent's commits and tags into the gateway's own clone, by the refs that they get.

    They pass through a repository of ours that uses only the clone's objects, and each object is
    checked. Raises ``GitError``.
    """
    objects = site.tree / ".git" / "objects"
    if objects.is_symlink() or objects.parent.is_symlink() or not objects.is_dir():
        raise GitError(f"{objects} is not the folder that was made there")
    stub = site.own.home / f".stub-{site.sprint_id}"
    try:
        remove(stub)
        make(site.own.home, stub, bare=True)
        there = os.path.relpath(objects.resolve(), (stub / "objects").resolve())
        (stub / "objects" / "info").mkdir(exist_ok=True)
        (stub / "objects" / "info" / "alternates").write_text(there + "\n", "utf-8")
        for n, commit in enumerate(commits.values()):
            (stub / "refs" / str(n)).write_text(commit + "\n", "ascii")
        specs = [f"+refs/{n}:{ref}" for n, ref in enumerate(commits)]
        fetch(site.own, stub, *specs, timeout_s=LONG_S, strict=True)
    except OSError as exc:
        raise GitError(f"{exc.strerror}: {exc.filename}") from exc
    finally:
        remove(stub)


def written(site: Workspace, parent: str) -> tuple[str, list[str]]:
    """Return the clone's files as a tree in the gateway's own clone, and the nested repositories.

    No commit can hold a nested repository. Files that ``.gitignore`` names are left out. Raises
    ``GitError``.

    The index begins from ``parent``: an agent's own index has no effect.
    """
    try:
        clear_index(site)
    except OSError as exc:
        raise GitError(f"no place for an index: {exc.strerror}: {exc.filename}") from exc
    git = looking(site)
    git("read-tree", parent)
    tracked = git.raw("ls-files", "-z").split(b"\0")[:-1]
    gone = set(_not_files(site.tree, tracked))
    if gone:
        given = b"\0".join([*gone, b""])
        git("update-index", "--force-remove", "-z", "--stdin", given=given, timeout_s=LONG_S)
    others = git.raw("ls-files", "-z", "--others", "--exclude-standard").split(b"\0")
    nested = [os.fsdecode(path) for path in others if path.endswith(b"/")]
    there = [path for path in tracked if path not in gone]
    there += [path for path in others if path and not path.endswith(b"/")]
    if there:
        flags = ("--add", "--remove", "--replace", "-z", "--stdin")
        git("update-index", *flags, given=b"\0".join([*there, b""]), timeout_s=LONG_S)
    return git("write-tree"), nested


def _not_files(tree: Path, paths: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the tracked paths that git refuses to read: a pipe or the like, or behind a link."""
    linked: dict[str, bool] = {}

    def is_linked(folder: Path) -> bool:
        if (name := str(folder)) not in linked:
            above = [folder, *folder.parents][:-1]
            linked[name] = any((tree / one).is_symlink() for one in above)
        return linked[name]

    for path in paths:
        name = Path(os.fsdecode(path))
        if is_linked(name.parent):
            yield path
            continue
        with suppress(OSError):
            mode = (tree / name).lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
                yield path


def looking(site: Workspace) -> Git:
    """Return git of the gateway's own clone, on the files of the sprint's."""
    return replace(site.own, tree=site.tree, index=index_of(site))
