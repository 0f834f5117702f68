"""The clone in which a sprint's agents and gates work.

Its ``.git`` has been in an agent's hands: it is read as plain files, made anew, and never given to
git as a repository. The gateway's own clone lends its own to look at the files.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gates import faults
from gates.removal import or_none, remove
from sprints.contract.git_values import branch_of
from sprints.git.gateway_repo import Workspace, clear_index, fetch, free, index_of
from sprints.git.git import GATEWAY, LONG_S, Git, GitError, make


def ready(site: Workspace) -> None:
    """Have the clone there, at the head of the branch where it has to be made; what lies in one
    that is there is left as it is. Raises ``GitError``.
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
    faults.point("clone_made")


def renew(site: Workspace, *, aside: bool = False) -> str:
    """Give the clone another ``.git``, at the head of the branch, and leave its files alone: an
    agent finds its work committed, and nothing stays of what was planted. Returns where the one
    before is kept, if it is to be kept ``aside``. Raises ``GitError``, ``OSError``.
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
    faults.point("clone_renewed")
    (new / ".git").rename(old)
    for left in (new, *site.tree.parent.glob(f"{site.beside('old').name}-*")):
        remove(left)
    return away.name if aside else ""


def _filled(site: Workspace, folder: Path) -> Git:
    """A repository with the branch and its history. Its objects are copies: what has the same
    inode as an object of ours would be ours to be changed. It names no other repository.
    """
    make(site.own.home, folder, bare=False, branch=branch_of(site.sprint_id))
    git = Git(site.own.home, folder / ".git", tree=folder)
    specs = [f"{site.branch}:{site.branch}"]
    if site.base.branch and site.base.branch != branch_of(site.sprint_id):
        specs.append(f"{site.ref('base')}:refs/heads/{site.base.branch}")
    fetch(git, site.own.git_dir, *specs, timeout_s=LONG_S)
    for key, value in zip(("user.name", "user.email"), GATEWAY, strict=True):
        git("config", key, value)
    git("pack-refs", "--all")  # what is loose later is an agent's, but for very few
    return git


def import_commits(site: Workspace, commits: Mapping[str, str]) -> None:
    """Copy commits that an agent has made, and tags, into the gateway's own clone, by the refs that
    they get.

    They go through a repository of ours that has nothing of the clone but its objects, each of
    which is looked at on the way. Raises ``GitError``.
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
    """The files of the clone as a tree in the gateway's own, and the folders that are repositories
    of their own, which no commit can hold. What ``.gitignore`` names is left out. Raises
    ``GitError``.

    The index begins from ``parent``: nothing that an agent has put into its own counts.
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
    """Of those that were files, which git refuses to look at: what is there now is a pipe or the
    like, or lies behind a link, and so is another file.
    """
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
    """Git of the gateway's own clone, on the files of the sprint's."""
    return replace(site.own, tree=site.tree, index=index_of(site))
