"""Make temporary clones for trials of agents."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sprints.git.gateway_repo import configure
from sprints.git.git import GitError, clone, make
from sprints.git.user_repo import users


@contextmanager
def clones(repo: Path) -> Iterator["Place"]:
    """Yield a place for trials, and remove it at the end."""
    with tempfile.TemporaryDirectory(prefix="studio-gateway-", ignore_cleanup_errors=True) as name:
        yield Place(repo, Path(name).resolve())


class Place:
    """A temporary folder, with one clone of ``repo`` for each trial."""

    def __init__(self, repo: Path, root: Path) -> None:
        self._repo, self._root, self._count = repo, root, 0
        self._home = root / "home"
        self._home.mkdir()
        configure(self._home, repo)

    def fresh(self) -> tuple[Path, bool]:
        """Return a new clone without a remote, and True; without a commit an empty one, and False.

        Raises ``OSError``.
        """
        self._count += 1
        here = self._root / str(self._count) / "clone"
        here.parent.mkdir()
        try:
            git = users(self._repo, self._home)
            if git.git_dir.is_dir() and git.holds("rev-parse", "--verify", "-q", "HEAD^{commit}"):
                clone(self._home, self._repo, here)
                return here, True
            make(self._home, here, bare=False)
        except GitError as exc:
            raise OSError(str(exc)) from exc
        return here, False
