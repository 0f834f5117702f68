"""Enforce a sandbox with Landlock, which any Linux process may apply to itself.

Rules can only allow. To forbid one folder, everything next to the path must be allowed by
name. A sandbox holds for all descendants of the program and cannot be removed. Part of the
supervisor, so this module imports nothing slow.
"""
# ruff: noqa: PTH118, PTH208 - on the way to a program there are bytes

import ctypes
import errno
import os
import stat
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from gates import fault_points

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
VERSION, PATH_BENEATH, NET_PORT = 1, 1, 2
CONNECT_TCP = 1 << 1
NETWORK_ABI = 4  # the first version with rules for TCP
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REFER, TRUNCATE = 1 << 13, 1 << 14
SCOPES_ABI = 6  # the first version with scopes
FIRST = (1 << 13) - 1  # all rights of the first version
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
READ = EXECUTE | READ_FILE | READ_DIR
SCOPE_ABSTRACT_SOCKET, SCOPE_SIGNAL = 1 << 0, 1 << 1

DEVICES = b"/dev"
OPEN_DEVICES = tuple(
    b"/dev/" + name for name in (b"null", b"zero", b"full", b"random", b"urandom", b"shm")
)
TERMINALS = (b"/dev/tty", b"/dev/ptmx", b"/dev/pts")  # closed by a list of readable paths
# With these capabilities root could bypass the sandbox: DAC_READ_SEARCH, SYS_MODULE, SYS_RAWIO,
# SYS_PTRACE, SYS_ADMIN, SYS_BOOT, MKNOD, PERFMON, BPF.
TAKEN = (2, 16, 17, 19, 21, 22, 27, 38, 39)

if sys.platform == "linux":
    _LIBRARY = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Return this kernel's Landlock version. Raises ``OSError`` with the reason if none."""
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "only Linux has a sandbox")
    try:
        return _call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION)
    except OSError as exc:
        raise OSError(exc.errno, _why(exc)) from exc


def _why(exc: OSError) -> str:
    match exc.errno:
        case errno.ENOSYS:
            return "this kernel has no Landlock"
        case errno.EOPNOTSUPP:
            return "Landlock is switched off in this kernel (see its lsm= option)"
        case errno.EPERM:
            return "this container forbids Landlock"
    return f"Landlock: {exc.strerror}"


def put_up(sandbox: dict[str, Any] | None) -> tuple[int | None, str]:
    """Return the rules of a sandbox as a descriptor for ``enter``, and a text for the evidence.

    There is no descriptor without a sandbox, or on a kernel without Landlock. Raises ``OSError``
    where the sandbox is required, and where the kernel fails to make the rules.
    """
    if sandbox is None:
        return None, "off"
    try:
        release = abi()
    except OSError as exc:
        if sandbox["required"]:
            raise OSError(exc.errno, f"the sandbox is required, and {exc.strerror}") from exc
        return None, f"unavailable: {exc.strerror}"
    try:
        return rules(sandbox, release), state(release, listed=bool(sandbox["readable"]))
    except OSError as exc:
        raise OSError(exc.errno, f"the sandbox failed: {exc.strerror}") from exc


def state(release: int, *, listed: bool) -> str:
    """Return what this Landlock version enforces, for the evidence; ``listed``: with a list of
    readable paths.
    """
    found = f"landlock abi {release}"
    return f"{found}: {listed_parts(release)}" if listed else found


def listed_parts(release: int) -> str:
    """Return what this Landlock version enforces where the readable paths are listed."""
    parts = ["private home", "listed reads", "no terminals"]
    parts += ["own signals", "own abstract sockets"] if release >= SCOPES_ABI else []
    return ", ".join(parts)


def handled(release: int) -> int:
    """Return the access rights, as bits, that this Landlock version can control for us."""
    return FIRST | (REFER if release >= 2 else 0) | (TRUNCATE if release >= 3 else 0)


