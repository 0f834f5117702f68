"""Define a sandbox as a value; ``gates.supervision.landlock`` enforces it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

# Below a HOME: files that a program without a sandbox later runs or trusts; also missing ones,
# because they could be made.
STARTUP = (
    ".bashrc .bash_profile .bash_login .bash_logout .profile .zshrc .zshenv .zprofile .zlogin "
    ".xprofile .xsession .pam_environment .ssh .gnupg .gitconfig .config/git .config/fish "
    ".config/autostart .config/systemd .config/environment.d .local/bin .local/lib "
    ".local/share/systemd .local/share/applications bin"
).split()


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The paths that a sandboxed program may read and write.

    A program may read everything but ``closed``, and write only the paths named here. It may read
    and write ``own``, and read ``shown``, wherever they are. It may write ``writable``, except
    ``closed`` and ``kept``; paths that do not exist are ignored. ``required``: the program is not
    started on a system that cannot enforce the sandbox.
    """

    own: tuple[Path, ...] = ()
    shown: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    closed: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    required: bool = False

    def owning(self, folder: Path) -> Self:
        """Return this sandbox with one more folder that the program owns."""
        return replace(self, own=(*self.own, folder))

    def writing(self, folders: Iterable[Path]) -> Self:
        """Return this sandbox with more folders that the program may write."""
        return replace(self, writable=(*self.writable, *folders))

    def at_home(self, env: Mapping[str, str]) -> Self:
        """Return this sandbox for a program with ``env``: HOME is writable, except ``STARTUP``."""
        if not env.get("HOME", "").startswith("/"):
            return self
        home = Path(env["HOME"])
        kept = (*self.kept, *(home / name for name in STARTUP))
        return replace(self, writable=(*self.writable, home), kept=kept)

    def to_json(self) -> dict[str, Any]:
        """Return the sandbox for the supervisor: resolved paths, as ISO 8859-1 texts."""
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
