"""Provide a real store for every test: a repository in a temporary folder, a database, files."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sprints.store.layout import Store
from tests import forked
from tests.faults import table
from tests.world import MARK, Said, run_command, set_gate


def pytest_sessionstart() -> None:
    """Nothing is marked yet."""
    if forked.ON:
        forked.begin()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The short form leaves out what has a shorter stand-in."""
    whole = [item for item in items if table.SHORT and item.get_closest_marker("whole")]
    if whole:
        config.hook.pytest_deselected(items=whole)
        items[:] = [item for item in items if item not in whole]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like a git checkout; what the test starts is marked as of there."""
    folder = tmp_path / "repo"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.setenv(MARK, str(folder))
    return folder


@pytest.fixture
def store(repo: Path, settings, transactional_db) -> Iterator[Store]:
    """An initialised store on the test database, whose only gate is ``true``."""
    from gates import process
    from sprints import operations

    settings.STORE = Store(repo)
    operations.initialise()
    set_gate("true")
    yield settings.STORE
    process.cool()


@pytest.fixture
def invoke(store: Store, capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command in this process, as manage.py would: ``invoke("sprint", "create", "x")``."""
    from gateway_project.cli import Gateway

    def call(*argv: str) -> Said:
        capfd.readouterr()
        code = 0
        try:
            Gateway(["studio-gateway", *argv]).execute()
        except SystemExit as exc:
            code = int(exc.code or 0)
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def shell(repo: Path) -> Callable[..., Said]:
    """Run a command as a user does: a process of its own in the repository, a SQLite of its own."""
    return lambda *argv, **more: run_command(repo, *argv, **more)
