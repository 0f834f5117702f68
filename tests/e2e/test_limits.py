"""Test that no client can fill the gateway's memory or block it with large or slow requests."""

import contextlib
import json
import socket
import time

import pytest

from gates import process_table
from sprints.management import http_channel
from sprints.management.web import LIMITS
from tests.e2e.test_serve import Served, serve  # noqa: F401 (a fixture)

MIB = 1 << 20


def memory_of(pid: int) -> int:
    """Resident bytes of a process and of what is below it."""
    total = 0
    for one in (pid, *(below.pid for below in process_table.descendants(pid))):
        with contextlib.suppress(OSError), open(f"/proc/{one}/statm") as file:  # noqa: PTH123
            total += int(file.read().split()[1]) * 4096
    return total


def upload(one: Served, head: str, piece: bytes, pieces: int) -> tuple[int, bytes]:
    """Send a request with a large body; how many bytes were taken, and what came back."""
    sent, back = 0, b""
    token = f"X-Studio-Gateway-Token: {one.token}\r\n"
    with socket.create_connection(("127.0.0.1", one.port), timeout=30) as line:
        line.sendall(f"POST /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\n{token}{head}\r\n".encode())
        with contextlib.suppress(OSError):
            for _ in range(pieces):
                sent += line.send(piece)
        with contextlib.suppress(OSError):
            while more := line.recv(65536):
                back += more
    return sent, back


@pytest.mark.parametrize("how", ["with its length", "in chunks", "with more than its length"])
def test_a_hundred_megabytes_are_refused_unread(gateway, serve, how):  # noqa: F811
    one = serve("--no-workers")
    before = memory_of(one.command.pid)
    piece, head = bytes(65536), f"Content-Length: {100 * MIB}\r\n"
    if how == "in chunks":
        piece, head = b"10000\r\n" + piece + b"\r\n", "Transfer-Encoding: chunked\r\n"
    elif how == "with more than its length":
        head = f"Content-Length: {MIB}\r\n"

    sent, back = upload(one, head, piece, 1600)

    assert back.startswith(b"HTTP/1.1 413 ")
    assert json.loads(back.partition(b"\r\n\r\n")[2]) == {"error": "the body is too large"}
    assert b"nosniff" in back
    assert sent < 20 * MIB  # what fits into the buffers of both ends
    assert memory_of(one.command.pid) < before + 20 * MIB
    assert one.ask("/health")[0] == 200


def test_headers_are_refused_beyond_their_limit(gateway, serve):  # noqa: F811
    one = serve("--no-workers")
    limit = LIMITS["max_request_header_size"]

    large = one.send(b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"x" * limit + b"\r\n\r\n")
    many = one.send(b"GET /health HTTP/1.1\r\n" + b"X: x\r\n" * limit + b"\r\n")
    fine = one.send(
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX: "
        + b"x" * (limit // 2)
        + b"\r\n\r\n"
    )

    for refused in (large, many):
        assert refused.startswith((b"HTTP/1.1 431 ", b"HTTP/1.0 431 "))
        assert json.loads(refused.partition(b"\r\n\r\n")[2])["error"]
    assert fine.startswith(b"HTTP/1.1 200 ")


def test_a_client_that_drips_loses_its_line_and_holds_up_nobody(gateway, serve):  # noqa: F811
    one = serve("--no-workers")
    slow = [socket.create_connection(("127.0.0.1", one.port), timeout=5) for _ in range(50)]
    begun = time.monotonic()
    for line in slow:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
    longest, lost = 0.0, 0

    while len(slow) > lost and time.monotonic() < begun + http_channel.REQUEST_S + 30:
        lost = 0
        for line in slow:
            try:
                line.send(b"x")
            except OSError:
                lost += 1
        asked = time.monotonic()
        assert one.ask("/health")[0] == 200
        longest = max(longest, time.monotonic() - asked)
        time.sleep(1)

    took_s = time.monotonic() - begun
    for line in slow:
        line.close()
    assert lost == len(slow)
    assert took_s >= http_channel.REQUEST_S - 1
    assert longest < 5


def test_more_lines_than_it_takes_wait_and_those_that_say_nothing_are_cut(gateway, serve):  # noqa: F811
    one = serve("--no-workers")
    with contextlib.ExitStack() as stack:
        for _ in range(LIMITS["connection_limit"] + 50):
            line = socket.create_connection(("127.0.0.1", one.port), timeout=5)
            stack.enter_context(line)

        code, _ = one.ask_within("/health", LIMITS["channel_timeout"] + 30)

    assert code == 200
    assert one.ask("/health")[0] == 200
    assert one.stop() == 0
