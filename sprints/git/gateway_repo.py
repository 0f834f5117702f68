"""Keep the gateway's own clone, with the branch of each sprint. No agent works in it.

Besides its branch, a sprint has refs below ``refs/sg/<sprint>/<life>``: ``base``, and the commits
kept from its attempts. The life is the sprint's start time, because after the deletion of a store a
sprint may reuse the name.
"""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gates import fault_points
from sprints.contract.git_values import Base, branch_of
from sprints.git import bundle
from sprints.git.git import LONG_S, ZERO, Git, GitError, make
from sprints.git.user_repo import users
from sprints.store import clones
from sprints.store.file_lock import Busy, locked

STALE_S = 10.0  # a ref is locked for less time on any disk
LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Workspace:
    """The workspace of a sprint.

    ``own`` is the gateway's clone, ``tree`` the sprint's. Shipped work is pushed to ``remote``, if
    one is named. ``undoes`` is the sprint that this one reverts, if any.
    """

    repo: Path
    own: Git
    tree: Path
    sprint_id: str
    life: str
    base: Base
    remote: str = ""
    undoes: str = ""

    @property
    def branch(self) -> str:
        """Return the full name of the sprint's branch."""
        return f"refs/heads/{branch_of(self.sprint_id)}"

    @property
    def head(self) -> str:
        """Return the head commit of the sprint's branch. Raises ``GitError``."""
        if found := self.own.find(self.branch):
            return found
        raise GitError(f"the branch {branch_of(self.sprint_id)} is gone from {self.own.git_dir}")

    def ref(self, *names: str) -> str:
        """Return the name of a ref in this life of the sprint."""
        return "/".join(["refs/sg", self.sprint_id, self.life, *names])

    def beside(self, what: str) -> Path:
        """Return the path of a folder next to the clone, with a name that no sprint can have."""
        return self.tree.with_name(f".{self.sprint_id}~{what}")


def home_of(root: Path) -> Path:
    """Return the folder of the gateway's own git in the store at ``root``."""
    return root / "git"


def tree_of(root: Path, sprint_id: str) -> Path:
    """Return the folder of the sprint's clone. Raises ``StoreError``."""
    return clones.work_of(root) / sprint_id


def open_site(
    repo: Path, root: Path, sprint_id: str, life: str, base: Base, known: str = ""
) -> Workspace:
    """Return the sprint's workspace; make its branch at the base if it is missing.

    ``known`` is a commit recorded as its work, which must exist. May be repeated after any crash.
    Raises ``GitError``.
    """
    try:
        own = own_clone(repo, root)
    except OSError as exc:
        raise GitError(f"no place for a clone: {exc.strerror}: {exc.filename}") from exc
    site = Workspace(repo, own, tree_of(root, sprint_id), sprint_id, life, base)
    if known and known != own.find(site.branch) and not own.find(f"{known}^{{commit}}"):
        where = "run the sprint on the host that has its files"
        raise GitError(
            f"{known[:12]}, the work of {sprint_id} so far, is not in this store; {where}"
        )
    if not own.find(site.ref("base")):
        _begin(site)
    return site


def _begin(site: Workspace) -> None:
    """Fetch the base from the user's repository, and create the branch there, atomically."""
    commit = site.base.commit
    if not is_connected(site.own, commit):
        fetch(site.own, site.repo, f"{commit}:{site.ref('fetched')}", timeout_s=LONG_S)
        fault_points.point("base_fetched")
    with suppress(GitError):  # a sprint can do without the user's tags
        _follow_tags(site)
    before = site.own.find(site.branch)
    moves = [f"update {site.branch} {commit} {before or ZERO}"]
    if before:  # a branch of an earlier life
        moves.append(f"update refs/sg/{site.sprint_id}/before/{before} {before}")
    moves.append(f"create {site.ref('base')} {commit}")
    if os.path.lexists(site.tree):
        site.tree.rename(free(site.beside("before")))
    site.own("update-ref", "--stdin", given="\n".join([*moves, ""]).encode())


def _follow_tags(site: Workspace) -> None:
    """Take over the user's tags, and drop those that the user has deleted or moved.

    Only here do tags come into the gateway's own clone. Raises ``GitError``.
    """
    git, own = users(site.repo, site.own.home), site.own
    theirs = _tags(git)
    if theirs == _tags(own):
        return
    try:
        with locked(own.home / "tags.lock"):
            gone = [(name, one) for name, one in _tags(own).items() if theirs.get(name) != one]
            lines = [f"delete {name} {one}\n" for name, one in gone]
            own("update-ref", "--stdin", given=os.fsencode("".join(lines)))
            spec = f"+{site.base.commit}:{site.ref('fetched')}"
            fetch(own, site.repo, spec, timeout_s=LONG_S, tags=True)
    except Busy as exc:
        raise GitError(str(exc)) from exc


