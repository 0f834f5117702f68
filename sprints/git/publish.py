"""Publish the judged merge in the user's repository: exactly that, once, or nothing.

The branch moves from the merge's base only, and its tag is created with it. A clean checkout
follows; nothing else in it is touched.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from gates import fault_points
from sprints.git import push as upstream
from sprints.git.gateway_repo import Workspace, fetch
from sprints.git.git import LONG_S, ZERO, Git, GitError
from sprints.git.merge import tag_of, taken
from sprints.git.rewound_base import dropped_here
from sprints.git.update_checkout import finish, follow, look
from sprints.git.user_repo import users
from sprints.state.ship_values import Merge, Moved, Refused, Unfinished

REBASES = ("rebase-merge/head-name", "rebase-merge/update-refs", "rebase-apply/head-name")


def publish(site: Workspace, merge: Merge, certificate: str) -> str:
    """Move the branch to the merge and tag it; return the tag's name.

    May be repeated: finished steps are not repeated. Raises ``Moved``, ``Refused``, ``GitError``
    and ``OSError`` if nothing was published, and ``Unfinished`` if a step after publishing failed.
    """
    git, branch = users(site.repo, site.own.home), f"refs/heads/{merge.branch}"
    is_pushed = False
    try:
        finish(site, branch)
        if site.remote:
            _push(git, site, merge, certificate)
            is_pushed = True
        if _has(git, branch, merge.commit):
            _tag(git, site, merge, certificate)
        else:
            _publish(git, site, merge, certificate)
    except (Refused, GitError, OSError) as exc:
        if not (is_pushed or _has(git, branch, merge.commit) or _arrived(git, site, merge)):
            raise
        raise Unfinished(str(exc)) from exc
    except Moved as exc:
        if not is_pushed:
            raise
        hint = f"git -C {site.repo} pull {site.remote} {merge.branch}"
        raise Unfinished(f"{merge.branch} has moved here; type: {hint}") from exc
    fault_points.point("tag_made")
    return tag_of(site)


def is_out(site: Workspace, merge: Merge) -> bool:
    """Return whether a stopped publication took effect; what it left in the checkout is mended.

    The remote counts as untouched if it is unreachable or has another tag: branch and tag are
    pushed together. Raises ``Refused``, ``GitError`` and ``OSError``.
    """
    finish(site, f"refs/heads/{merge.branch}")
    if is_here(site, merge) or not site.remote:
        return is_here(site, merge)
    made = site.own.find(site.ref("tagged", merge.commit))
    git = users(site.repo, site.own.home)
    try:
        remote = upstream.find(git, site.repo, site.remote)
        return bool(made) and upstream.tag_there(site, remote, tag_of(site)) == made
    except GitError:
        return False


def is_here(site: Workspace, merge: Merge) -> bool:
    """Return whether the branch of the user's repository has the merge."""
    return _has(users(site.repo, site.own.home), f"refs/heads/{merge.branch}", merge.commit)


def _push(git: Git, site: Workspace, merge: Merge, certificate: str) -> None:
    """Push the merge, unless an earlier process has; nothing is done here before the remote has it.

    Raises as ``publish``.
    """
    remote = upstream.find(git, site.repo, site.remote)
    if remote.shown != merge.url:
        raise Refused(
            f"{remote.name} is {remote.shown} now, and was {merge.url} when it was merged"
        )
    if upstream.has(site, remote, merge):
        return
    _is_tagged(git, site, merge)
    here = git.find(f"refs/heads/{merge.branch}")
    if not _is_behind(site, merge, here):
        raise Moved
    tagged = _tag_object(site, merge, certificate)
    _bring(git, site, merge)
    if _is_checked_out(git, site, f"refs/heads/{merge.branch}"):
        look(site, here, merge.commit)
    upstream.push(site, remote, merge, tag_of(site), tagged)


def _arrived(git: Git, site: Workspace, merge: Merge) -> bool:
    """Return whether an earlier process pushed the merge; False if the remote is unreachable."""
    if not site.remote:
        return False
    try:
        return upstream.has(site, upstream.find(git, site.repo, site.remote), merge)
    except (Moved, GitError):
        return False


def _tag(git: Git, site: Workspace, merge: Merge, certificate: str) -> None:
    """Make the tag if it is missing. Raises ``Refused`` and ``GitError``."""
    name = f"refs/tags/{tag_of(site)}"
    if not _is_tagged(git, site, merge):
        tagged = _tag_object(site, merge, certificate)
        _bring(git, site, merge)
        git("update-ref", name, tagged, ZERO)


def _is_tagged(git: Git, site: Workspace, merge: Merge) -> bool:
    """Return whether the tag exists. Raises ``Refused`` if it names another commit."""
    tag = tag_of(site)
    found = git.find(f"refs/tags/{tag}")
    if found and git.find(f"{found}^{{commit}}") != merge.commit:
        raise Refused(taken(git, site, tag))
    return bool(found)


