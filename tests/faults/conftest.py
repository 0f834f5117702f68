"""Provide an arena for every fault test, and print the table at the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import table
from tests.faults.arena import Arena


@pytest.fixture
def arena(repo: Path) -> Iterator[Arena]:
    """A store of its own on SQLite; nothing of it runs in the end."""
    made = Arena(repo)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """One store for many faults, looked at once more in the end."""
    repo = tmp_path_factory.mktemp("faults") / "repo"
    (repo / ".git").mkdir(parents=True)
    made = Arena(repo)
    yield made
    made.close()
    made.agree()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table."""
    found = list(table.lines())
    if found:
        terminalreporter.section("faults")
        for line in found:
            terminalreporter.write_line(line)
