"""Read the processes of this machine from Linux's ``/proc``.

On other systems nothing is found. The supervisor imports this in a bare interpreter, so it imports
nothing slow.
"""

import os
import signal
import sys
from collections.abc import Iterator

LINUX = sys.platform == "linux"


class Process:
    """One process as read from ``/proc``.

    ``start`` is in clock ticks since boot: with ``pid`` and the boot it identifies the process for
    good. ``ticks`` is the CPU time of the process and of the children that it has waited for.
    """

    __slots__ = ("group", "parent", "pid", "session", "start", "state", "ticks")

    def __init__(self, pid: int, stat: bytes) -> None:
        fields = stat[stat.rindex(b")") + 2 :].split()  # a name may contain blanks and brackets
        self.pid = pid
        self.state = fields[0].decode()
        self.parent, self.group, self.session = (int(field) for field in fields[1:4])
        self.ticks = sum(int(field) for field in fields[11:15])
        self.start = int(fields[19])

    @property
    def dead(self) -> bool:
        """Return whether the process has ended and only waits for its parent."""
        return self.state in "ZX"


def look(pid: int) -> Process | None:
    """Return the process that has ``pid`` now; None if there is none."""
    stat = _read(f"/proc/{pid}/stat")
    return Process(pid, stat) if stat else None


def find(pid: int, start: int) -> Process | None:
    """Return the process with this pid and start if it is alive; None if it has ended."""
    process = look(pid)
    return process if process and process.start == start and not process.dead else None


def living() -> Iterator[Process]:
    """Yield all processes that have not ended."""
    for pid in _pids():
        process = look(pid)
        if process and not process.dead:
            yield process


def descendants(root: int) -> list[Process]:
    """Return all living processes below ``root``, parents first."""
    children: dict[int, list[Process]] = {}
    for pid in _pids():
        if process := look(pid):
            children.setdefault(process.parent, []).append(process)
    found = children.pop(root, [])
    for process in found:
        found += children.pop(process.pid, [])
    return [process for process in found if not process.dead]


def children(parent: int) -> list[int]:
    """Return the pids of all children of a single-threaded process, ended ones included."""
    listed = _read(f"/proc/{parent}/task/{parent}/children")
    if listed is None:  # a kernel without that list
        return [pid for pid in _pids() if (found := look(pid)) and found.parent == parent]
    return [int(pid) for pid in listed.split()]


def with_variable(name: str, value: str) -> list[Process]:
    """Return all other living processes started with ``name=value`` in their environment."""
    item = os.fsencode(f"{name}={value}")
    us = os.getpid()
    found = [pid for pid in _pids() if pid != us and item in _environment(pid)]
    return [process for pid in found if (process := look(pid)) and not process.dead]


def values_of(name: str) -> dict[str, list[Process]]:
    """Return the living processes whose environment has variable ``name``, by its value."""
    found: dict[str, list[Process]] = {}
    start = os.fsencode(f"{name}=")
    for pid in _pids():
        for item in _environment(pid):
            if item.startswith(start) and (process := look(pid)) and not process.dead:
                found.setdefault(os.fsdecode(item[len(start) :]), []).append(process)
    return found


def send(process: Process, signum: int) -> bool:
    """Send a signal to this process; return False if it has ended or may not be signalled."""
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
    """Return an id of this boot and this pid namespace; None where the system has none."""
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
    """Return the content of a file of ``/proc``; None if it is absent or may not be read."""
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
