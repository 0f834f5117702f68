"""Read the refs in the ``.git`` of a clone that an agent could write.

It is read as plain files; no link is followed, and only a bounded number of files is read.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice, takewhile
from pathlib import Path

from gates.untrusted_file import open_regular
from sprints.git.git import SHA

REF = re.compile(r"refs/heads/[A-Za-z0-9._/-]{1,200}")
MOST_BYTES = 16 << 20
MOST_LOOKED = 10_000  # files and folders


def head_in(tree: Path) -> tuple[str, str]:
    """Return the full name of a clone's checked-out branch, and its commit; empty if unknown."""
    folder = tree / ".git"
    text = _text(folder, "HEAD")
    name = text.removeprefix("ref:").strip() if text.startswith("ref:") else ""
    if not name:
        return "", text if SHA.fullmatch(text) else ""
    if not REF.fullmatch(name) or ".." in name:
        return "", ""
    loose = _text(folder, name)
    return name, loose if SHA.fullmatch(loose) else dict(_packed(folder)).get(name, "")


def refs_in(tree: Path) -> tuple[dict[str, str], bool]:
    """Return all named commits of a clone, and False if there are too many to read.

    These are branches, tags, notes, stashes, and the heads of further worktrees.
    """
    folder = tree / ".git"
    found = dict(_packed(folder))
    paths, whole = _files(folder, "refs")
    heads = [f"{path}/HEAD" for path in _folders(folder, "worktrees")]
    for name in (*paths, *heads):
        found[name] = _text(folder, name)
    stashes = _text(folder, "logs/refs/stash").split("\n")
    for n, line in enumerate(reversed(stashes)):
        found[f"stash@{{{n}}}"] = "".join(line.split(" ")[1:2])
    whole = whole and len(heads) < MOST_LOOKED
    return {name: commit for name, commit in found.items() if SHA.fullmatch(commit)}, whole


def _files(folder: Path, below: str) -> tuple[list[str], bool]:
    """Return the paths of all files below; False if there are too many, folders included."""
    pending, found, looked = [below], list[str](), 0
    if (folder / below).is_symlink() or folder.is_symlink():
        return [], True
    while pending and looked < MOST_LOOKED:
        here = pending.pop()
        with suppress(OSError, ValueError), os.scandir(folder / here) as entries:
            for entry in islice(entries, MOST_LOOKED - looked):
                looked += 1
                if entry.is_dir(follow_symlinks=False):
                    pending.append(f"{here}/{entry.name}")
                elif entry.is_file(follow_symlinks=False):
                    found.append(f"{here}/{entry.name}")
    return found, looked < MOST_LOOKED


def _folders(folder: Path, below: str) -> Iterator[str]:
    if folder.is_symlink() or (folder / below).is_symlink():
        return
    with suppress(OSError), os.scandir(folder / below) as entries:
        for entry in islice(entries, MOST_LOOKED):
            if entry.is_dir(follow_symlinks=False):
                yield f"{below}/{entry.name}"


def _packed(folder: Path) -> Iterator[tuple[str, str]]:
    for line in _text(folder, "packed-refs").split("\n"):
        commit, _, name = line.partition(" ")
        if SHA.fullmatch(commit) and name.startswith("refs/"):
            yield name, commit


def _text(folder: Path, name: str) -> str:
    """Return a small file below ``folder``; empty if it is none, or behind a link."""
    path = folder / name
    between = takewhile(lambda parent: parent != folder.parent, path.parents)
    with suppress(OSError, ValueError):  # an agent may have used a name that no path can have
        if any(parent.is_symlink() for parent in between):
            return ""
        with open_regular(path) as file:
            return file.read(MOST_BYTES).decode("utf-8", "replace").strip()
    return ""
