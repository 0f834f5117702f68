"""Cut a program off from the network: a network namespace of its own, or else Landlock's rules.

A new namespace has a loopback alone, so the program reaches nothing but itself. A socket keeps the
namespace in which it was made: the child makes its listeners there and hands them to its
supervisor, which answers them from outside. Part of the supervisor, so this imports nothing slow.
"""

import _socket
import ctypes
import errno
import fcntl
import json
import os
import select
import struct
import sys
from typing import Any

from gates import fault_points
from gates.network import ALL, NONE, is_local, local_ports
from gates.supervision import landlock

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_DUMPABLE = 4
NET_ADMIN = 12  # with it root could lead a wire out of the namespace
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
LOOPBACK = "127.0.0.1"
BACKLOG = 128
ANSWER_S = 30.0  # longer than any kernel takes for a namespace
COUNTERS = "/proc/self/net/snmp"  # of the namespace of the process that opens it
NAMESPACE, LANDLOCK, OPEN = "namespace", "landlock", "open"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
NO_PROXY = ("NO_PROXY", "no_proxy")

if sys.platform == "linux":
    _LIBRARY = ctypes.CDLL(None, use_errno=True)


class Cut:
    """How one program is cut off. ``hosts`` are what it may reach, ``how`` is the means."""

    def __init__(self, network: str | list[str], how: str) -> None:
        self.how = how
        self.hosts = () if isinstance(network, str) else tuple(network)
        self.ports = local_ports(self.hosts)
        self.proxied = not all(map(is_local, self.hosts))

    def enter(self, env: dict[bytes, bytes]) -> list[int]:
        """Cut this process off, and fit the program's environment to it; return open files.

        They are the proxy's listener if the program is ``proxied``, then in a namespace those of
        the ``ports`` and the namespace's counters. Raises ``OSError``; this process can then become
        no program.
        """
        if self.how == NAMESPACE:
            _leave()
            local = [*map(_listener, self.ports)]  # first: the proxy takes any port that is left
            found = [*([_listener(0)] if self.proxied else []), *local]
            found.append(os.open(COUNTERS, os.O_RDONLY | os.O_CLOEXEC))
        else:
            found = [_listener(0)] if self.proxied else []
            landlock.shut_network([*map(_port, found), *self.ports])
        for name in (*PROXIES, *NO_PROXY):  # those of the user lead to nothing from here
            env.pop(name.encode(), None)
        if self.proxied:
            proxy = f"http://{LOOPBACK}:{_port(found[0])}".encode()
            env.update({name.encode(): proxy for name in PROXIES})
            env.update({name.encode(): b"localhost,127.0.0.1,::1" for name in NO_PROXY})
            env[b"NODE_USE_ENV_PROXY"] = b"1"
        return found


def cuts(network: str | list[str]) -> list[Cut]:
    """Return the ways to cut a program off from all but its network, the best first."""
    return [] if network == ALL else [Cut(network, how) for how in (NAMESPACE, LANDLOCK)]


def told(network: str | list[str], how: str, why: str = "") -> str:
    """Return in words what the network of a program is, for the evidence."""
    if network == ALL:
        return ""
    if how == OPEN:
        return f"; network open: {why}"
    what = "none" if network == NONE else f"{len(network)} hosts" if len(network) > 1 else "1 host"
    return f"; network {what}, by {how}"


def missed(counters: int) -> dict[str, int]:
    """Return how often programs of a namespace tried in vain to reach something.

    ``outside`` counts tries beyond the loopback, names that were looked up among them; ``local``
    counts those on the loopback, where nothing listened.
    """
    rows = [line.split() for line in os.pread(counters, 1 << 14, 0).decode().splitlines()]
    values: dict[str, int] = {}
    for names, numbers in zip(rows[::2], rows[1::2], strict=False):
        if names[0] in ("Ip:", "Tcp:", "Udp:"):
            pairs = zip(names[1:], numbers[1:], strict=False)
            values |= {names[0] + name: int(number) for name, number in pairs}
    found = {
        "outside": values.get("Ip:OutNoRoutes", 0) + values.get("Udp:NoPorts", 0),
        "local": values.get("Tcp:AttemptFails", 0),
    }
    return {name: count for name, count in found.items() if count}


def hand_over(channel: int, files: list[int]) -> None:
    """Send open files through a socket. Raises ``OSError``."""
    _send(channel, {"files": len(files)}, files)


def give_up(channel: int, exc: OSError) -> None:
    """Send the reason why there are none."""
    _send(channel, {"errno": exc.errno or errno.EIO}, [])


def receive(channel: int) -> list[int]:
    """Return the open files that a child hands over. Raises ``OSError`` with its reason."""
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    if not poll.poll(ANSWER_S * 1000):
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
    one = _socket.socket(fileno=os.dup(channel))
    try:
        said, more, _, _ = one.recvmsg(1 << 10, _socket.CMSG_SPACE(4 * 253))
    finally:
        one.close()
    files: list[int] = []
    for level, kind, data in more:
        if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
            files += struct.unpack(f"{len(data) // 4}i", data[: len(data) // 4 * 4])
    for one_file in files:
        os.set_inheritable(one_file, False)
    told: dict[str, Any] = json.loads(said or b'{"errno": 3}')  # ESRCH: the child has ended
    if "errno" in told or told["files"] != len(files):
        for one_file in files:
            os.close(one_file)
        number = told.get("errno", errno.EMFILE)
        raise OSError(number, os.strerror(number))
    return files


def _leave() -> None:
    """Move this process into a network namespace whose loopback is up. Raises ``OSError``."""
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "only Linux has namespaces")
    fault_points.point("network_cut")
    user, group = os.geteuid(), os.getegid()
    if _LIBRARY.unshare(CLONE_NEWNET):  # root needs no more than this, and keeps its other rights
        if _LIBRARY.unshare(CLONE_NEWUSER | CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        _map(user, group)
    _raise_loopback()
    landlock.give_up_privileges(NET_ADMIN)


def _map(user: int, group: int) -> None:
    """Keep user and group of this process in its new user namespace. Raises ``OSError``."""
    # The maps belong to root while this process, as its supervisor, must not be traced.
    _LIBRARY.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    try:
        for name, text in (
            ("uid_map", f"{user} {user} 1"),
            ("setgroups", "deny"),  # without it no group may be mapped
            ("gid_map", f"{group} {group} 1"),
        ):
            file = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(file, text.encode())
            finally:
                os.close(file)
    finally:
        _LIBRARY.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _raise_loopback() -> None:
    one = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    try:
        asked = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack("16xh14x", fcntl.ioctl(one.fileno(), SIOCGIFFLAGS, asked))
        fcntl.ioctl(one.fileno(), SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
    finally:
        one.close()


def _listener(port: int) -> int:
    """Return a socket that listens on the loopback; port 0 is any that is free."""
    one = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        one.bind((LOOPBACK, port))
        one.listen(BACKLOG)
        return one.detach()
    finally:
        one.close()


def _port(listener: int) -> int:
    one = _socket.socket(fileno=os.dup(listener))
    try:
        port: int = one.getsockname()[1]
        return port
    finally:
        one.close()


def _send(channel: int, told: dict[str, Any], files: list[int]) -> None:
    rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack(f"{len(files)}i", *files))
    one = _socket.socket(fileno=os.dup(channel))
    try:
        one.sendmsg([json.dumps(told).encode()], [rights] if files else [])
    finally:
        one.close()
