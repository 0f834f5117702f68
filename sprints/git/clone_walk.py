"""Make a clone fit for git: every folder can be listed, and nothing that git opens can block.

An agent or a gate may have left a named pipe where git looks for ignore or attribute files, or for
the HEAD of a nested repository. Git would wait for a writer until its timeout.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from gates.untrusted_file import open_regular
from sprints.git.gateway_repo import free

MOST_BYTES = 1 << 16
OPENED = (".gitignore", ".gitattributes", ".gitmodules")
INSIDE = ("HEAD", "commondir")  # what git reads of a nested repository to recognise it


def prepare(tree: Path) -> list[str]:
    """Open closed folders, and remove what would block git; return the removed paths.

    What cannot be changed stays, and git says so.
    """
    return [path for path in _blocking(tree) if _removed(tree / path)]


def move_away(tree: Path) -> Path:
    """Rename a clone whose files cannot be restored; return its new path. Raises ``OSError``."""
    aside = free(tree.with_name(f".{tree.name}~left"))
    tree.rename(aside)
    return aside


def odd_object(objects: Path) -> str:
    """Return the first path in a clone's objects that is no plain file; empty if there is none.

    A list of alternates is refused, too: it names the objects of another repository.
    """
    pending = [str(objects)]
    while pending:
        for entry in _entries(Path(pending.pop())):
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif not entry.is_file(follow_symlinks=False) or "alternates" in entry.name:
                return entry.path
    return ""


def unlock(tree: Path, paths: Iterable[str]) -> None:
    """Let the owner read these files and change their folders. What cannot be changed stays."""
    for path in paths:
        _allow(tree / path, stat.S_IRUSR)
        for folder in Path(path).parents:
            _allow(tree / folder, stat.S_IRWXU)


def _allow(path: Path, wanted: int) -> None:
    with suppress(OSError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & wanted != wanted:
            path.chmod(stat.S_IMODE(mode) | wanted)


def _blocking(tree: Path) -> Iterator[str]:
    """Yield the paths below ``tree`` that git would open although they are no plain files."""
    pending = [""]
    while pending:
        here = pending.pop()
        for entry in _entries(tree / here):
            path = f"{here}{entry.name}"
            if entry.name == ".git":
                if here:
                    yield from _blocking_in(entry, path)
            elif entry.is_dir(follow_symlinks=False):
                pending.append(f"{path}/")
            elif entry.name in OPENED and _blocks(entry.path):
                yield path


def _blocking_in(git_dir: os.DirEntry[str], path: str) -> Iterator[str]:
    """Yield what blocks a look into a nested repository; what it leads to elsewhere is no such."""
    if git_dir.is_dir(follow_symlinks=False):
        yield from (f"{path}/{name}" for name in INSIDE if _blocks(git_dir.path, name))
        return
    there = git_dir.path
    with suppress(OSError, ValueError):
        with open_regular(Path(git_dir.path)) as file:
            named = os.fsdecode(file.read(MOST_BYTES)).removeprefix("gitdir:").strip()
        there = os.path.join(os.path.dirname(git_dir.path), named)  # noqa: PTH118, PTH120
    if any(_blocks(there, name) for name in INSIDE):
        yield path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return the content of a folder, which is opened if it is closed; empty if it stays so."""
    for _ in range(2):
        try:
            with os.scandir(folder) as entries:
                return [*entries]
        except PermissionError:
            _allow(folder, stat.S_IRWXU)
        except OSError:
            break
    return []


def _blocks(*path: str) -> bool:
    """Return whether a path leads to something other than a file or a folder."""
    try:
        mode = os.stat(os.path.join(*path)).st_mode  # noqa: PTH116, PTH118 - called very often
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _removed(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True
