"""Carry a program's connections out of its namespace, to the hosts that it may reach.

The listeners lie in the program's network, the connections out of here lie in the machine's. What
the program asked for is counted by host. Part of the supervisor, which must not wait for it: each
connection has two threads, and what is slow to import is imported by the first of them.
"""

import _thread
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from gates.network import LOCAL
from gates.supervision.proxy_request import (
    PIECE_BYTES,
    Address,
    Refusal,
    addresses_of,
    answer,
    asked,
    entry_for,
    head_of,
    may_be_at,
    plain,
)

if TYPE_CHECKING:
    import socket

MOST_CONNECTIONS = 256
MOST_DESTINATIONS = 50  # by name; further ones are counted together
HEAD_S, CONNECT_S, IDLE_S, END_S = 30.0, 15.0, 900.0, 2.0
REACHED, REFUSED, FAILED = "reached", "refused", "failed"
LOOPBACK = "127.0.0.1"


class Proxy:
    """The ways out of one program's network.

    ``hosts`` are what it may reach. ``proxy`` is the listener for HTTP, if any, and ``forwards``
    are those for ports of this machine. ``shown`` makes a host's name fit for the record.
    """

    def __init__(
        self,
        hosts: tuple[str, ...],
        proxy: int | None,
        forwards: list[tuple[int, int]],
        shown: Callable[[str], str] = str,
    ) -> None:
        self._hosts, self._proxy, self._shown = hosts, proxy, shown
        self._forwards = {listener: port for port, listener in forwards}
        self._lock = _thread.allocate_lock()
        self._open: set[socket.socket] = set()
        self._threads = 0
        self._ended = False
        self._found: dict[tuple[str, int, str], list[int]] = {}
        self._more = 0
        self._woken, self._wake = os.pipe()
        self._begin(self._accept)

    def close(self) -> bool:
        """End all connections, and return whether no thread is left."""
        with self._lock:
            self._ended = True
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(2)
        os.close(self._wake)
        give_up_at = time.monotonic() + END_S
        while self._threads and time.monotonic() < give_up_at:
            time.sleep(0.002)
        return not self._threads

    def record(self) -> dict[str, object]:
        """Return what the program reached or was refused, by host, the first ones by name."""
        with self._lock:
            found = [
                {"host": host, "port": port, "state": state, "count": count}
                | ({"sent": sent, "received": came} if state == REACHED else {})
                for (host, port, state), (count, sent, came) in self._found.items()
            ]
            return ({"destinations": found} if found else {}) | (
                {"more": self._more} if self._more else {}
            )

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        """Do work in a thread of its own. Raises ``RuntimeError`` if there is none."""
        with self._lock:
            self._threads += 1
        try:
            _thread.start_new_thread(lambda: self._work(work, *arguments), ())
        except RuntimeError:
            with self._lock:
                self._threads -= 1
            raise

    def _work(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except Exception:  # noqa: S110 - one connection is lost, and the program sees it
            pass
        finally:
            with self._lock:
                self._threads -= 1

    def _accept(self) -> None:
        """Wait for connections until the end."""
        listeners = [*self._forwards, *(() if self._proxy is None else (self._proxy,))]
        poll = select.poll()
        for one in (self._woken, *listeners):
            poll.register(one, select.POLLIN | select.POLLHUP)
        try:
            while not self._ended:
                for ready, _ in poll.poll():
                    if ready in listeners:
                        self._meet(ready)
        finally:
            os.close(self._woken)

    def _meet(self, listener: int) -> None:
        import socket

        with socket.socket(fileno=os.dup(listener)) as one:
            one.settimeout(0.0)
            try:
                peer, _ = one.accept()
            except OSError:
                return
        if len(self._open) >= 2 * MOST_CONNECTIONS or not self._keep(peer):
            peer.close()
            return
        work = self._serve if listener == self._proxy else self._forward
        try:
            self._begin(work, peer, self._forwards.get(listener, 0))
        except RuntimeError:
            self._drop(peer)

    def _keep(self, one: "socket.socket") -> bool:
        with self._lock:
            if not self._ended:
                self._open.add(one)
        return not self._ended

    def _drop(self, *sockets: "socket.socket") -> None:
        for one in sockets:
            with self._lock:
                self._open.discard(one)
            one.close()

    def _forward(self, peer: "socket.socket", port: int) -> None:
        """Connect a program to a port of this machine."""
        import socket

        try:
            there = self._connected([(socket.AF_INET, (LOOPBACK, port))], LOCAL, port)
        except Refusal:
            self._drop(peer)
            return
        self._relay(peer, there, LOCAL, port)

    def _serve(self, peer: "socket.socket", _: int) -> None:
        """Answer one request of HTTP: CONNECT, or one for a plain http address."""
        there = None
        try:
            try:
                peer.settimeout(HEAD_S)
                line, head, rest = head_of(peer)
                method, host, port, path = asked(line)
                addresses = self._allowed(host, port)
                there = self._connected(addresses, host, port)
            except Refusal as exc:
                status, why = exc.args
                peer.sendall(answer(status, why))
                self._drop(peer)
                return
            if method == "CONNECT":
                peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                there.sendall(plain(method, path, line, head))
            if rest:
                there.sendall(rest)
        except OSError:
            self._drop(peer, *(() if there is None else (there,)))
            return
        self._relay(peer, there, host, port)

    def _allowed(self, host: str, port: int) -> list[Address]:
        """Return the addresses of a host. Raises ``Refusal`` if it may not be reached."""
        entry = entry_for(self._hosts, host, port)
        if entry is None:
            self._count(host, port, REFUSED)
            raise Refusal(403, f"{host}:{port} is not in the network of this program")
        try:
            found = addresses_of(host, port)
        except OSError:
            self._count(host, port, FAILED)
            raise Refusal(502, f"{host} has no address") from None
        allowed = [one for one in found if may_be_at(entry, str(one[1][0]))]
        if not allowed:
            self._count(host, port, REFUSED)
            raise Refusal(403, f"{host} has an address of an inner network")
        return allowed

    def _connected(self, addresses: list[Address], host: str, port: int) -> "socket.socket":
        """Return a connection. Raises ``Refusal``."""
        import socket

        for family, address in addresses:
            one = socket.socket(family, socket.SOCK_STREAM)
            if not self._keep(one):
                one.close()
                break
            try:
                one.settimeout(CONNECT_S)
                one.connect(address)
            except OSError:
                self._drop(one)
                continue
            return one
        self._count(host, port, FAILED)
        raise Refusal(502, f"{host}:{port} cannot be reached")

    def _relay(self, peer: "socket.socket", there: "socket.socket", host: str, port: int) -> None:
        """Carry bytes in both directions until both have ended, or none comes for long."""
        counts = self._count(host, port, REACHED)
        heard = [time.monotonic()]
        for one in (peer, there):
            one.settimeout(IDLE_S)
        back = _thread.allocate_lock()
        back.acquire()

        def answers() -> None:
            try:
                self._carry(there, peer, counts, 2, heard)
            finally:
                back.release()

        try:
            self._begin(answers)
            self._carry(peer, there, counts, 1, heard)
            back.acquire()
        finally:
            self._drop(peer, there)

    def _carry(
        self,
        source: "socket.socket",
        target: "socket.socket",
        counts: list[int],
        at: int,
        heard: list[float],
    ) -> None:
        try:
            while True:
                try:
                    piece = source.recv(PIECE_BYTES)
                except TimeoutError:
                    if time.monotonic() - heard[0] < IDLE_S:
                        continue
                    break
                if not piece:
                    break
                heard[0] = time.monotonic()
                target.sendall(piece)
                counts[at] += len(piece)
        except OSError:
            for one in (source, target):
                with suppress(OSError):
                    one.shutdown(2)
            return
        with suppress(OSError):
            target.shutdown(1)

    def _count(self, host: str, port: int, state: str) -> list[int]:
        """Count a destination, and return its counts: times, bytes sent, bytes received."""
        key = (self._shown(host), port, state)
        with self._lock:
            if key not in self._found and len(self._found) >= MOST_DESTINATIONS:
                self._more += 1
                return [0, 0, 0]
            counts = self._found.setdefault(key, [0, 0, 0])
            counts[0] += 1
            return counts
