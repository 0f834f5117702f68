"""Store the output of each run in its own folder, and the latest one under the gate's name."""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from pathlib import Path

from gates import untrusted_file

OUTPUTS = ("stdout.txt", "stderr.txt")
FILES = (*OUTPUTS, "prompt.txt", "stdin.json", "process.json", "result.json")  # of a run
UP_TO_SPRINT = 4  # the parent folders of a run: runs, the gate's, gates, the sprint's


def prepare(gate_folder: Path, number: int, *, up: int = UP_TO_SPRINT) -> Path:
    """Make ``runs/<number>`` with empty outputs, link them as the gate's latest, return the folder.

    Neither the folder nor the ``up`` folders above it may be a link. If a lost database left a
    folder of that number, the old folder is renamed, never overwritten. Raises ``OSError``.
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
    """Copy the outputs of an ended run to the gate's latest where ``prepare`` could not link them.

    Copies are needed on a file system without hard links. An output that the gate has deleted is
    skipped, and no link is followed. Raises ``OSError``.
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
    """Return name and hex SHA-256 of each file of the run in ``folder``.

    Files that are not plain files or cannot be read are left out. 64 MiB, the default cap, take
    about 50 ms on a processor with SHA instructions.
    """
    found = []
    for name in FILES:
        with contextlib.suppress(OSError), os.fdopen(_old(folder / name), "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                found.append((name, hashlib.file_digest(file, "sha256").hexdigest()))
    return tuple(found)


def _refuse_links(folder: Path, up: int) -> None:
    for place in (*folder.parents[:up], folder):
        if place.is_symlink():
            raise OSError(errno.ELOOP, "a symbolic link stands in its place", str(place))


def _old(path: Path) -> int:
    """Open a file for reading, without following a link or waiting for a pipe's writer."""
    return os.open(path, untrusted_file.FLAGS)


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _show(own: Path, latest: Path) -> None:
    """Hard-link ``latest`` to ``own`` at once, so that it grows while the gate prints.

    Without hard links, ``latest`` becomes an empty file until the run is complete, so that it never
    shows the output of an earlier run.
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
    """Return an unused path in the folder of ``latest``."""
    temporary = latest.with_name(f".{latest.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    return temporary
