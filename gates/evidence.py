"""Where a run's output lies: every run in a folder of its own, the latest under the gate's name."""

import contextlib
import errno
import os
from pathlib import Path

OUTPUTS = ("stdout.txt", "stderr.txt")


def prepare(gate_folder: Path, number: int) -> Path:
    """Make ``runs/<number>`` with empty outputs, show them as the gate's latest, return the folder.

    A folder of that number that a lost database left behind is moved aside, never overwritten.
    Raises ``OSError``.
    """
    folder = gate_folder / "runs" / str(number)
    for place in (*folder.parents[:4], folder):  # as far up as the folder of the sprint
        if place.is_symlink():
            raise OSError(errno.ELOOP, "a symbolic link stands in its place", str(place))
    if folder.exists():
        aside = next(
            path
            for n in range(1, 10_000)
            if not (path := folder.with_name(f"{number}.before-{n}")).exists()
        )
        folder.rename(aside)
    folder.mkdir(mode=0o700, parents=True)
    for name in OUTPUTS:
        os.close(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _show(folder / name, gate_folder / name)
    return folder


def _show(own: Path, latest: Path) -> None:
    """Let ``latest`` be the same file as ``own``, at once; it grows as the gate prints."""
    temporary = latest.with_name(f".{latest.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    temporary.hardlink_to(own)
    temporary.replace(latest)
