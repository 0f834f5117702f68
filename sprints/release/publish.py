"""Publish what the gates have passed in the user's repository: exactly that, once, or nothing.

The branch moves from the commit that the merge began from, or it does not move. A checkout follows
where it is clean; nothing else of it is touched.
"""

from collections.abc import Iterator
from pathlib import Path

from gates import faults
from sprints.release.base import users
from sprints.release.git import LONG_S, ZERO, Git, GitError
from sprints.release.merge import tag_of
from sprints.release.own import Site, fetch
from sprints.release.ship import Merge

UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


class Moved(Exception):
    """The branch is no longer where the merge began; nothing was done."""


class Refused(Exception):
    """It cannot be published as things are, and nothing was done; the message says why."""


def publish(site: Site, merge: Merge, certificate: str) -> str:
    """Move the branch to the merge and tag it; returns the tag's name. May be repeated: what is
    done already is not done again. Raises ``Moved``, ``Refused``, ``GitError``.
    """
    git, tag = users(site.repo, site.own.home), tag_of(site.sprint_id)
    branch = f"refs/heads/{merge.branch}"
    tagged = git.find(f"refs/tags/{tag}")
    if tagged and git.find(f"{tagged}^{{commit}}") != merge.commit:
        raise Refused(f"the tag {tag} is there already; type: git -C {site.repo} tag -d {tag}")
    here = git.find(f"{branch}^{{commit}}")
    done = git.find(f"{merge.commit}^{{commit}}") == merge.commit and bool(here)
    if done and git.holds("merge-base", "--is-ancestor", merge.commit, here):
        if not tagged:
            _tag(site, git, merge, certificate)
        return tag
    if here != merge.base:
        raise Moved
    where = [path for path, name in _checkouts(git) if name == branch]
    if where and (len(where) > 1 or Path(where[0]).resolve() != site.repo.resolve()):
        raise Refused(
            f"{merge.branch} is checked out in {where[0]}; type: git -C {where[0]} switch -d"
        )
    checkout = Git(site.own.home, site.repo / ".git", tree=site.repo)
    if where:
        _look_clean(checkout, site)
    fetch(git, site.own.git_dir, site.ref("merged", merge.commit), timeout_s=LONG_S)
    if where:
        _fast_forward(checkout, merge)
        faults.point("ref_updated")
        _tag(site, git, merge, certificate)
    else:
        made = _tag_object(git, site, merge, certificate)
        lines = (
            f"update {branch} {merge.commit} {merge.base}",
            f"create refs/tags/{tag} {made}",
        )
        _update(git, lines, branch, merge)
        faults.point("ref_updated")
    return tag


def _checkouts(git: Git) -> Iterator[tuple[str, str]]:
    """Each checkout of the repository, and the full name of the branch that is there."""
    for block in git("worktree", "list", "--porcelain").split("\n\n"):
        lines = dict(line.partition(" ")[::2] for line in block.split("\n"))
        if "bare" not in lines and "branch" in lines:
            yield lines["worktree"], lines["branch"]


def _look_clean(checkout: Git, site: Site) -> None:
    """Raises ``Refused`` where a checkout has work of its user's that is not committed."""
    folder = Path(checkout("rev-parse", "--absolute-git-dir"))
    if busy := next((name for name in UNDER_WAY if (folder / name).exists()), None):
        raise Refused(f"a merge or rebase is under way in {site.repo} ({busy}); end it")
    changed = checkout("status", "--porcelain", "-z", "--untracked-files=no").split("\0")
    if changed[0]:
        name = changed[0][3:]
        raise Refused(
            f"{site.repo} has changes that are not committed ({name}); commit or stash them"
        )


def _fast_forward(checkout: Git, merge: Merge) -> None:
    """Git itself refuses where the branch went elsewhere, or a file is in the way."""
    try:
        checkout("merge", "--ff-only", "--quiet", "--no-stat", merge.commit, timeout_s=LONG_S)
    except GitError as exc:
        if checkout.find("HEAD") != merge.base:
            raise Moved from exc
        raise Refused(f"the checkout cannot follow: {exc}") from exc


def _update(git: Git, lines: tuple[str, ...], branch: str, merge: Merge) -> None:
    """All of them at once, or none."""
    given = "\n".join(["start", *lines, "prepare", "commit", ""]).encode()
    try:
        git("update-ref", "--stdin", given=given)
    except GitError as exc:
        if git.find(f"{branch}^{{commit}}") != merge.base:
            raise Moved from exc
        raise Refused(str(exc)) from exc


def _tag(site: Site, git: Git, merge: Merge, certificate: str) -> None:
    made = _tag_object(git, site, merge, certificate)
    git("update-ref", f"refs/tags/{tag_of(site.sprint_id)}", made, ZERO)
    faults.point("tag_made")


def _tag_object(git: Git, site: Site, merge: Merge, certificate: str) -> str:
    """An annotated tag by the gateway, on no ref yet."""
    who = git("var", "GIT_COMMITTER_IDENT")
    head = (
        f"object {merge.commit}\ntype commit\ntag {tag_of(site.sprint_id)}\ntagger {who}\n\n"
        f"Shipped: the work of {site.sprint_id}\n\n"
    )
    return git("mktag", given=(head + certificate).encode("utf-8", "replace"))
