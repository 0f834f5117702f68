"""What a program may reach on the disk, as a value; ``gates.supervision.landlock`` puts it up."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

# Below a HOME, what is run or believed later by who is behind no fence; also where it is not there
# yet, or it could be made.
STARTUP = (
    ".bashrc .bash_profile .bash_login .bash_logout .profile .zshrc .zshenv .zprofile .zlogin "
    ".xprofile .xsession .pam_environment .ssh .gnupg .gitconfig .config/git .config/fish "
    ".config/autostart .config/systemd .config/environment.d .local/bin .local/lib "
    ".local/share/systemd .local/share/applications bin"
).split()


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

    def writing(self, folders: Iterable[Path]) -> Self:
        """The same with more folders that it may write."""
        return replace(self, writable=(*self.writable, *folders))

    def at_home(self, env: Mapping[str, str]) -> Self:
        """The same for a program with that environment: its HOME may be written, but for
        ``STARTUP``.
        """
        if not env.get("HOME", "").startswith("/"):
            return self
        home = Path(env["HOME"])
        kept = (*self.kept, *(home / name for name in STARTUP))
        return replace(self, writable=(*self.writable, home), kept=kept)

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
        found = {name: [_text(os.path.realpath(path)) for path in lists[name]] for name in lists}
        links = (Path(os.path.realpath(path.parent), path.name) for path in self.kept)
        found["kept"] += [_text(str(path)) for path in links if path.is_symlink()]
        return {**found, "required": self.required}


def _text(path: str) -> str:
    return os.fsencode(path).decode("latin-1")
