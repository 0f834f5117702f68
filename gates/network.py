"""Define what a program may reach: everything, nothing, or the hosts of a list.

A host is ``NAME``, ``*.NAME``, ``ADDRESS`` or one of them with ``:PORT``; without a port, 443 and
80 are meant. ``localhost:PORT`` is a service of this machine, also as 127.0.0.1 or [::1].
"""

import _socket
import re
from collections.abc import Iterable

ALL, NONE = "all", "none"
PROGRAM = "program"  # among the hosts of an agent: those that its program needs
MOST_HOSTS, LONGEST_HOST = 100, 253
LOCAL = "localhost"
PLACEHOLDER = "host"  # in our own advice, for the name that a person knows
LOCALS = (LOCAL, "127.0.0.1", "[::1]")
NAME = re.compile(r"(\*\.)?(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\Z", re.ASCII)
ADDRESS = re.compile(r"\[[0-9a-f:.]{2,45}\]\Z", re.ASCII)
HOW = (
    "write all, none, or hosts such as pypi.org, *.example.org, db.example.org:5432, localhost:5432"
)

Network = str | tuple[str, ...]  # ALL, NONE or hosts


def unlimited() -> str:
    """Return the network of a gate that was made before the setting."""
    return ALL


def of_program() -> list[str]:
    """Return the network of an agent that no one has set up yet."""
    return [PROGRAM]


def parse(text: str) -> Network:
    """Return the network that a person has typed: a word, or hosts between blanks or commas."""
    words = tuple(dict.fromkeys(text.replace(",", " ").lower().split()))
    return words[0] if words in ((ALL,), (NONE,)) else words


def typed(network: Network) -> str:
    """Return the network as it is typed."""
    return network if isinstance(network, str) else " ".join(network)


def to_json(network: Network) -> str | list[str]:
    """Return the network as JSON data: a word, or a list of hosts."""
    return network if isinstance(network, str) else [*network]


def from_json(data: object) -> Network:
    """Return the network that ``to_json`` has written; any other data is one that is refused."""
    if isinstance(data, list | tuple):
        return tuple(str(one) for one in data)
    return (PROGRAM,) if data == PROGRAM else str(data)


def fault(network: Network) -> str:
    """Return why this is no network, with what to write instead; empty for a sound one."""
    if network in (ALL, NONE):
        return ""
    if isinstance(network, str) or not network:
        return HOW
    if len(network) > MOST_HOSTS:
        return f"a network has at most {MOST_HOSTS} hosts"
    if LOCAL in network:
        return "localhost needs a port, such as localhost:5432"
    if PLACEHOLDER in network:
        return f"HOST stands for the name of a host; {HOW}"
    wrong = next((one for one in network if not is_host(one)), None)
    return "" if wrong is None else f"{wrong!r} is no host; {HOW}"


def is_host(text: str) -> bool:
    """Return whether the text is a host that a program may be allowed to reach."""
    host, port = divided(text)
    is_address = ADDRESS.match(host) and plain(host) is not None
    if len(host) > LONGEST_HOST or not (NAME.match(host) or is_address):
        return False
    return host not in (ALL, NONE, LOCAL) if port is None else 0 < port < 1 << 16


def divided(text: str) -> tuple[str, int | None]:
    """Return host and port of a host; no port where none is named."""
    host, colon, port = text.rpartition(":")
    if colon and port.isascii() and port.isdecimal() and len(port) < 6:
        return host, int(port)
    return text, None


def plain(host: str) -> str | None:
    """Return a host in the one spelling of its address; None for a malformed address."""
    if not host.startswith("["):
        return host
    try:
        packed = _socket.inet_pton(_socket.AF_INET6, host.strip("[]"))
    except OSError:
        return None
    return f"[{_socket.inet_ntop(_socket.AF_INET6, packed)}]"


def is_local(text: str) -> bool:
    """Return whether a host of a network is a service of this machine."""
    host, port = divided(text)
    return port is not None and plain(host) in LOCALS


def local_ports(hosts: Iterable[str]) -> tuple[int, ...]:
    """Return the ports of this machine's services among the hosts, each once, in their order."""
    found = (divided(one)[1] for one in hosts if is_local(one))
    return tuple(dict.fromkeys(port for port in found if port is not None))
