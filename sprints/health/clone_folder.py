"""Judge the folder of the sprints' clones: where it lies, how large it is, what is left over."""

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sprints.store import clones
from sprints.store.layout import Store
from sprints.store.orphaned_clones import orphans

FREE_BYTES = 1 << 30
FREE_INODES = 20_000  # a clone and the evidence of a sprint take some thousands
MOST_FILES = 200_000  # looked at for the size
MOST_NAMED = 3

Judged = tuple[str, str, str]  # ok, warn or bad; the text; the fix


def judged(store: Store) -> Iterator[Judged]:
    """Yield what is to be said of the folder, and of folders whose store is gone."""
    folder = clones.seen_of(store.root)
    text = f"the clones of sprints are in {folder}{_size(folder)}"
    if why := lying_inside(store):
        yield "warn", why, _way_out(store)
    elif folder.is_relative_to(store.root):
        found = "test runners that look below the checkout find them"
        yield "warn", f"{text}; {found}", "studio-gateway upgrade"
    elif clones.is_half_moved(store.root):
        yield "warn", f"{text}; an upgrade has not finished moving them", "studio-gateway upgrade"
    elif clones.is_misplaced(store.root):
        yield "warn", f"{text}, not where {clones.SETTING} says", "studio-gateway upgrade"
    else:
        yield "ok", text, ""
    yield from _left_over(store)


def _present(store: Store) -> Path:
    """Return the folder of the clones, or the nearest folder above it that is there."""
    folder = clones.seen_of(store.root)
    return next(one for one in (folder, *folder.parents) if one.is_dir())


def lying_inside(store: Store) -> str:
    """Return that the clones can lie only in the store, with the reason; empty otherwise."""
    inside = clones.seen_of(store.root).is_relative_to(store.root)
    if not inside or not (why := clones.obstacle(store.root)):
        return ""
    return (
        "the clones of sprints are in the store, where test runners that look below the checkout"
        f" find them: {why}"
    )


def room(store: Store) -> Iterator[Judged]:
    """Yield the free room for evidence and for clones, in bytes and in files.

    They may be on two disks.
    """
    folders = (store.repo, _present(store))
    for place in {folder.stat().st_dev: folder for folder in reversed(folders)}.values():
        free = shutil.disk_usage(place).free
        where = "" if place == store.repo else f" on the disk of {place}"
        files = _free_inodes(place)
        inodes = "" if files is None else f", {files:,} inodes free"
        text, remedy = f"{free / 2**30:.1f} GiB free{inodes}{where}", ""
        if free < FREE_BYTES:
            remedy = f"make room on the disk of {place}"
        elif files is not None and files < FREE_INODES:
            remedy = f"delete files on the disk of {place}, or give it more inodes"
        yield "warn" if remedy else "ok", text, remedy


def _free_inodes(path: Path) -> int | None:
    """Return how many more files the disk can hold; None if it sets no limit.

    Git writes a file for each object, so a disk can be full of files with much room left.
    """
    if not hasattr(os, "statvfs"):
        return None
    found = os.statvfs(path)
    return found.f_favail if found.f_files else None


def _way_out(store: Store) -> str:
    return f"studio-gateway config set {clones.SETTING} FOLDER && studio-gateway upgrade"


def _left_over(store: Store) -> Iterator[Judged]:
    gone = orphans(store.root)
    ours = [folder for folder, owner in gone.items() if owner == str(store.root)]
    sure = [folder for folder in ours if clones.links_of(folder)]
    if sure:
        text = "has clones that this store, or an earlier one at its path, does not use any more"
        fix = f"if no work in them is missing: rm -r {_named(sure)}"
        yield "warn", f"{_named(sure)} {text}", fix
    others = [folder for folder in gone if folder not in sure]
    if others:
        owners = ", ".join(sorted({gone[folder] for folder in others})[:MOST_NAMED])
        text = f"clones that no store uses any more: {_named(others)}, of {owners}"
        yield "warn", text, f"if no work in them is missing: rm -r {_named(others)}"


def _named(folders: list[Path]) -> str:
    return " ".join(shlex.quote(str(folder)) for folder in folders[:MOST_NAMED])


def _size(folder: Path) -> str:
    """Return the number of clones and their size, as text to append; empty without clones."""
    with suppress(OSError):
        count = sum(not one.name.startswith(".") for one in folder.iterdir())
        if count:
            size, is_whole = _bytes_below(folder)
            least = "" if is_whole else "at least "
            return f" ({count} of them, {least}{size / 2**20:.1f} MiB)"
    return ""


def _bytes_below(folder: Path) -> tuple[int, bool]:
    """Return the bytes on disk below ``folder``, and whether every file was looked at."""
    size = seen = 0
    for here, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += Path(here, name).lstat().st_blocks * 512
            seen += 1
        if seen > MOST_FILES:
            return size, False
    return size, True
