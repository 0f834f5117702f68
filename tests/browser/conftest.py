"""Open a real browser on a real gateway.

Without Chromium the tests are skipped, visibly; CI requires it: ``STUDIO_TEST_REQUIRE=chromium``.
"""

import json
import os
import shutil
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from sprints.store.layout import FOLDER
from tests.e2e.conftest import fresh, gateway, processes_of, set_gate, start, wait_for
from tests.e2e.servers import absent
from tests.world import Said, run_command

__all__ = ["fresh", "gateway"]

expect.set_options(timeout=90_000)  # a page polls, and the machine has other tests to run


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These last, whatever else is put in order: a browser, once started, keeps an event loop in
    this thread, beside which Django gives its database to nobody.
    """
    here = Path(__file__).parent
    items.sort(key=lambda item: here in item.path.parents)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's own Chromium."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        absent(
            "chromium", "NO BROWSER: there is no chromium on PATH; on Debian: apt install chromium"
        )
    root = os.name == "posix" and os.geteuid() == 0
    args = ["--no-sandbox"] if root else []  # root's Chromium starts in no other way
    return browser_type_launch_args | {"executable_path": program, "args": args}


@dataclass(frozen=True)
class Serving:
    """A gateway that serves: the web and two workers."""

    repo: Path
    url: str
    token: str

    def say(self, *argv: str) -> Said:
        """A command in its repository, which has to succeed."""
        said = run_command(self.repo, *argv)
        assert said.code in (0, 1), said
        return said

    def gate(self, command: str, *options: str) -> None:
        """Let its gate be that command."""
        set_gate(self.repo, command, *options)

    def sign_in(self, page: Page, token: str | None = None) -> None:
        """By token, as a person does."""
        page.goto(f"{self.url}/login/")
        page.get_by_label("Token").fill(self.token if token is None else token)
        page.get_by_role("button", name="Sign in").first.click()


@pytest.fixture
def serving(gateway: Path) -> Iterator[Serving]:
    """A fresh gateway that serves until the test is over."""
    with _served(gateway) as served:
        yield served


@pytest.fixture(scope="module")
def shared(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A gateway that serves for all tests of a module that change nothing of each other's."""
    repo = tmp_path_factory.mktemp("shared")
    (repo / ".git").mkdir()
    shutil.copytree(fresh, repo / FOLDER)
    with _served(repo) as served:
        yield served
    assert wait_for(lambda: not processes_of(repo)), processes_of(repo)


@contextmanager
def _served(repo: Path) -> Iterator[Serving]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = start(repo, "serve", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    assert wait_for(lambda: _answers(url)), server.poll()
    config = json.loads((repo / FOLDER / "config.json").read_text())
    yield Serving(repo, url, config["auth_token"])
    server.send_signal(signal.SIGTERM)
    _, errors = server.communicate(timeout=90)
    assert (server.returncode, "Traceback" in errors) == (0, False), errors


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(autouse=True)
def no_complaint(page: Page) -> Iterator[None]:
    """The browser finds no fault with a page: nothing is stopped by the content policy, no script
    fails.
    """
    heard: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            heard.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield
    assert not heard
