"""Find the commits that a user's branch once had and has no more, by the reflogs of the user."""

from contextlib import suppress

from sprints.git.gateway_repo import Workspace
from sprints.git.git import LONG_S, Git, GitError
from sprints.git.user_repo import users

MOST_HEADS = 1000  # of a branch's past, newest first
MOST_COMMITS = 20_000


def dropped_by_user(
    site: Workspace, *, inside: str, outside: tuple[str, ...], anywhere: bool = False
) -> str:
    """Return a commit of ``inside`` that the user has taken off the base's branch, or empty.

    Commits that ``outside`` contains do not count, nor those that a ship of this sprint brought
    to the branch. ``anywhere``: also what the branch of the remote has lost, as the user's
    repository saw it. A repository without reflogs has no past. Raises ``GitError``.
    """
    past = _past(site, f"refs/heads/{site.base.branch}")
    if anywhere and site.remote:
        past |= _past(site, f"refs/remotes/{site.remote}/{site.base.branch}")
    if not past:
        return ""
    limits = (f"--max-count={MOST_COMMITS}", inside, *(f"^{one}" for one in outside))
    made = site.own("rev-list", *limits, timeout_s=LONG_S).split("\n")
    return next((one for one in made if one in past), "")


def _past(site: Workspace, ref: str) -> set[str]:
    """Return the commits of a ref's earlier heads that its present head does not contain."""
    git = users(site.repo, site.own.home)
    heads, now = _heads(git, ref), git.find(f"{ref}^{{commit}}")
    if not now or {*heads} <= {now}:
        return set()
    ours = site.own("for-each-ref", "--format=%(objectname)", site.ref("merged")).split()
    lines = [*_there(git, heads), *(f"^{one}" for one in (now, *_there(git, ours)))]
    given = "\n".join([*lines, ""]).encode("ascii")
    found = git("rev-list", "--stdin", f"--max-count={MOST_COMMITS}", given=given, timeout_s=LONG_S)
    return set(found.split())


def _there(git: Git, commits: list[str]) -> list[str]:
    """Return those of the commits that the repository has: a reflog outlives what it names."""
    given = "\n".join([*commits, ""]).encode("ascii")
    lines = git("cat-file", "--batch-check", given=given).split("\n") if commits else []
    return [line.split(" ")[0] for line in lines if " commit " in line]


def _heads(git: Git, ref: str) -> list[str]:
    with suppress(GitError):  # there is no such ref, or no reflog of it
        flags = ("--format=%H", f"--max-count={MOST_HEADS}")
        return git("log", "--walk-reflogs", *flags, ref, "--").split()
    return []
