"""Test the web server with clients that wait, stall and do not read."""

import contextlib
import http.client
import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sprints.management import web
from tests.e2e.conftest import wait_for
from tests.e2e.test_serve import free_port

BIG = 64 * 1024 * 1024
LET_GO = threading.Event()  # of the requests for /busy
CUT = threading.Event()  # an answer of /generated was given up


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer: at once, when let go, with a big file, or with as many bytes that are made."""
    path = environ["PATH_INFO"]
    if path == "/busy":
        LET_GO.wait(60)
    length = BIG if path in ("/file", "/generated") else 2
    start_response("200 OK", [("Content-Length", str(length))])
    if path == "/file":
        file = Path(os.environ["BIG_FILE"]).open("rb")  # noqa: SIM115 - the server closes it
        found: Iterable[bytes] = environ["wsgi.file_wrapper"](file)
        return found
    return generated() if path == "/generated" else [b"ok"]


def generated() -> Iterator[bytes]:
    """Make the bytes of an answer one by one."""
    try:
        for _ in range(BIG // 65536):
            yield b"x" * 65536
    finally:
        CUT.set()


@pytest.fixture
def port(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server of that application; clients that do nothing for a second are cut."""
    settings.WSGI_APPLICATION = f"{__name__}.application"
    monkeypatch.setenv("BIG_FILE", str(tmp_path / "big"))
    with (tmp_path / "big").open("wb") as file:
        file.truncate(BIG)
    monkeypatch.setitem(web.LIMITS, "cleanup_interval", 1)
    LET_GO.clear()
    CUT.clear()
    found = free_port()
    with web.Web("127.0.0.1", found):
        yield found
        LET_GO.set()


@pytest.fixture
def silent(port: int) -> Iterator[Callable[[str], socket.socket]]:
    """Ask for a path and read nothing."""
    with contextlib.ExitStack() as stack:

        def ask(path: str) -> socket.socket:
            line = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            return line

        yield ask


def answer(port: int, path: str, seconds: float = 30) -> int:
    """The status of an answer; raises ``TimeoutError`` if it does not come."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    with contextlib.closing(client):
        client.request("GET", path)
        return client.getresponse().status


def test_health_answers_while_every_thread_works(port, silent):
    for _ in range(8):
        silent("/busy")

    assert answer(port, "/health") == 200
    with pytest.raises(TimeoutError):
        answer(port, "/", seconds=0.5)
    LET_GO.set()
    assert answer(port, "/") == 200


def test_readers_of_a_file_that_do_not_read_hold_no_thread(port, silent):
    for _ in range(8):
        silent("/file")

    assert answer(port, "/") == 200
    assert answer(port, "/file") == 200


def test_a_client_that_takes_no_byte_is_cut(port, silent, monkeypatch):
    monkeypatch.setitem(web.LIMITS, "channel_timeout", 1)
    impatient = free_port()
    with (
        web.Web("127.0.0.1", impatient),
        socket.create_connection(("127.0.0.1", impatient), timeout=30) as line,
    ):
        line.sendall(b"GET /generated HTTP/1.1\r\nHost: localhost\r\n\r\n")

        assert wait_for(CUT.is_set)  # its thread is free again
        taken = 0
        with contextlib.suppress(ConnectionResetError):
            while some := line.recv(1 << 20):
                taken += len(some)
        assert taken < BIG


def test_a_client_that_reads_on_gets_all(port, silent):
    line = silent("/generated")
    taken = 0
    while taken < BIG and (some := line.recv(1 << 20)):
        taken += len(some)

    assert taken >= BIG
