"""Find clones whose store is gone, and remove those of a deleted store of this repository."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gates.removal import remove
from sprints.store.clones import HOMES, LOCK, WORK, closed, links_of, names, owner_of
from sprints.store.file_lock import locked


def clear_orphans(root: Path) -> list[Path]:
    """Remove the clones of a deleted store that lay at ``root``; return their folders.

    The store at ``root`` is new: no sprint of it has worked in them. Raises ``StoreError`` and
    ``OSError``.
    """
    with locked(root / LOCK):
        gone = [one for one, is_sure in _orphans(root) if is_sure and owner_of(one) == str(root)]
        for folder in gone:
            for name in (WORK, HOMES):  # the file that says whose they are goes last
                remove(folder / name)
            remove(folder)
    return gone


def orphans(root: Path) -> dict[Path, str]:
    """Return folders of clones whose store is gone, with the path that the store had."""
    return {folder: owner_of(folder) for folder, _ in _orphans(root)}


def _orphans(root: Path) -> Iterator[tuple[Path, bool]]:
    """Yield folders that their store does not name, and whether it is certain that none does."""
    for base in closed(root):
        with suppress(OSError):
            for folder in sorted(base.iterdir()):
                owner = owner_of(folder)
                if owner and not names(Path(owner), folder) and not names(root, folder):
                    links = links_of(folder)
                    if links < 2:  # otherwise a store that was moved has it
                        yield folder, links == 1
