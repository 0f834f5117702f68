"""The clone in which a sprint's agents and gates work.

Its ``.git`` has been in an agent's hands: it is read as plain files, made anew, and never given to
git as a repository. The gateway's own clone lends its own to look at the files.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice, takewhile
from pathlib import Path

from gates import faults
from sprints.branch import branch_of
from sprints.release.git import GATEWAY, LONG_S, SHA, Git, GitError, make
from sprints.release.own import Site, clear_index, fetch, free, index_of
from sprints.release.removal import remove

REF = re.compile(r"refs/heads/[A-Za-z0-9._/-]{1,200}")
MOST_BYTES = 16 << 20
MOST_REFS = 50
MOST_LOOKED = 10_000  # files and folders, of which most are no branch


def ready(site: Site) -> None:
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


def _make(site: Site) -> None:
    new = site.beside("new")
    remove(new)
    git = _filled(site, new)
    git("read-tree", "--reset", "-u", site.branch, timeout_s=LONG_S)
    new.rename(site.tree)
    faults.point("clone_made")


def renew(site: Site, *, aside: bool = False) -> str:
    """Give the clone another ``.git``, at the head of the branch, and leave its files alone: an
    agent finds its work committed, and nothing stays of what was planted. Returns where the one
    before is kept, if it is to be kept ``aside``. Raises ``GitError``, ``OSError``.
    """
    new, old = site.beside("new"), site.tree / ".git"
    remove(new)
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


def _filled(site: Site, folder: Path) -> Git:
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
    return git


def head_in(tree: Path) -> tuple[str, str]:
    """The branch that is checked out in a clone, as a full name, and its commit; empty where that
    cannot be told. No git is asked.
    """
    folder = tree / ".git"
    text = _text(folder, "HEAD")
    name = text.removeprefix("ref:").strip() if text.startswith("ref:") else ""
    if not name:
        return "", text if SHA.fullmatch(text) else ""
    if not REF.fullmatch(name) or ".." in name:
        return "", ""
    loose = _text(folder, name)
    return name, loose if SHA.fullmatch(loose) else dict(_packed(folder)).get(name, "")


def refs_in(tree: Path) -> dict[str, str]:
    """The branches in a clone, and its stash, by their full names; the first few of very many."""
    folder = tree / ".git"
    found = dict(_packed(folder)) | dict.fromkeys(_loose(folder), "")
    loose = {name: _text(folder, name) for name in [*islice(found, MOST_REFS), "refs/stash"]}
    found |= {name: text for name, text in loose.items() if SHA.fullmatch(text)}
    return {name: commit for name, commit in islice(found.items(), MOST_REFS) if commit}


def _loose(folder: Path) -> Iterator[str]:
    """The files below ``refs/heads``; no link is followed, and no more is read than is used."""
    pending, looked = ["refs/heads"], 0
    if _has_link(folder, folder / "refs/heads/any"):
        return
    while pending and looked < MOST_LOOKED:
        here = pending.pop()
        with suppress(OSError, ValueError), os.scandir(folder / here) as entries:
            for entry in islice(entries, MOST_LOOKED - looked):
                looked += 1
                if entry.is_dir(follow_symlinks=False):
                    pending.append(f"{here}/{entry.name}")
                elif entry.is_file(follow_symlinks=False):
                    yield f"{here}/{entry.name}"


def _packed(folder: Path) -> Iterator[tuple[str, str]]:
    for line in _text(folder, "packed-refs").split("\n"):
        commit, _, name = line.partition(" ")
        named = name.startswith(("refs/heads/", "refs/stash")) and ".." not in name
        if SHA.fullmatch(commit) and named:
            yield name, commit


def _text(folder: Path, name: str) -> str:
    """A small file below ``folder``; empty where it is not one, or where a link leads to it."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with suppress(OSError, ValueError):  # an agent may have named it as nothing can be named
        if _has_link(folder, folder / name):
            return ""
        with os.fdopen(os.open(folder / name, flags), "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return file.read(MOST_BYTES).decode("utf-8", "replace").strip()
    return ""


def _has_link(folder: Path, path: Path) -> bool:
    """Whether ``folder``, or one between it and ``path``, is a link. Raises ``OSError``."""
    between = takewhile(lambda parent: parent != folder.parent, path.parents)
    return any(parent.is_symlink() for parent in between)


def import_commits(site: Site, commits: Mapping[str, str]) -> None:
    """Copy commits that an agent has made into the gateway's own clone, by the refs that they get.

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
            (stub / "refs" / "heads" / str(n)).write_text(commit + "\n", "ascii")
        specs = [f"+refs/heads/{n}:{ref}" for n, ref in enumerate(commits)]
        fetch(site.own, stub, *specs, timeout_s=LONG_S, strict=True)
    except OSError as exc:
        raise GitError(f"{exc.strerror}: {exc.filename}") from exc
    finally:
        remove(stub)


def written(site: Site, parent: str) -> tuple[str, list[str]]:
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


def looking(site: Site) -> Git:
    """Git of the gateway's own clone, on the files of the sprint's."""
    return replace(site.own, tree=site.tree, index=index_of(site))