def rules(sandbox: dict[str, Any], release: int) -> int:
    """Return a descriptor of the sandbox's rules. Raises ``OSError``."""
    every = handled(release)
    # Later versions append their attributes.
    attributes = struct.pack("Q", every)
    if release >= SCOPES_ABI:
        scopes = SCOPE_SIGNAL | (SCOPE_ABSTRACT_SOCKET if sandbox["readable"] else 0)
        attributes += struct.pack("QQ", 0, scopes)
    found = _call(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for path, access in allowed(sandbox):
            _allow(found, path, access & every)
    except BaseException:
        os.close(found)
        raise
    return found


def allowed(sandbox: dict[str, Any]) -> Iterator[tuple[bytes, int]]:
    """Yield each path that has a rule, with the access rights to it and everything below it."""
    own, shown, writable, closed, kept = (
        [path.encode("latin-1") for path in sandbox[name]]
        for name in ("own", "shown", "writable", "closed", "kept")
    )
    whole = FIRST | REFER | TRUNCATE
    if sandbox["readable"]:
        listed = [path.encode("latin-1") for path in sandbox["readable"]]
        closed.append(DEVICES)
    else:
        listed = [b"/"]  # its names are not secret, and programs that list folders go on working
        yield from ((path, whole) for path in TERMINALS)
    for path in listed:
        if not any(is_within(path, hole) for hole in closed):
            yield path, READ_DIR
        yield from ((place, READ) for place in beside(path, [*closed, DEVICES]))
    yield from ((path, whole) for path in OPEN_DEVICES)
    yield from ((path, READ) for path in shown)
    yield from ((path, whole) for path in own)
    for path in writable:
        yield from ((place, whole) for place in beside(path, [*closed, *kept]))


def beside(path: bytes, holes: Iterable[bytes]) -> Iterator[bytes]:
    """Yield paths that together cover ``path`` without the holes.

    Links are skipped: the target of a link has its own rule.
    """
    holes = [*holes]
    if any(is_within(path, hole) for hole in holes):
        return
    inside = [hole for hole in holes if is_within(hole, path)]
    if not inside:
        yield path
        return
    try:
        names = os.listdir(path)
    except OSError:  # may be passed through, but not listed
        names = [*{hole[len(path) :].lstrip(b"/").split(b"/")[0] for hole in inside}]
    for name in names:
        place = os.path.join(path, name)
        with suppress(OSError):
            if not stat.S_ISLNK(os.lstat(place).st_mode):
                yield from beside(place, inside)


def is_within(path: bytes, folder: bytes) -> bool:
    """Return whether ``path`` is ``folder`` or lies in it."""
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def _allow(found: int, path: bytes, access: int) -> None:
    """Add a rule; skip a path that is gone or cannot be opened."""
    try:
        place = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        mode = os.fstat(place).st_mode
        if stat.S_ISLNK(mode):
            return
        access &= ~0 if stat.S_ISDIR(mode) else OF_A_FILE
        if access:  # a file has no names to list
            _call(ADD_RULE, found, PATH_BENEATH, struct.pack("=Qi", access, place), 0)
    finally:
        os.close(place)


def shut_network(ports: list[int]) -> None:
    """Let this process and its children connect by TCP to these ports alone. Raises ``OSError``.

    Ports are all that such rules know: a port is open on every host. They leave out UDP.
    """
    fault_points.point("network_cut")
    if abi() < NETWORK_ABI:
        raise OSError(errno.ENOSYS, "this kernel's Landlock has no rules for TCP")
    attributes = struct.pack("QQ", 0, CONNECT_TCP)
    found = _call(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for port in ports:
            _call(ADD_RULE, found, NET_PORT, struct.pack("QQ", CONNECT_TCP, port), 0)
        enter(found)
    finally:
        os.close(found)


def give_up_privileges(*more: int) -> None:
    """Take from this process and its children the capabilities ``TAKEN`` and ``more``, from the
    next exec on, and let them gain none. Raises ``OSError``.
    """
    if _LIBRARY.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    for capability in (*TAKEN, *more):  # after exec; only root can drop them
        _LIBRARY.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def enter(found: int) -> None:
    """Apply the rules to this process, irrevocably. Raises ``OSError``."""
    give_up_privileges()
    _call(RESTRICT_SELF, found, 0)


def _call(*arguments: Any) -> int:
    result: int = _LIBRARY.syscall(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
