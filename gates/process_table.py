"""The processes of this machine, as Linux shows them in ``/proc``.

Elsewhere nothing is found. The supervisor imports this in a bare interpreter, so it leans on
nothing that is slow to import.
"""

import os
import signal
import sys
from collections.abc import Iterator

LINUX = sys.platform == "linux"


class Process:
    """One process as it was when we looked. ``start`` is in clock ticks since boot: together with
    ``pid`` and the boot it names a process that no other will ever be. ``ticks`` is what it and the
    children that it has reaped have computed.
    """

    __slots__ = ("group", "parent", "pid", "session", "start", "state", "ticks")

    def __init__(self, pid: int, stat: bytes) -> None:
        fields = stat[stat.rindex(b")") + 2 :].split()  # a name may hold blanks and brackets
        self.pid = pid
        self.state = fields[0].decode()
        self.parent, self.group, self.session = (int(field) for field in fields[1:4])
        self.ticks = sum(int(field) for field in fields[11:15])
        self.start = int(fields[19])

    @property
    def dead(self) -> bool:
        """It has ended, and only waits for its parent to take note."""
        return self.state in "ZX"


def look(pid: int) -> Process | None:
    """The process that has that pid now; None where there is none."""
    stat = _read(f"/proc/{pid}/stat")
    return Process(pid, stat) if stat else None


def find(pid: int, start: int) -> Process | None:
    """That very process, alive; None when it has ended, whoever may have its pid now."""
    process = look(pid)
    return process if process and process.start == start and not process.dead else None


def living() -> Iterator[Process]:
    """All processes that have not ended."""
    for pid in _pids():
        process = look(pid)
        if process and not process.dead:
            yield process


def descendants(root: int) -> list[Process]:
    """All living processes below ``root``, parents first."""
    children: dict[int, list[Process]] = {}
    for pid in _pids():
        if process := look(pid):
            children.setdefault(process.parent, []).append(process)
    found = children.pop(root, [])
    for process in found:
        found += children.pop(process.pid, [])
    return [process for process in found if not process.dead]


def children(parent: int) -> list[int]:
    """The pids of all children of a single-threaded process, those that have ended among them."""
    listed = _read(f"/proc/{parent}/task/{parent}/children")
    if listed is None:  # a kernel without that list
        return [pid for pid in _pids() if (found := look(pid)) and found.parent == parent]
    return [int(pid) for pid in listed.split()]


def carrying(name: str, value: str) -> list[Process]:
    """All living processes that were started with ``name=value`` in their environment, but us."""
    item = os.fsencode(f"{name}={value}")
    us = os.getpid()
    found = [pid for pid in _pids() if pid != us and item in _environment(pid)]
    return [process for pid in found if (process := look(pid)) and not process.dead]


def values_of(name: str) -> dict[str, list[Process]]:
    """All living processes that were started with a variable of that name, by its value."""
    found: dict[str, list[Process]] = {}
    start = os.fsencode(f"{name}=")
    for pid in _pids():
        for item in _environment(pid):
            if item.startswith(start) and (process := look(pid)) and not process.dead:
                found.setdefault(os.fsdecode(item[len(start) :]), []).append(process)
    return found


def send(process: Process, signum: int) -> bool:
    """Signal that very process; False when it has ended, or is not ours to signal."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    except (AttributeError, OSError):  # an old kernel
        return find(process.pid, process.start) is not None and _kill(process.pid, signum)
    try:
        if find(process.pid, process.start) is None:
            return False
        signal.pidfd_send_signal(descriptor, signum)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def boot_id() -> str | None:
    """Names this boot, and the pid namespace in which our pids mean something."""
    boot = _read("/proc/sys/kernel/random/boot_id")
    try:
        space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - see above
    except OSError:
        space = ""
    digits = "".join(filter(str.isdigit, space))
    return f"{boot.decode().strip()}.{digits}" if boot else None


def _kill(pid: int, signum: int) -> bool:
    try:
        os.kill(pid, signum)
    except OSError:
        return False
    return True


def _pids() -> list[int]:
    if not LINUX:
        return []
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - see above


def _environment(pid: int) -> list[bytes]:
    return (_read(f"/proc/{pid}/environ") or b"").split(b"\0")


def _read(path: str) -> bytes | None:
    """The whole of a file of ``/proc``; None where it is not there, or not for us."""
    if not LINUX:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        read = b""
        while more := os.read(descriptor, 1 << 16):
            read += more
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return read
