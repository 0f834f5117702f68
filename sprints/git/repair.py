"""Find objects that the gateway's own clone lacks, and fetch them from the user's repository again.

A killed fetch can leave a commit without its files. Git takes such a commit for complete once a ref
names it.
"""

from pathlib import Path

from gates.removal import remove
from sprints.git import integrity
from sprints.git.gateway_repo import Workspace, fetch, home_of
from sprints.git.git import LONG_S, Git, GitError, make
from sprints.git.user_repo import users

NAME = "git/own.git"
OF_USERS = ("base", "here/*", "onto")  # refs of a sprint's life at commits of the user's


def copy(site: Workspace, git: Git, *refspecs: str) -> None:
    """Copy commits of the gateway's own clone, with their tags, to ``git``.

    If the own clone lacks objects, it is mended first. Raises ``GitError``.
    """
    try:
        fetch(git, site.own.git_dir, *refspecs, timeout_s=LONG_S, tags=True)
    except GitError:
        if not lacking(site.own):
            raise
        mend(site.own, site.repo)
        if why := lacking(site.own):
            raise GitError(f"{site.own.git_dir} is damaged ({why}); restore a backup") from None
        fetch(git, site.own.git_dir, *refspecs, timeout_s=LONG_S, tags=True)


def own_of(root: Path) -> Git | None:
    """Return the gateway's own clone in the store at ``root``; None if there is none yet."""
    own = Git(home_of(root), home_of(root) / "own.git")
    return own if own.git_dir.is_dir() else None


def lacking(own: Git) -> str:
    """Return what the refs of the clone need and it does not have; empty if it is complete."""
    try:
        own("rev-list", "--objects", "--quiet", "--all", timeout_s=LONG_S)
    except GitError as exc:
        return str(exc)
    return ""


def damaged(own: Git) -> str:
    """Return which file of the clone has changed or what it lacks; empty if it is sound."""
    try:
        return integrity.damage(own) or (
            f"{NAME} lacks objects ({why})" if (why := lacking(own)) else ""
        )
    except OSError as exc:
        return f"{NAME} cannot be read: {exc.strerror}: {exc.filename}"


def mend(own: Git, repo: Path) -> None:
    """Fetch every base commit with its whole history from ``repo`` once more.

    The objects come as packs, from which git reads before it reads damaged single files. Raises
    ``GitError`` and ``OSError``.
    """
    names = [f"refs/sg/*/*/{name}" for name in OF_USERS]
    known = {*own("for-each-ref", "--format=%(objectname)", *names).split("\n")} - {""}
    given = "\n".join([*sorted(known), ""]).encode("ascii")
    lines = users(repo, own.home)("cat-file", "--batch-check", given=given).split("\n")
    there = [line.split(" ")[0] for line in lines if " commit " in line]
    if not there:
        return
    new = own.home / ".mend.git"
    try:
        remove(new)
        make(own.home, new, bare=True)
        specs = [f"{commit}:refs/heads/{commit}" for commit in there]
        flags = ("--quiet", "--no-write-fetch-head", "--no-tags")
        kept = {"fetch.unpackLimit": "1"}
        fresh = Git(own.home, new)
        fresh("fetch", *flags, "--", str(repo), *specs, config=kept, timeout_s=LONG_S)
        packs = own.git_dir / "objects" / "pack"
        for suffix in (".pack", ".rev", ".idx"):  # a pack is used once its index is there
            for path in (new / "objects" / "pack").glob(f"*{suffix}"):
                path.replace(packs / path.name)
        own("prune-packed", "--quiet")  # damaged files of objects that are in a pack now
    finally:
        remove(new)
