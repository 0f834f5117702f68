"""Keep a program within a fence by Landlock, which any process of Linux may put up for itself.

What is allowed is named, and nothing can be taken out of that: to let all be read but a store, each
folder from the root down to it is passed over, and all that lies beside is named. A fence holds for
whatever the program starts, and cannot be taken down. Part of the supervisor, so it leans on
nothing that is slow to import.
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

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
VERSION, PATH_BENEATH = 1, 1
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REFER, TRUNCATE = 1 << 13, 1 << 14
FIRST = (1 << 13) - 1  # all that the first release knew
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
READ = EXECUTE | READ_FILE | READ_DIR
SCOPE_SIGNAL = 1 << 1

DEVICES = b"/dev"
OPEN_DEVICES = tuple(
    b"/dev/" + name
    for name in (b"null", b"zero", b"full", b"random", b"urandom", b"tty", b"ptmx", b"pts", b"shm")
)
# With these root could read and write round the fence: DAC_READ_SEARCH, SYS_MODULE, SYS_RAWIO,
# SYS_PTRACE, SYS_ADMIN, SYS_BOOT, MKNOD, PERFMON, BPF.
TAKEN = (2, 16, 17, 19, 21, 22, 27, 38, 39)

if sys.platform == "linux":
    _LIBRARY = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The release of Landlock that this kernel has. Raises ``OSError``, which says why none."""
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "only Linux can confine a program")
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


def put_up(fence: dict[str, Any] | None) -> tuple[int | None, str]:
    """The rules of a fence as a descriptor that a child may ``enter``, and what is to be said of
    them; no descriptor where there is no fence, or the kernel has none to give. Raises ``OSError``
    where that will not do, and where a kernel that has one fails to give it.
    """
    if fence is None:
        return None, "off"
    try:
        release = abi()
    except OSError as exc:
        if fence["required"]:
            raise OSError(exc.errno, f"it has to be confined, and {exc.strerror}") from exc
        return None, f"unavailable: {exc.strerror}"
    try:
        return rules(fence, release), f"landlock abi {release}"
    except OSError as exc:
        raise OSError(exc.errno, f"it cannot be confined: {exc.strerror}") from exc


def handled(release: int) -> int:
    """What that release of Landlock can keep from a program, as far as we ask for it."""
    return FIRST | (REFER if release >= 2 else 0) | (TRUNCATE if release >= 3 else 0)


def rules(fence: dict[str, Any], release: int) -> int:
    """A descriptor of those rules. Raises ``OSError``."""
    every = handled(release)
    # The attributes of a later release follow those of an earlier one.
    attributes = struct.pack("Q", every)
    if release >= 6:
        attributes += struct.pack("QQ", 0, SCOPE_SIGNAL)
    found = _call(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for path, access in allowed(fence):
            _allow(found, path, access & every)
    except BaseException:
        os.close(found)
        raise
    return found


def allowed(fence: dict[str, Any]) -> Iterator[tuple[bytes, int]]:
    """Each path that has a rule, and what may be done with it and with all below it."""
    own, shown, writable, closed, kept = (
        [path.encode("latin-1") for path in fence[name]]
        for name in ("own", "shown", "writable", "closed", "kept")
    )
    whole = FIRST | REFER | TRUNCATE
    yield b"/", READ_DIR  # a name is no secret, and a program that looks about itself goes on
    yield from ((path, READ) for path in beside(b"/", [*closed, DEVICES]))
    yield from ((path, whole) for path in OPEN_DEVICES)
    yield from ((path, READ) for path in shown)
    yield from ((path, whole) for path in own)
    for path in writable:
        yield from ((place, whole) for place in beside(path, [*closed, *kept]))


def beside(path: bytes, holes: Iterable[bytes]) -> Iterator[bytes]:
    """That path, or, where a hole lies below it, the places in it that together are all but the
    holes. A link is no place: what it leads to has its own.
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
    except OSError:  # it may be passed through, and not looked at
        names = [*{hole[len(path) :].lstrip(b"/").split(b"/")[0] for hole in inside}]
    for name in names:
        place = os.path.join(path, name)
        with suppress(OSError):
            if not stat.S_ISLNK(os.lstat(place).st_mode):
                yield from beside(place, inside)


def is_within(path: bytes, folder: bytes) -> bool:
    """It is that folder, or lies in it."""
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def _allow(found: int, path: bytes, access: int) -> None:
    """Add a rule; what has gone in the meantime, or cannot be had, needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        mode = os.fstat(place).st_mode
        if stat.S_ISLNK(mode):
            return
        access &= ~0 if stat.S_ISDIR(mode) else OF_A_FILE
        _call(ADD_RULE, found, PATH_BENEATH, struct.pack("=Qi", access, place), 0)
    finally:
        os.close(place)


def enter(found: int) -> None:
    """Put this process behind the rules, for good. Raises ``OSError``."""
    if _LIBRARY.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    for capability in TAKEN:  # from what it will have as another program; only root can
        _LIBRARY.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    _call(RESTRICT_SELF, found, 0)


def _call(*arguments: Any) -> int:
    result: int = _LIBRARY.syscall(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
