"""Revert the merge of a shipped sprint by a new commit; history is never rewritten.

The commit is made in a clone; nothing in the user's repository is changed here.
"""

from collections.abc import Mapping

from gates import fault_points
from gates.removal import remove
from sprints.contract.git_values import Undone
from sprints.git import push as upstream
from sprints.git.gateway_repo import Workspace, fetch
from sprints.git.git import LONG_S, GitError
from sprints.git.merge import at_scratch, head_of_base, in_conflict, scratch
from sprints.git.user_repo import users


def revert(site: Workspace, undone: Undone, why: str, trailers: Mapping[str, str]) -> str:
    """Make a commit that reverts the merge on the present branch of ``site.base``; return it.

    The commit is only in the gateway's own clone. May be repeated. Raises ``GitError`` and
    ``OSError``.
    """
    branch, head = site.base.branch, head_of_base(site)
    if not head:
        raise GitError(f"the branch {branch} is gone from {site.repo}")
    fetch(site.own, site.repo, f"+{head}:{site.ref('onto')}", timeout_s=LONG_S)
    if site.remote:
        remote = upstream.find(users(site.repo, site.own.home), site.repo, site.remote)
        head = upstream.base(site, remote, head)
    short = undone.commit[:12]
    if not site.own.holds_commit(undone.commit, below=head):
        raise GitError(f"{branch} does not have {short}, the merge of {undone.sprint}, any more")
    git = scratch(site, head)
    try:
        git("revert", "--no-commit", "--mainline", "1", undone.commit, timeout_s=LONG_S)
    except GitError as exc:
        if not (shown := in_conflict(git)):
            raise
        hint = f"git -C {site.repo} revert -m 1 {short}"
        raise GitError(f"{short} conflicts with {branch} in {shown}; by hand: {hint}") from exc
    tree = git("write-tree")
    if tree == git("rev-parse", f"{head}^{{tree}}"):
        raise GitError(f"{branch} has nothing of {short} any more")
    subject = f"Revert the work of {undone.sprint}"
    because = [why, ""] if why else []
    words = [f"Studio-{key}: {value}" for key, value in trailers.items()]
    text = [subject, "", *because, f"This reverts commit {undone.commit}.", "", *words, ""]
    given = "\n".join(text).encode("utf-8", "replace")
    commit = git("commit-tree", tree, "-p", head, "-F", "-", given=given)
    fetch(site.own, git.git_dir, f"+{commit}:{site.ref('reverts', commit)}", timeout_s=LONG_S)
    remove(at_scratch(site).tree)
    fault_points.point("revert_made")
    return commit
