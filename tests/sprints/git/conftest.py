"""Provide a user's real repository, and the workspace of a sprint in it; no database."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from sprints.git import capture_work
from sprints.git.capture_work import Mark
from sprints.git.gateway_repo import Workspace, home_of, open_site
from sprints.git.user_repo import look
from tests.checkout import commit, git

LIFE = "20261124120000"
FOUND = Mark(
    "R3.found", "What lay there", ("Gateway", "g@studio-gateway.invalid"), {"Sprint": "wk1"}
)
MARK = Mark(
    "R3.lead.1",
    "agent_01 in R3",
    ("agent_01 Lead", "agent_01@studio-gateway.invalid"),
    {"Sprint": "wk1", "Round": "R3", "Task": "lead", "Agent": "agent_01", "Attempt": "1"},
)


@pytest.fixture
def users(repo: Path) -> Path:
    """The user's checkout: two commits, a stash, something staged, something not."""
    commit(repo, {"a": "one\n", "src/b": "two\n", ".gitignore": "*.o\n"})
    commit(repo, {"a": "one\nmore\n"}, "Another")
    (repo / "a").write_text("stashed\n")
    git(repo, "stash")
    (repo / "a").write_text("staged\n")
    git(repo, "add", "a")
    (repo / "a").write_text("not staged\n")
    (repo / "new").write_text("not known\n")
    (repo / ".studio_gateway").mkdir()
    (repo / ".studio_gateway" / ".gitignore").write_text("*\n")
    return repo


def reopened(repo: Path, sprint_id: str = "wk1", life: str = LIFE, known: str = "") -> Workspace:
    """The site as another process would find it."""
    root = repo / ".studio_gateway"
    return open_site(repo, root, sprint_id, life, look(repo, home_of(root)), known)


@pytest.fixture
def site(users: Path) -> Workspace:
    """A site whose clone is there, before the first try of an agent."""
    found = reopened(users)
    capture_work.begin(found, MARK, FOUND)
    return found


def again(number: int) -> Mark:
    """A further try."""
    return replace(MARK, name=f"R3.lead.{number}")


def everything(folder: Path) -> dict[str, str]:
    """Every file of a checkout but the store's: its mode, when it was changed, what is in it."""
    found = {}
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - {".studio_gateway"})
        for path in (Path(where) / name for name in names):
            about = path.lstat()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path)] = f"{about.st_mode:o} {about.st_mtime_ns} {about.st_ino} {digest}"
    return found


def shown(site: Workspace, name: str) -> str:
    """A file as the head of the sprint's branch has it."""
    return site.own("show", f"{site.branch}:{name}")


__all__ = ["FOUND", "MARK", "again", "everything", "reopened", "shown"]
