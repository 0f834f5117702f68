"""Make a group of processes whose memory the kernel bounds: beyond it, its killer takes one.

Only root may make such a group. Without one the tests are skipped, visibly;
``STUDIO_TEST_REQUIRE=memory-groups`` turns the skip into a failure.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.conftest import wait_for
from tests.e2e.servers import absent

ROOTS = {  # of both versions of cgroups: the files with the bound and with the count of kills
    Path("/sys/fs/cgroup/memory"): ("memory.limit_in_bytes", "memory.oom_control"),
    Path("/sys/fs/cgroup"): ("memory.max", "memory.events"),
}
EATS = "kept = []\nwhile True: kept.append(bytearray(b'x' * (1 << 20)))"


class Group:
    """A group of processes with at most ``most`` bytes of memory."""

    def __init__(self, folder: Path, count: str) -> None:
        self.folder, self._count = folder, count

    @property
    def procs(self) -> Path:
        """The file that takes the pids of its members."""
        return self.folder / "cgroup.procs"

    def add(self, pid: int) -> None:
        """Put a running process into it."""
        self.procs.write_text(str(pid))

    def kills(self) -> int:
        """How many processes the kernel has killed in it for want of memory."""
        lines = (self.folder / self._count).read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))

    def starve(self, pid: int) -> None:
        """Let the kernel kill that process first, once there is no memory left in the group."""
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
        self.add(pid)
        eater = subprocess.Popen([sys.executable, "-c", EATS], process_group=0)
        self.add(eater.pid)
        eater.wait(60)


@contextmanager
def group(most: int) -> Iterator[Group]:
    """A group that is removed in the end; what is left in it is killed."""
    made = next(
        filter(None, (_made(root, bound, most) for root, (bound, _) in ROOTS.items())), None
    )
    if made is None:
        absent("memory-groups", "NO MEMORY GROUPS: only root may make one, and not in a container")
    folder = made
    try:
        yield Group(folder, ROOTS[folder.parent][1])
    finally:

        def is_removed() -> bool:
            with contextlib.suppress(OSError):
                folder.rmdir()
            return not folder.exists()

        assert wait_for(is_removed), (folder / "cgroup.procs").read_text()


def _made(root: Path, bound: str, most: int) -> Path | None:
    """A new group below that root; None if the system has no such groups there."""
    folder = root / f"studio-test-{os.getpid()}"
    with contextlib.suppress(OSError):
        folder.mkdir()
        try:
            (folder / bound).write_text(str(most))
        except OSError:
            folder.rmdir()
        else:
            return folder
    return None
