"""Read the journal of another store: a folder, or an archive of ``export`` or ``backup``."""

import gzip
import os
import re
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfileobj, disk_usage
from typing import IO

from sprints.state.messages import message
from sprints.state.refusals import Refused
from sprints.store.layout import FOLDER

STATE, EVENTS, CONFIG, ARTIFACTS = "state.json", "events.jsonl", "config.json", "artifacts"
ASIDE = "events.damaged.jsonl"
RECORD = (STATE, EVENTS, CONFIG, ASIDE)
# Not imported: another database, locks, and files that each store makes itself.
OWN = re.compile(r"gateway\.sqlite3.*|.*\.lock|\..*|calls|hooks|backups")
CHUNK = 1 << 20
# Bounds of what is imported; an archive of a few bytes can hold any number of zeros.
MOST_FILES = 1_000_000
RESERVE_BYTES = 1 << 30  # of the disk
LARGEST = {STATE: 1 << 29, CONFIG: 1 << 20, ASIDE: 1 << 29}  # bytes of files that are read whole


@dataclass(slots=True)
class Source:
    """The files of another store.

    ``root`` holds the files of ``RECORD`` that exist. ``artifacts`` is a folder with regular files
    only. ``left`` names what is not imported. ``room`` is how many bytes the disk can take.
    """

    root: Path
    artifacts: Path
    files: int = 0
    left: list[str] = field(default_factory=list)
    room: int = 0

    def reserve(self, name: str, size: int) -> None:
        """Count a file of ``size`` bytes before it is copied. Raises ``Refused`` over a bound."""
        self.room -= size
        self.files += 1
        if self.room < 0:
            raise Refused(message("refused.import_room", path=name))
        if self.files > MOST_FILES:
            raise Refused(message("refused.import_files", number=f"{MOST_FILES:,}"))


def find(path: Path) -> Path:
    """Return the folder or archive that ``path`` names. Raises ``Refused``."""
    if path.is_dir():
        for folder in (path, path / FOLDER):
            if (folder / STATE).is_file() or (folder / EVENTS).is_file():
                return folder
        raise Refused(message("refused.no_store", path=path, state=STATE, events=EVENTS))
    if not path.exists():
        raise Refused(message("refused.no_path", path=path))
    if not (path.is_file() and tarfile.is_tarfile(path)):
        raise Refused(message("refused.no_archive", path=path))
    return path


def gather(found: Path, staging: Path) -> Source:
    """Copy the artifacts to ``staging``, durably, and everything else of an archive.

    Raises ``Refused`` and ``OSError``.
    """
    copies = staging / ARTIFACTS
    copies.mkdir(mode=0o700)
    room = disk_usage(staging).free - RESERVE_BYTES
    if found.is_dir():
        source = Source(found, copies, room=room)
        names = sorted(path.name for path in found.iterdir())
        known = (*RECORD, ARTIFACTS)
        source.left += [n for n in names if n not in known and not OWN.fullmatch(n)]
        _copy_folder(found / ARTIFACTS, source)
    else:
        source = Source(staging, copies, room=room)
        try:
            _unpack(found, staging, source)
        except (tarfile.TarError, EOFError, gzip.BadGzipFile) as exc:
            raise Refused(message("refused.damaged_archive", path=found, error=exc)) from exc
    if not any((source.root / name).is_file() for name in (STATE, EVENTS)):
        about = {"path": found, "state": STATE, "events": EVENTS}
        raise Refused(message("refused.no_store_in_archive", **about))
    for name in LARGEST:
        if (path := source.root / name).is_file():
            _refuse_larger(name, path.stat().st_size)
    return source


def _refuse_larger(name: str, size: int) -> None:
    if size > (most := LARGEST.get(name, size)):
        raise Refused(message("refused.import_large", path=name, most=f"{most >> 20} MiB"))


def _copy_folder(folder: Path, source: Source) -> None:
    for here, folders, names in os.walk(folder):
        inside = Path(here).relative_to(folder)
        for name in [*names, *(one for one in folders if (Path(here) / one).is_symlink())]:
            path = Path(here) / name
            if not stat.S_ISREG(path.lstat().st_mode):
                source.left.append(f"{ARTIFACTS}/{(inside / name).as_posix()} (no plain file)")
                continue
            source.reserve(f"{ARTIFACTS}/{(inside / name).as_posix()}", path.stat().st_size)
            with path.open("rb") as file:
                _write(source.artifacts / inside / name, file)


def _unpack(archive: Path, staging: Path, source: Source) -> None:
    """Unpack in one pass, so that an archive of any size needs little memory.

    Only plain files of a journal are written, whatever an entry's name.
    """
    with tarfile.open(archive, "r|*") as packed:
        for entry in packed:
            packed.members.clear()  # type: ignore[attr-defined]  # it would remember every one
            parts = [part for part in entry.name.split("/") if part not in ("", ".")]
            parts = parts[1:] if parts[:1] == [FOLDER] else parts
            name = "/".join(parts)
            inside = parts[:1] == [ARTIFACTS] and len(parts) > 1
            safe = ".." not in parts and (os.name != "nt" or not re.search(r"[\\:]", name))
            if entry.isreg() and safe and (inside or name in RECORD):
                _refuse_larger(name, entry.size)
                source.reserve(name, entry.size)
                file = packed.extractfile(entry)
                assert file is not None, "a regular file has a content"
                _write(staging.joinpath(*parts), file)
                source.files -= not inside  # of the record, of which there are few
            elif not entry.isdir() and not OWN.fullmatch(parts[0] if parts else "."):
                source.left.append(entry.name)


def _write(path: Path, content: IO[bytes]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        copyfileobj(content, file, CHUNK)
        file.flush()
        os.fsync(file.fileno())


def outputs(artifacts: Path) -> Iterator[Path]:
    """Yield the gate folders with a latest output but no run: the next run would overwrite it."""
    for folder in sorted(artifacts.glob("*/gates/*")):
        shown = [folder / name for name in ("stdout.txt", "stderr.txt")]
        if any(path.is_file() for path in shown) and not (folder / "runs").exists():
            yield folder
