"""Merge a sprint's work with the branch that it began from, in a clone, so that gates can judge it.

Nothing in the user's repository is changed here.
"""

import os
from collections.abc import Mapping
from dataclasses import replace

from gates import fault_points
from gates.removal import or_none, remove
from sprints.contract.git_values import branch_of
from sprints.git import certificate, sprint_clone
from sprints.git import push as upstream
from sprints.git.gateway_repo import Workspace, fetch
from sprints.git.git import LONG_S, SHA, Git, GitError, make
from sprints.git.repair import copy
from sprints.git.rewound_base import Rewound, check_work, meet
from sprints.git.user_repo import submodules, users
from sprints.state.messages import message
from sprints.state.ship_values import Merge, ShipCause

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

    If the base has dropped the commit from which the work began, the work is rebased first. May be
    repeated. A failure of git is never raised: the result then has a reason.
    """
    try:
        sprint_clone.ready(site)
        return _merge(site, trailers)
    except Rewound as exc:
        return Merge(site.base.branch, reason=str(exc), cause=ShipCause.BASE_REWOUND)
    except GitError as exc:
        return Merge(site.base.branch, reason=str(exc))
    except OSError as exc:
        return Merge(site.base.branch, reason=f"{exc.strerror}: {exc.filename}")


def _merge(site: Workspace, trailers: Mapping[str, str]) -> Merge:
    branch, head = site.base.branch, site.head
    if why := _hindered(site):
        return Merge(branch, reason=why)
    base, url = head_of_base(site), ""
    start = meet(site, base)
    if site.remote:
        remote = upstream.find(users(site.repo, site.own.home), site.repo, site.remote)
        if found := upstream.earlier(site, remote, tag_of(site)):
            return found
        base, url = upstream.base(site, remote, base), remote.shown
    said = Merge(branch, base, head, url=url)
    if site.own.holds("merge-base", "--is-ancestor", head, base):
        return said
    check_work(site, head, base, start)
    if subs := submodules(site.own, base):
        return replace(said, reason=message("outcome.submodules", branch=branch, path=subs[0]))
    fault_points.point("merge_started")
    if site.own.holds("merge-base", "--is-ancestor", start, base):
        said = _merged(site, said, trailers)
    else:
        said = _rebased(site, replace(said, rebased=start), trailers)
    remove(at_scratch(site).tree)
    fault_points.point("merge_committed")
    return said


def _merged(site: Workspace, said: Merge, trailers: Mapping[str, str]) -> Merge:
    """Return the merge with its commit, or with the reason if it conflicts. Raises ``GitError``."""
    git = scratch(site, said.base, said.head)
    try:
        git(
            "merge", "--quiet", "--no-ff", "--no-verify", "--no-stat", "--no-rerere-autoupdate",
            "-m", _words(site, trailers), said.head,
            timeout_s=LONG_S,
        )  # fmt: skip
    except GitError:
        if not (shown := in_conflict(git)):
            raise
        reason = message("outcome.conflict", branch=said.branch, paths=shown)
        return replace(said, reason=reason)
    commit, tree = git("rev-parse", "HEAD", "HEAD^{tree}").split("\n")
    return _kept(site, git, replace(said, commit=commit, tree=tree))


def _rebased(site: Workspace, said: Merge, trailers: Mapping[str, str]) -> Merge:
    """Return the merge of the work's changes alone, as one commit on the base.

    ``said.rebased`` is the commit from which the work began. Without a change that the base lacks,
    the result has no commit. Raises ``Rewound`` if the changes conflict, and ``GitError``.
    """
    words = ("-m", f"All changes of {site.sprint_id}")
    work = site.own("commit-tree", f"{said.head}^{{tree}}", "-p", said.rebased, *words)
    git = scratch(site, said.base, work)
    try:
        git("cherry-pick", "--no-commit", work, timeout_s=LONG_S)
    except GitError as exc:
        if not (shown := in_conflict(git)):
            raise
        about = {"branch": said.branch, "commit": said.rebased[:12], "paths": shown}
        about |= {"own": os.path.relpath(site.own.git_dir, site.repo), "repo": str(site.repo)}
        text = message("outcome.rewound_conflict", **about, work=branch_of(site.sprint_id))
        raise Rewound(text) from exc
    tree = git("write-tree")
    if tree == git("rev-parse", f"{said.base}^{{tree}}"):
        return replace(said, rebased="")
    name = f"Rebase the work of {site.sprint_id}"
    why = f"{said.branch} no longer has {said.rebased}, from which the sprint began."
    head = git("commit-tree", tree, "-p", said.base, "-m", name, "-m", why)
    parents = ("-p", said.base, "-p", head)
    commit = git("commit-tree", tree, *parents, "-m", _words(site, trailers))
    site.own("update-ref", site.ref("rebased", head), said.head)
    return _kept(site, git, replace(said, head=head, commit=commit, tree=tree))


def _words(site: Workspace, trailers: Mapping[str, str]) -> str:
    """Return the message of the merge."""
    whose = f"Merge the revert of {site.undoes}" if site.undoes else ""
    words = [f"Studio-{key}: {value}" for key, value in trailers.items()]
    return "\n".join([whose or f"Merge the work of {site.sprint_id}", "", *words])


def _kept(site: Workspace, git: Git, said: Merge) -> Merge:
    """Return the merge, once its commit is in the gateway's own clone. Raises ``GitError``."""
    ref = site.ref("merged", said.commit)
    fetch(site.own, git.git_dir, f"+{said.commit}:{ref}", timeout_s=LONG_S)
    return said


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
        return taken(git, site, tag)
    above = tag.partition("/")[0]
    if git.find(f"refs/tags/{above}"):
        return message("outcome.tag_above", above=above, tag=tag, repo=site.repo)
    below = git("for-each-ref", "--count=1", "--format=%(refname:strip=2)", f"refs/tags/{tag}/")
    if below:
        return message("outcome.tag_above", above=below, tag=tag, repo=site.repo)
    return ""


def taken(git: Git, site: Workspace, tag: str) -> str:
    """Return that the tag is there already, and what to type; a certificate is not to be lost."""
    if certificate.has(git, tag):
        return message("outcome.tag_certificate", tag=tag)
    return message("outcome.tag_taken", tag=tag, repo=site.repo)


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
        copy(site, git, *specs)
        git("read-tree", "--reset", "-u", "HEAD", timeout_s=LONG_S)
    return git
