"""Write a copy of the store to a folder or one packed file, all of it or nothing."""

import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copyfileobj, rmtree
from typing import IO

from gates.untrusted_file import open_regular
from sprints.journal import events_file
from sprints.operations.store import store
from sprints.state.messages import message
from sprints.state.refusals import Refused

CHUNK = 1 << 20


class Sink:
    """The target of a copy, which counts the files and their bytes."""

    def __init__(self) -> None:
        self.files = self.size_bytes = 0

    def add(self, name: str, file: IO[bytes], size: int) -> None:
        """Add the first ``size`` bytes of ``file``, under that name."""
        self.files += 1
        self.size_bytes += size
        self._add(name, file, size)

    def add_whole(self, name: str, file: IO[bytes]) -> None:
        """Add all of ``file`` as it is now."""
        self.add(name, file, os.fstat(file.fileno()).st_size)

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Complete the copy on disk."""


class Folder(Sink):
    """A folder that only its owner can read."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        path.mkdir(mode=0o700)
        self._path = path

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        path = self._path / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as copy:
            copyfileobj(_Begin(file, size), copy, CHUNK)
            copy.flush()
            os.fsync(copy.fileno())


class Packed(Sink):
    """A .tar.gz that only its owner can read, written in one pass."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w:gz", compresslevel=6)  # noqa: SIM115

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        entry.mtime = int(os.fstat(file.fileno()).st_mtime)
        self._tar.addfile(entry, _Begin(file, size))
        self._tar.members.clear()  # type: ignore[attr-defined]  # it would remember every one

    def close(self) -> None:
        """Complete the file on disk."""
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


class _Begin:
    """The first ``left`` bytes of a file that may grow, or be cut: then zeros follow."""

    def __init__(self, file: IO[bytes], left: int) -> None:
        self._file, self._left = file, left

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` more bytes."""
        want = self._left if size < 0 else min(size, self._left)
        data = self._file.read(want)
        self._left -= want
        return data + bytes(want - len(data))


@contextmanager
def copy_to(target: Path, *, packed: bool, inside: bool = False) -> Iterator[Sink]:
    """Yield a sink whose copy appears at ``target`` only when the block has ended.

    ``inside``: the target may lie in the store itself. Raises ``Refused`` and ``OSError``.
    """
    if os.path.lexists(target):
        raise Refused(message("refused.path_taken", path=target))
    if not inside and store().root in target.resolve().parents:
        raise Refused(message("refused.path_inside", path=target))
    unfinished = target.with_name(f".{target.name}.unfinished-{os.getpid()}")
    try:
        sink: Sink = Packed(unfinished) if packed else Folder(unfinished)
        yield sink
        sink.close()
        unfinished.rename(target)
    except BaseException as exc:
        with suppress(OSError):
            unfinished.unlink() if packed else rmtree(unfinished)
        if isinstance(exc, events_file.Ahead):
            raise Refused(message("refused.see_doctor", error=exc)) from exc
        raise


def add_evidence(sink: Sink) -> None:
    """Add every regular file of the artifacts; links and devices are left out."""
    for folder, _, names in os.walk(store().artifacts):
        for name in sorted(names):
            path = Path(folder) / name
            with suppress(FileNotFoundError):
                if stat.S_ISREG(path.lstat().st_mode):
                    with open_regular(path) as file:
                        sink.add_whole(path.relative_to(store().root).as_posix(), file)
