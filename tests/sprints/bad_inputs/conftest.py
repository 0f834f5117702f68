"""Run a command that must be refused, and check that nothing has changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sprints.store.layout import Store
from tests import studio
from tests.sprints.bad_inputs.refusals import complaint, dump, files, rows
from tests.world import FOLDER, Said

Refused = Callable[..., str]


@pytest.fixture
def refused(store: Store, invoke: Callable[..., Said]) -> Refused:
    """``refused(*argv)`` gives the one line that the command answers."""
    studio.settle_files()

    def call(*argv: str) -> str:
        before = rows(), files(store.root)
        said = invoke(*argv)
        after = rows(), files(store.root)
        assert after == before
        return complaint(said)

    return call


@pytest.fixture
def shell_refused(repo: Path, shell: Callable[..., Said]) -> Refused:
    """The same by a process of its own, which has a SQLite file of its own."""
    database = repo / FOLDER / "gateway.sqlite3"

    def call(*argv: str, **env: str) -> str:
        before = files(repo), dump(database)
        said = shell(*argv, **env)
        after = files(repo), dump(database)
        assert after == before
        return complaint(said)

    return call


@pytest.fixture
def in_status(invoke: Callable[..., Said]) -> Callable[[str], str]:
    """Bring a sprint into that status by the commands that lead there, and return its id."""
    ways: dict[str, list[tuple[str, int]]] = {
        "created": [],
        "running": [("step", 0)],
        "succeeded": [("run", 0)],
        "failed": [("run", 1)],
        "cancelled": [("step", 0), ("cancel", 0)],
    }

    def make(status: str) -> str:
        assert invoke("sprint", "create", "s1").code == 0
        gate = "false" if status == "failed" else "true"
        assert invoke("gate", "set", "qa_smoke_quick", "--command", gate).code == 0
        for act, code in ways[status]:
            said = invoke("sprint", act, "s1")
            assert said.code == code, said
        return "s1"

    return make
