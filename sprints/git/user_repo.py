"""Find the commit from which a sprint may begin: the one checked out in the user's repository."""

from pathlib import Path

from sprints.contract.git_values import Base
from sprints.git.git import LONG_S, Git, GitError

SUBMODULE = "160000"


def users(repo: Path, home: Path) -> Git:
    """Return git for reading the user's repository; ``home`` need not exist."""
    return Git(home, git_dir_of(repo))


def git_dir_of(repo: Path) -> Path:
    """Return the git folder of a checkout, also of a linked worktree. Raises ``GitError``."""
    path = repo / ".git"
    if not path.is_file():
        return path
    try:
        named = path.read_text("utf-8").strip()
    except (OSError, ValueError) as exc:
        raise GitError(f"{path} cannot be read") from exc
    folder = (repo / named.removeprefix("gitdir:").strip()).resolve()
    if not named.startswith("gitdir:") or not folder.is_dir():
        raise GitError(f"{path} leads to no repository; type: git worktree repair {repo}")
    return folder


def look(repo: Path, home: Path) -> Base:
    """Return the repository's present commit and branch, without writing anything.

    Raises ``GitError`` with the fix to type if agents could not work from it.
    """
    if not (repo / ".git").exists():
        raise GitError(f"{repo} is no git repository; type: git init {repo}, then commit")
    git, trusted = users(repo, home), {"safe.directory": str(repo)}
    facts = git("rev-parse", "--is-shallow-repository", "--show-object-format", config=trusted)
    shallow, form = facts.split("\n")
    if form != "sha1":
        raise GitError(f"the objects of {repo} are {form}; only sha1 can be worked with")
    if shallow == "true":
        raise GitError(f"{repo} is a shallow clone; type: git -C {repo} fetch --unshallow")
    try:
        commit = git("rev-parse", "--verify", "HEAD^{commit}", config=trusted)
    except GitError as exc:
        raise GitError(f"{repo} has no commit yet; type: git -C {repo} commit") from exc
    if lacks(git, commit, trusted):
        fix = f"git -C {repo} fetch --refetch --no-filter"
        raise GitError(f"{repo} is a partial clone that lacks objects; type: {fix}")
    if subs := submodules(git, commit, trusted):
        raise GitError(f"{repo} has submodules ({subs[0]}), in which agents cannot work")
    branch = git("rev-parse", "--symbolic-full-name", "HEAD", config=trusted)
    try:
        branch.encode()
    except UnicodeEncodeError as exc:
        text = "the name of the branch that is checked out is not UTF-8"
        raise GitError(f"{text}; type: git -C {repo} branch -m NEW_NAME") from exc
    return Base("" if branch == "HEAD" else branch.removeprefix("refs/heads/"), commit)


PARTIAL = r"^(remote\..*\.promisor|extensions\.partialclone)$"


def lacks(git: Git, commit: str, config: dict[str, str] | None = None) -> bool:
    """Return whether a partial clone lacks objects of ``commit`` or its history.

    No other repository is asked. Raises ``GitError``.
    """
    if not git.holds("config", "--get-regexp", PARTIAL):
        return False
    flags = ("--objects", "--no-object-names", "--missing=print")
    return "\n?" in git("rev-list", *flags, commit, config=config, timeout_s=LONG_S)


def submodules(git: Git, commit: str, config: dict[str, str] | None = None) -> list[str]:
    """Return the paths of submodules in the files of ``commit``."""
    entries = git("ls-tree", "-r", "-z", "--full-tree", commit, config=config).split("\0")
    return [entry.partition("\t")[2] for entry in entries if entry.startswith(SUBMODULE)]
