"""Provide a real store for every test: a repository in a temporary folder, a database, files."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from sprints.store.layout import Store
from tests import forked
from tests.database import Image
from tests.faults import table
from tests.world import FOLDER, MARK, Said, run_command


def pytest_configure() -> None:
    """The clones of tests lie in a folder of theirs, and not in the HOME of who runs them."""
    state = tempfile.mkdtemp(prefix="gateway-tests-state-")
    os.environ["XDG_STATE_HOME"] = state
    atexit.register(shutil.rmtree, state, ignore_errors=True)


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
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return folder


@pytest.fixture(scope="session")
def empty_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Image]:
    """The test database with its tables and without a store."""
    with django_db_blocker.unblock():
        image = Image()
    with closing(image):
        yield image


@pytest.fixture
def transactional_db(empty_database: Image, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The empty test database with real transactions.

    In place of pytest-django's: Django would delete the rows of each table and make the permissions
    of each model anew, after every test.
    """
    with django_db_blocker.unblock():
        yield
        empty_database.restore()


@dataclass(frozen=True)
class NewStore:
    """A store that is just initialised and whose only gate is ``true``: its database and files."""

    image: Image
    folder: Path


@pytest.fixture(scope="session")
def new_store(
    empty_database: Image,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[NewStore]:
    """The store with which every test begins, made once."""
    from gates import process
    from tests import studio

    repo = tmp_path_factory.mktemp("new_store")
    with django_db_blocker.unblock(), override_settings(STORE=Store(repo)):
        studio.initialise()
        studio.gate("true")
        process.cool()
        image = Image()
        empty_database.restore()
    with closing(image):
        yield NewStore(image, repo / FOLDER)


@pytest.fixture
def short_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Explore few states before an edit: a second for each would be most of many tests.
    ``tests/sprints/operations/test_prove.py`` explores as many as the gateway.
    """
    from sprints.operations import prove

    monkeypatch.setattr(prove, "MOST_STATES", 50)


@pytest.fixture
def store(
    repo: Path, settings, transactional_db, new_store: NewStore, short_proofs: None
) -> Iterator[Store]:
    """An initialised store on the test database, whose only gate is ``true``."""
    from gates import process

    settings.STORE = Store(repo)
    shutil.copytree(new_store.folder, settings.STORE.root)
    new_store.image.restore()
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
