"""Find changed bits in the files of the gateway's own clone, and work that the clone has lost.

``git fsck`` takes minutes for a long history: it reads objects one by one. Here each pack is read
once and compared with its own checksum. Git may work in the clone meanwhile.
"""

import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from gates.untrusted_file import open_regular
from sprints.contract.git_values import branch_of
from sprints.git.git import SHA, Git

BLOCK = 1 << 16
DIGEST = 20  # bytes of the SHA-1 at the end of a pack and its index
WRITTEN = "is not what the gateway has written"
HEADS = (b"ref: refs/heads/main\n", b"ref: refs/heads/.invalid\n")
CORE = ["", "\tbare = true", "\trepositoryformatversion = 0", "[core]"]
BY_SYSTEM = (
    "\tfilemode = true",
    "\tfilemode = false",
    "\tsymlinks = false",
    "\tignorecase = true",
    "\tprecomposeunicode = true",
)


def damage(own: Git) -> str:
    """Return which file of the clone has changed, in words; empty if none has.

    Raises ``OSError``.
    """
    for check in (_settings, _refs, _objects):
        for path, why in check(own.git_dir):
            return f"{path.relative_to(own.home.parent)} {why}"
    return ""


def lost_work(own: Git, heads: Mapping[str, str]) -> str:
    """Return which branch lacks the recorded work of its sprint, in words; empty if none does.

    ``heads`` has the last recorded commit of each sprint. Raises ``GitError``.
    """
    lines = own("for-each-ref", "--format=%(refname) %(objectname)").split("\n")
    refs = dict(line.rsplit(" ", 1) for line in lines if line)
    for name, head in sorted(heads.items()):
        branch = f"refs/heads/{branch_of(name)}"
        if refs.get(branch) == head or f"refs/sg/{name}/before/{head}" in refs:
            continue
        if branch not in refs or not own.holds_commit(head, below=branch):
            where = own.git_dir.relative_to(own.home.parent)
            return f"{where} lacks the work of {name}, commit {head}"
    return ""


def _settings(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield HEAD and config if they are not those of a new repository."""
    if (folder / "HEAD").read_bytes() not in HEADS:
        yield folder / "HEAD", WRITTEN
    lines = (folder / "config").read_bytes().decode("ascii", "replace").split("\n")
    if sorted(line for line in lines if line not in BY_SYSTEM) != CORE:
        yield folder / "config", WRITTEN


def _refs(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file of a ref that is not exactly one object id."""
    for path in _files(folder / "refs"):
        with suppress(FileNotFoundError):
            text = path.read_bytes()
            named = text.removesuffix(b"\n").decode("ascii", "replace")
            if path.suffix != ".lock" and (text[-1:] != b"\n" or not SHA.fullmatch(named)):
                yield path, "does not name an object"


def _objects(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file of objects whose content does not have its checksum."""
    for path in _files(folder / "objects"):
        above = path.parent.name
        named = above + path.name if len(above) == 2 else ""
        is_packed = path.name.startswith("pack-") and path.suffix in (".pack", ".idx", ".rev")
        with suppress(FileNotFoundError):
            if SHA.fullmatch(named) and not _is_object(path, named):
                yield path, "is not the object of its name"
            if is_packed and not _ends_with_digest(path):
                yield path, "does not have its checksum"


def _files(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(where) / name for name in sorted(names))


def _is_object(path: Path, name: str) -> bool:
    """Return whether the file is the compressed object with that id, and nothing else."""
    inflate, found = zlib.decompressobj(), hashlib.sha1(usedforsecurity=False)
    try:
        with open_regular(path) as file:
            while block := file.read(BLOCK):
                found.update(inflate.decompress(block))
    except zlib.error:
        return False
    whole = inflate.eof and not inflate.unused_data
    return whole and found.hexdigest() == name


def _ends_with_digest(path: Path) -> bool:
    """Return whether the file ends with the SHA-1 of all bytes before it."""
    with open_regular(path) as file:
        found = hashlib.sha1(usedforsecurity=False)
        left = os.fstat(file.fileno()).st_size - DIGEST
        while left > 0 and (block := file.read(min(BLOCK, left))):
            found.update(block)
            left -= len(block)
        return file.read() == found.digest()
