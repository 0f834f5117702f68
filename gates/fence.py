"""What a program may reach on the disk, as a value; ``gates.supervision.landlock`` puts it up."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Fence:
    """A program may read all but ``closed``, and write nothing but what is named here.

    ``own`` it may read and write, and ``shown`` read, wherever they lie. ``writable`` it may write
    as far as that is neither closed nor ``kept``; of what is not there, nothing. ``required``: it
    is not begun where the system cannot do this.
    """

    own: tuple[Path, ...] = ()
    shown: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    closed: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    required: bool = False

    def owning(self, folder: Path) -> Self:
        """The same with one more folder of its own."""
        return replace(self, own=(*self.own, folder))

    def to_json(self) -> dict[str, Any]:
        """As the supervisor reads it: paths in which nothing is a link, a text for their bytes as
        ISO 8859-1.
        """
        lists = {
            "own": self.own,
            "shown": self.shown,
            "writable": self.writable,
            "closed": self.closed,
            "kept": self.kept,
        }
        found = {name: [*map(_real, paths)] for name, paths in lists.items()}
        return {**found, "required": self.required}


def _real(path: Path) -> str:
    return os.fsencode(os.path.realpath(path)).decode("latin-1")
