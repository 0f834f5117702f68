"""Notice commits that a base branch has dropped, so that no ship brings one of them back.

A sprint keeps every head of its base that one of its ships has met: heads of the served repository
as refs below ``here``, heads of the remote below ``there``. If the work contains such a head and
the base does not, somebody has taken the commit back.
"""

from sprints.git.gateway_repo import Workspace, fetch
from sprints.git.git import LONG_S, Git, GitError
from sprints.state.messages import message

HERE, THERE = "here", "there"


class Rewound(GitError):
    """The base has dropped a commit, and shipping would bring it back."""


def meet(site: Workspace, commit: str) -> str:
    """Fetch that head of the local base, and return the commit from which the work began.

    A revert began from the parent of its base. Raises ``GitError``.
    """
    fetch(site.own, site.repo, f"+{commit}:{site.ref(HERE, commit)}", timeout_s=LONG_S)
    begun = f"{site.base.commit}^1" if site.undoes else site.base.commit
    start = site.own("rev-parse", "--verify", f"{begun}^{{commit}}")
    site.own("update-ref", site.ref(HERE, start), start)
    return start


def meet_there(site: Workspace, remote: str, users: Git, local: str, there: str) -> None:
    """Keep that head of the remote base.

    Raises ``Rewound`` if the remote has dropped a commit that the local base still has, and
    ``GitError``.
    """
    site.own("update-ref", site.ref(THERE, there), there)
    branch = site.base.branch
    tracked = users.find(f"refs/remotes/{remote}/{branch}^{{commit}}")
    lost = dropped(site, THERE, inside=local, outside=there)
    if tracked and site.own.holds_commit(tracked, below=local):
        lost = lost or ("" if site.own.holds_commit(tracked, below=there) else tracked)
    if lost:
        about = {"branch": branch, "remote": remote, "commit": lost[:12], "repo": site.repo}
        raise Rewound(message("outcome.rewound_there", **about))


def check_local(site: Workspace, local: str, there: str) -> None:
    """Raise ``Rewound`` if the local base has dropped a commit that the remote base still has."""
    if lost := dropped(site, HERE, inside=there, outside=local):
        about = {"branch": site.base.branch, "remote": site.remote, "repo": site.repo}
        raise Rewound(message("outcome.rewound_here", **about, commit=lost[:12]))


def check_work(site: Workspace, head: str, base: str, start: str) -> None:
    """Raise ``Rewound`` if the work contains a dropped commit that it did not begin from.

    Such a commit was merged into the work later, so no rebase can leave it out.
    """
    flags = (f"--no-merged={base}", f"--no-merged={start}")
    if lost := _first(site, HERE, THERE, flags=(f"--merged={head}", *flags)):
        about = {"branch": site.base.branch, "sprint_id": site.sprint_id}
        raise Rewound(message("outcome.rewound_work", **about, commit=lost[:12]))


def dropped(site: Workspace, where: str, *, inside: str, outside: str) -> str:
    """Return a head met ``where`` that is part of ``inside`` and not of ``outside``, or empty."""
    return _first(site, where, flags=(f"--merged={inside}", f"--no-merged={outside}"))


def _first(site: Workspace, *where: str, flags: tuple[str, ...]) -> str:
    form = ("--count=1", "--format=%(objectname)")
    return site.own("for-each-ref", *form, *flags, *(site.ref(one) for one in where))