def _tags(git: Git) -> dict[str, str]:
    """Return the object of each tag, by the full name of its ref."""
    lines = git("for-each-ref", "--format=%(objectname) %(refname)", "refs/tags").split("\n")
    return {name: one for one, _, name in (line.partition(" ") for line in lines) if name}


def is_connected(own: Git, *commits: str) -> bool:
    """Return whether the clone has these commits with all their files and their whole history.

    What refs name counts as complete. A killed fetch may leave a commit without its files.
    """
    given = "\n".join([*commits, ""]).encode("ascii")
    try:
        own("rev-list", "--objects", "--quiet", "--stdin", "--not", "--all", given=given,
            timeout_s=LONG_S)  # fmt: skip
    except GitError:
        return False
    return True


def fetch(
    git: Git,
    source: Path,
    *refspecs: str,
    timeout_s: float,
    checks: Mapping[str, str] | None = None,
    tags: bool = False,
) -> None:
    """Copy commits from a repository on this disk; with ``tags``, also the tags that point at them.

    ``checks`` is the configuration for an untrusted source (``object_check``). Raises ``GitError``.
    """
    flags = ["--quiet", "--no-write-fetch-head", "--no-recurse-submodules", "--update-head-ok"]
    flags += [] if tags else ["--no-tags"]
    git("fetch", *flags, "--", str(source), *refspecs, config=checks, timeout_s=timeout_s)


def own_clone(repo: Path, root: Path) -> Git:
    """Return the gateway's own clone, made if missing. Raises ``GitError`` and ``OSError``."""
    home = home_of(root)
    for folder in (home, clones.work_of(root)):
        folder.mkdir(mode=0o700, exist_ok=True)
    clones.lend_packages(root)
    configure(home, repo)
    folder = home / "own.git"
    if not folder.is_dir():
        new = free(home / ".own")
        make(home, new, bare=True)
        bundle.take_in(Git(home, new))
        with suppress(FileExistsError, OSError):
            new.rename(folder)
        if not folder.is_dir():
            raise GitError(f"cannot make {folder}")
    (home / bundle.NAME).unlink(missing_ok=True)  # the backup's content is in the clone now
    _unlock(folder)
    return Git(home, folder)


def configure(home: Path, repo: Path) -> None:
    """Write the gateway's one git configuration, which git's own child processes use, too.

    The user's repository may be read whichever user owns it, and caches of commit data are not
    trusted.
    """
    path = home / "config"
    quoted = str(repo).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    text = (
        f'[safe]\n\tdirectory = "{quoted}"\n\tdirectory = "{quoted}/.git"\n'
        "[core]\n\tcommitGraph = false\n\tmultiPackIndex = false\n"
    )
    if path.is_file() and not path.is_symlink() and path.read_text("utf-8") == text:
        return
    new = home / f".config.{os.getpid()}"
    new.write_text(text, "utf-8")
    new.replace(path)


def _unlock(folder: Path) -> None:
    """Remove the locks that a killed git has left, once they are too old to be held."""
    names = [folder / name for name in ("packed-refs.lock", "HEAD.lock", "config.lock")]
    pending = [*names, *(folder / "refs").rglob("*.lock")]
    while pending := [lock for lock in pending if _is_held(lock)]:
        time.sleep(LOOK_S)


def _is_held(lock: Path) -> bool:
    with suppress(OSError):
        if abs(time.time() - lock.lstat().st_mtime) <= STALE_S:  # a clock may have been set back
            return True
        lock.unlink()
    return False


def index_of(site: Workspace) -> Path:
    """Return the path of our index for reading the files of the sprint's clone or checkout."""
    return site.own.home / f".index-{site.sprint_id}~{os.getpid()}"


def clear_index(site: Workspace) -> None:
    """Remove every index of ours, and their locks. Raises ``OSError``.

    The lease holder is alone with the sprint: any git of an earlier process is dead, or writes to
    deleted files.
    """
    for path in site.own.home.glob(f".index-{site.sprint_id}~*"):
        path.unlink(missing_ok=True)


def free(path: Path) -> Path:
    """Return an unused path with that name and a number."""
    return next(
        one
        for n in range(1, 10_000)
        if not os.path.lexists(one := path.with_name(f"{path.name}-{n}"))
    )


MOST_LOOSE, MOST_PACKS = 2000, 20


def repack(own: Git) -> bool:
    """Pack all objects if there are many files of them; return whether there were.

    Raises ``GitError``.
    """
    lines = own("count-objects", "-v").split("\n")
    found = {key: value for key, _, value in (line.partition(": ") for line in lines)}
    if int(found["count"]) <= MOST_LOOSE and int(found["packs"]) <= MOST_PACKS:
        return False
    own("repack", "-a", "-d", "-k", "--quiet", timeout_s=LONG_S)
    return True
