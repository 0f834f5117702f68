"""Read a request to the proxy, and say whether its host may be reached."""

from typing import TYPE_CHECKING, Any

from gates.network import LOCAL, divided
from gates.network import plain as plain_host

if TYPE_CHECKING:
    import socket

HEAD_BYTES, PIECE_BYTES = 16 << 10, 64 << 10
USUAL_PORTS = (443, 80)  # of a host without a port

Address = tuple[int, Any]  # a family, and what to connect to


class Refusal(Exception):
    """A request is not carried out; the HTTP status and why."""


def entry_for(hosts: tuple[str, ...], host: str, port: int) -> str | None:
    """Return the entry, without its port, that allows a host; None if there is none."""
    asked_for = plain_host(host) or host
    for entry in hosts:
        name, only = divided(entry)
        if port not in (USUAL_PORTS if only is None else (only,)):
            continue
        spelled = plain_host(name) or name
        if spelled == asked_for or (name.startswith("*.") and host.endswith(name[1:])):
            return name
    return None


def addresses_of(host: str, port: int) -> list[Address]:
    """Return the addresses of a host. Raises ``OSError``."""
    import socket

    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except UnicodeError as exc:
        raise OSError(str(exc)) from exc
    return [(family, address) for family, _, _, _, address in found]


def may_be_at(entry: str, address: str) -> bool:
    """Return whether a host that this entry allows may lie at an address.

    A name of the list may lie in a private network, any name below a ``*.`` only in the public one.
    This machine and its neighbours on a wire are allowed only as themselves, and ``localhost``.
    """
    from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

    one = ip_address(address.partition("%")[0])
    if isinstance(one, IPv6Address):
        if one in ip_network("64:ff9b::/96"):
            one = IPv4Address(int(one) & 0xFFFFFFFF)
        else:
            one = one.ipv4_mapped or one.sixtofour or one
    if (plain_host(entry) or "").strip("[]") == str(one):
        return True
    if one.is_loopback:
        return entry == LOCAL
    if one.is_link_local or one.is_multicast or one.is_unspecified:
        return False
    return one.is_global or not entry.startswith("*.")


def head_of(peer: "socket.socket") -> tuple[str, list[bytes], bytes]:
    """Return the first line of a request, its header lines, and what came after them.

    Raises ``Refusal``, and ``OSError`` if the program hangs up.
    """
    came = b""
    while b"\r\n\r\n" not in came:
        if len(came) > HEAD_BYTES:
            raise Refusal(431, "the header is too long")
        piece = peer.recv(PIECE_BYTES)
        if not piece:
            raise OSError("the program has hung up")
        came += piece
    head, _, rest = came.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    return line.decode("latin-1"), lines, rest


def asked(line: str) -> tuple[str, str, int, str]:
    """Return method, host, port and path of a request. Raises ``Refusal``."""
    method, _, target = line.rpartition(" ")[0].partition(" ")
    path = ""
    if method != "CONNECT":
        scheme, _, target = target.partition("://")
        target, slash, path = target.partition("/")
        path = slash + path
        if scheme.lower() != "http" or "@" in target:
            raise Refusal(400, "only CONNECT and plain http addresses are served")
    host, port = divided(target.lower().rstrip("."))
    host = host.rstrip(".")
    port = (443 if method == "CONNECT" else 80) if port is None else port
    if not host or len(host) > 253 or not host.isprintable() or not 0 < port < 1 << 16:
        raise Refusal(400, "this is no host")
    return method, host, port, path or "/"


def plain(method: str, path: str, line: str, head: list[bytes]) -> bytes:
    """Return the request as the host itself gets it, without a second one on the same line."""
    ours = (b"proxy-", b"connection:", b"keep-alive:")
    kept = [one for one in head if not one.lower().startswith(ours)]
    version = line.rpartition(" ")[2]
    first = f"{method} {path} {version}".encode("latin-1")
    return b"\r\n".join([first, *kept, b"Connection: close"]) + b"\r\n\r\n"


def answer(status: int, why: str) -> bytes:
    """Return a response that refuses a request."""
    text = f"Studio Gateway: {why}\n".encode("utf-8", "replace")
    first = f"HTTP/1.1 {status} {why}".encode("ascii", "replace")
    return (
        first + b"\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n" % len(text) + text
    )
