"""Flood a web server in one way until the standard input closes, in a process of its own.

Usage: ``python -m tools.bench.flood_clients WAY COUNT PORT TOKEN PATH``.
"""

import asyncio
import contextlib
import http.client
import re
import sys
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

DRIP_S = 0.5  # between two bytes of a slow client
AGAIN_S = 0.2  # before a client whose connection was refused or cut connects again
LOGIN = "/login/"
Lines = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Clients:
    """Clients of one server; each of the ways floods it with one client, for ever."""

    def __init__(self, port: int, token: str, path: str) -> None:
        self._port, self._path = port, path
        self._head = f"Host: 127.0.0.1\r\nX-Studio-Gateway-Token: {token}\r\n"
        self._form, self._cookies = "", ""

    def sign_in_page(self) -> None:
        """Fetch the form's token, if the server has such a form."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request("GET", LOGIN)
        answer = connection.getresponse()
        found = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', answer.read())
        self._form = found[1].decode() if found else ""
        cookies = [one.partition(";")[0] for one in answer.headers.get_all("Set-Cookie") or ()]
        self._cookies = "; ".join(cookies)

    async def silent(self, number: int) -> None:
        """Ask for a large file, and read only its beginning."""
        reader, writer = await self._connect()
        writer.write(f"GET {self._path} HTTP/1.1\r\n{self._head}\r\n".encode())
        await reader.read(12)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        while not writer.transport.is_closing():
            await asyncio.sleep(AGAIN_S)

    async def slow(self, number: int) -> None:
        """Send the headers of a request one byte at a time."""
        _, writer = await self._connect()
        writer.write(f"GET {self._path} HTTP/1.1\r\n{self._head}X: ".encode())
        while not writer.transport.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(DRIP_S)

    async def busy(self, number: int) -> None:
        """Ask again as soon as an answer has come."""
        lines = await self._connect()
        while True:
            await self._asked(lines, f"GET {self._path} HTTP/1.1\r\n{self._head}\r\n")

    async def guessing(self, number: int) -> None:
        """Sign in with wrong passwords."""
        lines = await self._connect()
        fields = {"username": f"user{number}", "password": "wrong"}
        body = urlencode(fields | {"csrfmiddlewaretoken": self._form})
        head = (
            f"Host: 127.0.0.1:{self._port}\r\nCookie: {self._cookies}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        )
        while True:
            await self._asked(lines, f"POST {LOGIN} HTTP/1.1\r\n{head}\r\n{body}")

    async def _connect(self) -> Lines:
        return await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 16)

    async def _asked(self, lines: Lines, request: str) -> None:
        reader, writer = lines
        writer.write(request.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: *(\d+)", head)
        await reader.readexactly(int(found[1]) if found else 0)


async def _for_ever(act: Callable[[int], Awaitable[None]], number: int) -> None:
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await act(number)
        await asyncio.sleep(AGAIN_S)


async def _flood(way: str, count: int, port: int, token: str, path: str) -> None:
    clients = Clients(port, token, path)
    if way == "guessing":
        clients.sign_in_page()
    tasks = [asyncio.create_task(_for_ever(getattr(clients, way), n)) for n in range(count)]
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            _flood(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
        )