def _publish(git: Git, site: Workspace, merge: Merge, certificate: str) -> None:
    branch, tag = f"refs/heads/{merge.branch}", f"refs/tags/{tag_of(site)}"
    is_tagged = _is_tagged(git, site, merge)
    here = git.find(branch)
    if here != merge.base and not (site.remote and _is_behind(site, merge, here)):
        raise Moved
    tagged = _tag_object(site, merge, certificate)
    # This may take long; the user's changes meanwhile are checked after it.
    _bring(git, site, merge)
    lines = [f"update {branch} {merge.commit} {here}"]
    if not is_tagged:
        lines.append(f"create {tag} {tagged}")
    from_here = replace(merge, base=here)
    _move(git, site, from_here, partial(_update, git, lines, branch, from_here))


def _is_behind(site: Workspace, merge: Merge, here: str) -> bool:
    """Return whether the local branch at ``here`` may follow the merge's base at the remote.

    A branch that has dropped a commit of the merge may not: it was not pulled, it was rewound.
    """
    if not here or not site.own.holds_commit(here, below=merge.base):
        return False
    return not dropped_here(site, inside=merge.commit, outside=here)


def _bring(git: Git, site: Workspace, merge: Merge) -> None:
    """Copy the merge and its tag object into the user's repository. Raises ``GitError``."""
    refs = (site.ref("merged", merge.commit), site.ref("tagged", merge.commit))
    fetch(git, site.own.git_dir, *refs, timeout_s=LONG_S)


def _move(git: Git, site: Workspace, merge: Merge, move: Callable[[], None]) -> None:
    while _is_checked_out(git, site, f"refs/heads/{merge.branch}"):
        if follow(site, merge, move):
            return
    move()
    fault_points.point("ref_updated")


def _has(git: Git, branch: str, commit: str) -> bool:
    """Return whether the branch has the commit already."""
    here = git.find(branch)
    return bool(here) and git.holds_commit(commit, below=here)


def _is_checked_out(git: Git, site: Workspace, branch: str) -> bool:
    """Return whether the branch is checked out in the served checkout.

    Raises ``Refused`` if it is checked out elsewhere, or a rebase of it is under way.
    """
    name = branch.removeprefix("refs/heads/")
    common = Path(git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    for record in _rebased(common, branch):
        raise Refused(f"a rebase of {name} is under way ({record}); end it")
    where = [path for path, there in _checkouts(git, site, common) if there == branch]
    away = [path for path in where if Path(path).resolve() != site.repo.resolve()]
    if away:
        raise Refused(f"{name} is checked out in {away[0]}; type: git -C {away[0]} switch -d")
    return bool(where)


def _checkouts(git: Git, site: Workspace, common: Path) -> Iterator[tuple[str, str]]:
    """Yield each checkout of the repository with the full name of its branch.

    Git names the main one by its git folder, which may lie elsewhere: for a submodule, or with
    ``--separate-git-dir``.
    """
    is_main = git.git_dir.resolve() == common.resolve()
    for number, block in enumerate(git("worktree", "list", "--porcelain").split("\n\n")):
        lines = dict(line.partition(" ")[::2] for line in block.split("\n"))
        if "bare" not in lines and "branch" in lines:
            yield str(site.repo) if is_main and not number else lines["worktree"], lines["branch"]


def _rebased(git_dir: Path, branch: str) -> Iterator[Path]:
    """Yield the records of rebases that will move the branch; meanwhile HEAD is detached."""
    for folder in (git_dir, *(git_dir / "worktrees").glob("*")):
        for record in (folder / name for name in REBASES):
            with suppress(OSError):
                if branch in record.read_text("utf-8", "replace").split("\n"):
                    yield record


def _update(git: Git, lines: list[str], branch: str, merge: Merge) -> None:
    """Apply all ref updates atomically. Raises ``Moved`` and ``Refused``."""
    given = "\n".join(["start", *lines, "prepare", "commit", ""]).encode()
    try:
        git("update-ref", "--stdin", given=given)
    except GitError as exc:
        if _has(git, branch, merge.commit):
            return
        if git.find(branch) != merge.base:
            raise Moved from exc
        raise Refused(str(exc)) from exc


def _tag_object(site: Workspace, merge: Merge, certificate: str) -> str:
    """Return the merge's annotated tag in the gateway's own clone, made once for each merge."""
    git, ref = site.own, site.ref("tagged", merge.commit)
    if not (made := git.find(ref)):
        who = git("var", "GIT_COMMITTER_IDENT")
        what = f"Taken back: {site.undoes}" if site.undoes else f"Shipped: {site.sprint_id}"
        head = f"object {merge.commit}\ntype commit\ntag {tag_of(site)}\ntagger {who}\n\n{what}\n\n"
        made = git("mktag", given=(head + certificate).encode("utf-8", "replace"))
        git("update-ref", ref, made)
    return made
