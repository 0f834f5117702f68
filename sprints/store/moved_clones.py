"""Move the clones of a store to the folder that its setting wants, all at once."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from gates import fault_points
from gates.removal import remove
from sprints.store.clones import (
    HOMES,
    LOCK,
    WORK,
    Home,
    base_of,
    begin,
    check,
    is_misplaced,
    owner_of,
    point,
    seen_of,
    settled,
)
from sprints.store.file_lock import locked
from sprints.store.layout import StoreError


def move(root: Path) -> tuple[Path, Path] | None:
    """Move the clones to where the setting wants them; return both folders if they have moved.

    May be repeated after any crash. The caller is alone with the store. Raises ``StoreError`` and
    ``OSError``.
    """
    with locked(root / LOCK):
        home = settled(root)
        if home and home.before:
            return _finish(root, home)
        if not is_misplaced(root):
            return None
        here, base = seen_of(root).parent, base_of(root)
        check(base, root)
        return _finish(root, begin(root, base, before=here))


def _finish(root: Path, home: Home) -> tuple[Path, Path]:
    """Move the clones to the folder that the store names. Raises ``StoreError`` and ``OSError``."""
    here, there = home.before, home.folder
    assert here, "clones are moved from somewhere"
    for name in (WORK, HOMES):
        if home.is_moving(name):
            _carry(here / name, there / name)
        fault_points.point("clones_moved")
    for name in (WORK, HOMES):
        remove(here / name)
    point(root, Home(there))
    if here != root and owner_of(here) == str(root):
        remove(here)
    return here / WORK, there / WORK


def _carry(here: Path, there: Path) -> None:
    """Rename the folder; across file systems copy it, and let the copy appear all at once."""
    with suppress(OSError):
        here.rename(there)
        return
    copy = there.with_name(f".{there.name}")
    remove(copy)
    try:
        shutil.copytree(here, copy, symlinks=True, ignore=_odd)
    except shutil.Error as exc:
        remove(copy)
        path, _, why = exc.args[0][0]
        raise StoreError(
            f"the clones cannot be copied: {path}: {why}", "mend or delete it"
        ) from exc
    if hasattr(os, "sync"):
        os.sync()
    fault_points.point("clones_copied")
    copy.rename(there)


def _odd(folder: str, names: list[str]) -> list[str]:
    """Return what cannot be copied: pipes, sockets and devices."""
    paths = {name: Path(folder, name) for name in names}
    return [
        name
        for name, path in paths.items()
        if not (path.is_symlink() or path.is_file() or path.is_dir())
    ]
