"""Merge a sprint's work with the branch that it began from, in a clone, so that gates can judge it.

Nothing in the user's repository is changed here.
"""

import os
from collections.abc import Mapping
from dataclasses import replace

from gates import fault_points
from gates.removal import or_none, remove
from sprints.git import push as upstream
from sprints.git import sprint_clone
from sprints.git.gateway_repo import Workspace, fetch
from sprints.git.git import LONG_S, SHA, Git, GitError, make
from sprints.git.user_repo import submodules, users
from sprints.state.messages import message
from sprints.state.ship_values import Merge

MOST_NAMED = 5


def tag_of(site: Workspace) -> str:
    """Return the name of the tag of a shipped or reverted sprint."""
    return tag_named(site.sprint_id, site.undoes)


def tag_named(sprint_id: str, undoes: str) -> str:
    """Return the tag's name for a sprint id; ``undoes`` is the sprint that it reverts, if any."""
    return f"unshipped/{undoes}" if undoes else f"shipped/{sprint_id}"


def head_of_base(site: Workspace) -> str:
    """Return the head of the base's branch in the user's repository; empty if it is gone.

    Raises ``GitError``.
    """
    return users(site.repo, site.own.home).find(f"refs/heads/{site.base.branch}^{{commit}}")


def merge(site: Workspace, trailers: Mapping[str, str]) -> Merge:
    """Merge the sprint's head with the present head of its base's branch.

    May be repeated. A failure of git is never raised: the result then has a reason.
    """
    try:
        sprint_clone.ready(site)
        return _merge(site, trailers)
    except GitError as exc:
        return Merge(site.base.branch, reason=str(exc))
    except OSError as exc:
        return Merge(site.base.branch, reason=f"{exc.strerror}: {exc.filename}")


def _merge(site: Workspace, trailers: Mapping[str, str]) -> Merge:
    branch, head = site.base.branch, site.head
    if why := _hindered(site):
        return Merge(branch, reason=why)
    base, url = head_of_base(site), ""
    fetch(site.own, site.repo, f"+{base}:{site.ref('onto')}", timeout_s=LONG_S)
    if site.remote:
        remote = upstream.find(users(site.repo, site.own.home), site.repo, site.remote)
        if found := upstream.earlier(site, remote, tag_of(site)):
            return found
        base, url = upstream.base(site, remote, base), remote.shown
    said = Merge(branch, base, head, url=url)
    if site.own.holds("merge-base", "--is-ancestor", head, base):
        return said
    if subs := submodules(site.own, base):
        return replace(said, reason=message("outcome.submodules", branch=branch, path=subs[0]))
    fault_points.point("merge_started")
    git = scratch(site, base, head)
    whose = f"Merge the revert of {site.undoes}" if site.undoes else ""
    subject = whose or f"Merge the work of {site.sprint_id}"
    words = [f"Studio-{key}: {value}" for key, value in trailers.items()]
    try:
        git(
            "merge", "--quiet", "--no-ff", "--no-verify", "--no-stat", "--no-rerere-autoupdate",
            "-m", "\n".join([subject, "", *words]), head,
            timeout_s=LONG_S,
        )  # fmt: skip
    except GitError:
        if not (shown := in_conflict(git)):
            raise
        return replace(said, reason=message("outcome.conflict", branch=branch, paths=shown))
    commit, tree = git("rev-parse", "HEAD", "HEAD^{tree}").split("\n")
    fetch(site.own, git.git_dir, f"+HEAD:{site.ref('merged', commit)}", timeout_s=LONG_S)
    remove(at_scratch(site).tree)
    fault_points.point("merge_committed")
    return replace(said, commit=commit, tree=tree)


def in_conflict(git: Git) -> str:
    """Return the first conflicting files of a merge or a revert; empty if there is no conflict.

    Raises ``GitError``.
    """
    names = git("diff", "--name-only", "--diff-filter=U", "-z").split("\0")
    named = [name for name in names if name]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return ", ".join(named[:MOST_NAMED]) + more


def _hindered(site: Workspace) -> str:
    """Return why the sprint cannot be shipped, whatever its content; empty if it can.

    Raises ``GitError``.
    """
    git, branch, tag = users(site.repo, site.own.home), site.base.branch, tag_of(site)
    if not branch:
        return message("outcome.detached")
    if not head_of_base(site):
        return message("outcome.no_branch", branch=branch, repo=site.repo)
    if git("rev-parse", "--is-shallow-repository") == "true":
        return message("outcome.shallow", repo=site.repo)
    here = git.find(f"refs/tags/{tag}")
    if here and not (site.remote and is_ours(site, here)):
        return message("outcome.tag_taken", tag=tag, repo=site.repo)
    above = tag.partition("/")[0]
    if git.find(f"refs/tags/{above}"):
        return message("outcome.tag_above", above=above, tag=tag, repo=site.repo)
    return ""


def is_ours(site: Workspace, tag: str) -> bool:
    """Return whether the gateway made that tag, for instance in a push without an answer."""
    commit = site.own.find(f"{tag}^{{commit}}")
    return bool(commit) and site.own.find(site.ref("tagged", commit)) == tag


def at_scratch(site: Workspace) -> Workspace:
    """Return the workspace whose tree is the scratch clone."""
    return replace(site, tree=site.beside("ship"))


def scratch(site: Workspace, commit: str, *more: str) -> Git:
    """Make a fresh clone at ``commit``, on a branch with the base's name, with ``more`` commits.

    Raises ``GitError``.
    """
    folder = at_scratch(site).tree
    remove(folder)
    if os.path.lexists(folder):
        raise GitError(f"{folder} cannot be removed")
    git = Git(site.own.home, folder / ".git", tree=folder)
    specs = [f"{commit}:refs/heads/{site.base.branch}"]
    specs += [f"{one}:refs/studio/{one}" for one in more if SHA.fullmatch(one)]
    with or_none(folder):
        make(site.own.home, folder, bare=False, branch=site.base.branch)
        fetch(git, site.own.git_dir, *specs, timeout_s=LONG_S)
        git("read-tree", "--reset", "-u", "HEAD", timeout_s=LONG_S)
    return git
