"""Where a run's output lies: every run in a folder of its own, the latest under the gate's name."""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from pathlib import Path

OUTPUTS = ("stdout.txt", "stderr.txt")
UP_TO_SPRINT = 4  # the folders above that of a run: runs, the gate's, gates, the sprint's


def prepare(gate_folder: Path, number: int, *, up: int = UP_TO_SPRINT) -> Path:
    """Make ``runs/<number>`` with empty outputs, show them as the gate's latest, return the folder.

    No link may stand in its place, nor in that of the ``up`` folders above it. A folder of that
    number that a lost database left behind is moved aside, never overwritten. Raises ``OSError``.
    """
    folder = gate_folder / "runs" / str(number)
    _refuse_links(folder, up)
    if folder.exists():
        aside = next(
            path
            for n in range(1, 10_000)
            if not (path := folder.with_name(f"{number}.before-{n}")).exists()
        )
        folder.rename(aside)
    folder.mkdir(mode=0o700, parents=True)
    for name in OUTPUTS:
        os.close(_new(folder / name))
        _show(folder / name, gate_folder / name)
    return folder


def complete(folder: Path, *, up: int = UP_TO_SPRINT) -> None:
    """Show the outputs of a run that has ended as the gate's latest where ``prepare`` could not:
    a file system without hard links has copies. Raises ``OSError``.

    What the gate has deleted is not shown, and nothing is read through a link that it has made.
    """
    _refuse_links(folder, up)
    for name in OUTPUTS:
        own, latest = folder / name, folder.parents[1] / name
        with contextlib.suppress(FileNotFoundError):
            found = own.lstat()
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.EINVAL, "not a plain file", str(own))
            if not (latest.exists() and os.path.samestat(found, latest.lstat())):
                _copy(own, latest)


def digests(folder: Path) -> tuple[tuple[str, str], ...]:
    """Name and SHA-256 (hex) of each output of the run in ``folder``, but for what is no plain file
    or cannot be read. 64 MiB, the default cap, take some 50 ms with the processor's own SHA.
    """
    found = []
    for name in OUTPUTS:
        with contextlib.suppress(OSError), os.fdopen(_old(folder / name), "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                found.append((name, hashlib.file_digest(file, "sha256").hexdigest()))
    return tuple(found)


def _refuse_links(folder: Path, up: int) -> None:
    for place in (*folder.parents[:up], folder):
        if place.is_symlink():
            raise OSError(errno.ELOOP, "a symbolic link stands in its place", str(place))


def _old(path: Path) -> int:
    """No link is followed, and a pipe with no writer does not keep us waiting."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags | getattr(os, "O_BINARY", 0))


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _show(own: Path, latest: Path) -> None:
    """Let ``latest`` be the same file as ``own``, at once; it grows as the gate prints. Where
    there are no hard links it is empty until the run is complete, not the output of another.
    """
    temporary = _temporary(latest)
    try:
        temporary.hardlink_to(own)
    except OSError:
        os.close(_new(temporary))
    temporary.replace(latest)


def _copy(own: Path, latest: Path) -> None:
    temporary = _temporary(latest)
    try:
        with own.open("rb") as source, os.fdopen(_new(temporary), "wb") as copy:
            shutil.copyfileobj(source, copy)
            copy.flush()
            os.fsync(copy.fileno())
        temporary.replace(latest)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _temporary(latest: Path) -> Path:
    """A name beside ``latest`` at which nothing is."""
    temporary = latest.with_name(f".{latest.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    return temporary
