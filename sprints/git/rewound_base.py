"""Notice commits that a base branch has dropped, so that no ship brings one of them back.

A sprint keeps every head of its base that one of its ships has met: heads of the served repository
as refs below ``here``, heads of the remote below ``there``. If the work contains such a head and
the base does not, somebody has taken the commit back. So has who took it off the branch before any
ship met it, by the reflog of the branch.
"""

from sprints.git.branch_past import dropped_by_user
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
    if lost := dropped_here(site, inside=there, outside=local):
        about = {"branch": site.base.branch, "remote": site.remote, "repo": site.repo}
        raise Rewound(message("outcome.rewound_here", **about, commit=lost[:12]))


def check_work(site: Workspace, head: str, base: str, start: str) -> None:
    """Raise ``Rewound`` if the work contains a dropped commit that it did not begin from.

    Such a commit came into the work later, for instance fetched by an agent, so no rebase can leave
    it out.
    """
    flags = (f"--no-merged={base}", f"--no-merged={start}")
    lost = _first(site, HERE, THERE, flags=(f"--merged={head}", *flags))
    if lost := lost or dropped_by_user(site, inside=head, outside=(base, start), anywhere=True):
        about = {"branch": site.base.branch, "sprint_id": site.sprint_id}
        raise Rewound(message("outcome.rewound_work", **about, commit=lost[:12]))


def dropped_here(site: Workspace, *, inside: str, outside: str) -> str:
    """Return a commit of ``inside`` that the local base once had and ``outside`` lacks, or empty.

    Raises ``GitError``.
    """
    met = dropped(site, HERE, inside=inside, outside=outside)
    return met or dropped_by_user(site, inside=inside, outside=(outside,))


def dropped(site: Workspace, where: str, *, inside: str, outside: str) -> str:
    """Return a head met ``where`` that is part of ``inside`` and not of ``outside``, or empty."""
    return _first(site, where, flags=(f"--merged={inside}", f"--no-merged={outside}"))


def _first(site: Workspace, *where: str, flags: tuple[str, ...]) -> str:
    form = ("--count=1", "--format=%(objectname)")
    return site.own("for-each-ref", *form, *flags, *(site.ref(one) for one in where))
