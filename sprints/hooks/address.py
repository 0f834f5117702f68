"""Check the address of a webhook, and connect to exactly that address.

A name is resolved once. If it were resolved again for the connection, a server with a second answer
could lead the gateway into its own network.
"""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")

Place = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, Place]
Resolve = Callable[..., Sequence[Found]]


class NotPublic(OSError):
    """The host has an address that is not public; the message names it."""


def is_public(text: str) -> bool:
    """Return whether ``text`` is an address of the public internet.

    Not public are this machine, its network and a cloud's metadata, also by an IPv6 address that
    contains such an IPv4 address.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(str(address.ipv4_mapped))
        if address not in GLOBAL_UNICAST or address.sixtofour or address.teredo:
            return False
    return address.is_global and not address.is_multicast


def literal(host: str) -> str | None:
    """Return the address that ``host`` is, in any notation of the system; None for a name."""
    if host == "localhost" or host.endswith(".localhost"):
        return "127.0.0.1"
    try:
        found = socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(found[0][4][0])


def connect(
    host: str,
    port: int,
    end: float,
    *,
    allow_private: bool,
    resolve: Resolve = socket.getaddrinfo,
) -> socket.socket:
    """Connect to the first address of ``host`` that accepts, by ``end`` (monotonic).

    Raises ``OSError``, and ``NotPublic`` if any of its addresses is not public, unless
    ``allow_private``.
    """
    found = _resolved(host, port, end, resolve)
    for *_, place in found:
        if not allow_private and not is_public(str(place[0])):
            raise NotPublic(f"{host} is {place[0]}, which is not a public address")
    fault: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, place in found:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(max(0.1, end - time.monotonic()))
            connection.connect(place)
        except OSError as exc:
            connection.close()
            fault = exc
        else:
            return connection
    raise fault


def _resolved(host: str, port: int, end: float, resolve: Resolve) -> Sequence[Found]:
    """Resolve the host by ``end``; the resolver's own limits may be far longer."""
    said: list[Sequence[Found] | Exception] = []

    def ask() -> None:
        try:
            said.append(resolve(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as exc:
            said.append(exc)

    asking = threading.Thread(target=ask, name=f"resolve {host}", daemon=True)
    asking.start()
    asking.join(max(0.0, end - time.monotonic()))
    if not said:
        raise OSError(f"{host} was not resolved in time")
    found = said[0]
    if isinstance(found, Exception):
        raise OSError(f"{host} cannot be resolved: {found}")
    return found


class Guard:
    """A timer that cuts a connection at ``end`` (monotonic), however slow the other side is."""

    def __init__(self, connection: socket.socket, end: float) -> None:
        self._twin = connection.dup()  # TLS takes over the connection
        self._timer = threading.Timer(max(0.0, end - time.monotonic()), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *exc: object) -> None:
        self._timer.cancel()
        self._timer.join()
        self._twin.close()

    def _cut(self) -> None:
        with suppress(OSError):
            self._twin.shutdown(socket.SHUT_RDWR)
