"""Define a sandbox as a value; ``gates.supervision.landlock`` enforces it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from gates.network import ALL, Network, to_json
from gates.toolchains import SYSTEM_SECRETS

# All of these lie below a HOME. Files that a program without a sandbox later runs or trusts; also
# missing ones, because they could be made.
STARTUP = (
    ".bashrc .bash_profile .bash_login .bash_logout .profile .zshrc .zshenv .zprofile .zlogin "
    ".xprofile .xsession .pam_environment .ssh .gnupg .gitconfig .config/git .config/fish "
    ".config/autostart .config/systemd .config/environment.d .local/bin .local/lib "
    ".local/share/systemd .local/share/applications bin"
).split()
# What signs in elsewhere, or was typed by a person.
CREDENTIALS = (
    ".ssh .gnupg .netrc .git-credentials .config/git/credentials .config/gh .config/glab-cli "
    ".config/hub .aws .azure .config/gcloud .oci .kube .docker/config.json .terraform.d "
    ".vault-token .pgpass .my.cnf .pypirc .cargo/credentials .cargo/credentials.toml "
    ".gem/credentials .config/rclone .config/op .password-store .local/share/keyrings "
    ".local/share/kwalletd .mozilla .thunderbird .config/google-chrome .config/chromium "
    ".config/BraveSoftware .bash_history .zsh_history .python_history .psql_history "
    ".mysql_history .node_repl_history .local/share/fish"
).split()
# What package managers, compilers and game engines keep, and fill again when it is gone.
CACHES = (
    ".cache .local/state .npm .yarn .pnpm-store .local/share/pnpm .bun/install/cache .deno "
    ".cargo/registry .cargo/git .cargo/.package-cache .cargo/.package-cache-mutate "
    ".cargo/.global-cache .rustup/tmp .rustup/downloads go/pkg .gradle/caches .gradle/daemon "
    ".gradle/native .gradle/notifications .gradle/wrapper .gradle/.tmp .m2/repository .ivy2 "
    ".sbt/boot .nuget/packages .local/share/NuGet .dotnet .templateengine .composer/cache "
    ".android/cache .pub-cache .cabal/packages .config/matplotlib .ipython .jupyter "
    ".config/unity3d .local/share/unity3d .config/Epic .local/share/godot"
).split()
# Where each coding-agent program keeps sign-ins, sessions, settings and caches. The folders must
# exist before the sandbox starts, which lets nothing new be made in HOME itself.
PROGRAM_FOLDERS: dict[str, tuple[str, ...]] = {
    "claude": (".claude",),
    "codex": (".codex",),
    "gemini": (".gemini",),
    "opencode": tuple(
        f"{one}/opencode" for one in (".config", ".cache", ".local/share", ".local/state")
    ),
    "qwen": (".qwen",),
    "copilot": (".copilot", ".cache/copilot"),
}
PROGRAM_FILES = {"claude": (".claude.json", ".claude.json.backup")}


def programs_in(command: Iterable[str]) -> frozenset[str]:
    """Return the coding-agent programs that a command line names by a word of its own."""
    return frozenset(Path(word).name for word in command) & PROGRAM_FOLDERS.keys()


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The paths that a sandboxed program may read and write.

    A program may read everything but ``closed``, and write only the paths named here. It may read
    and write ``own``, and read ``shown``, wherever they are. It may write ``writable``, except
    ``closed`` and ``kept``; paths that do not exist are ignored. With ``readable``, it may read
    only those paths and the ones above, and opens no terminal. ``network`` is what it may reach.
    ``home`` is the private HOME that a gate gets; None leaves it the user's.
    ``required``: the program is not started on a system that cannot enforce the sandbox.
    """

    own: tuple[Path, ...] = ()
    shown: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    closed: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    readable: tuple[Path, ...] | None = None
    required: bool = False
    home: Path | None = None
    network: Network = ALL

    def owning(self, folder: Path) -> Self:
        """Return this sandbox with one more folder that the program owns."""
        return replace(self, own=(*self.own, folder))

    def writing(self, folders: Iterable[Path]) -> Self:
        """Return this sandbox with more folders that the program may write."""
        return replace(self, writable=(*self.writable, *folders))

    def reaching(self, network: Network) -> Self:
        """Return this sandbox for a program that may reach ``network``."""
        return replace(self, network=network)

    def at_home(self, env: Mapping[str, str], programs: Iterable[str]) -> Self:
        """Return this sandbox for a program with ``env``, whose HOME is writable in part.

        In the HOME of the gateway's user it may write ``CACHES`` and the folders of the named
        coding-agent programs, and read neither ``CREDENTIALS`` nor the folders of other such
        programs, unless a declared path opens them. A HOME of its own is writable, except
        ``STARTUP``.
        """
        user, home = (Path(one) for one in (user_home(), env.get("HOME", "")))
        granted = {name for one in programs for name in _folders(one)}
        others = {name for one in PROGRAM_FOLDERS for name in _folders(one)} - granted
        secret = [name for name in others if not _is_below(name, CACHES)]
        closed = [user / name for name in (*CREDENTIALS, *sorted(secret))]
        homes = [one for one in dict.fromkeys((user, home)) if one.is_absolute()]
        if os.path.realpath(home) == os.path.realpath(user):
            open_to_it = [user / name for name in (*sorted(granted), *CACHES)]
        else:
            open_to_it = [home] if home in homes else []
        return replace(
            self,
            writable=(*self.writable, *open_to_it),
            closed=(*self.closed, *(path for path in closed if not self._declares(path, user))),
            kept=(*self.kept, *(one / name for one in homes for name in STARTUP)),
        )

    def in_private_home(
        self, home: Path, readable: Iterable[Path], sign_ins: Iterable[Path]
    ) -> Self:
        """Return this sandbox for a program that has ``home`` for itself.

        Of all else it may read only ``readable`` and declared paths, and write the files of
        ``sign_ins``. Credentials and agent programs' folders in the user's HOME stay closed, unless
        a declared path opens them.
        """
        user = Path(user_home())
        programs = (name for one in PROGRAM_FOLDERS for name in _folders(one))
        closed = [user / name for name in (*CREDENTIALS, *programs)]
        return replace(
            self,
            own=(*self.own, home, *sign_ins),
            readable=(*readable, *self.writable),
            closed=(
                *self.closed,
                *SYSTEM_SECRETS,
                *(path for path in closed if not self._declares(path, user)),
            ),
            kept=(*self.kept, *(user / name for name in STARTUP)),
        )

    def _declares(self, path: Path, home: Path) -> bool:
        """Return whether a path that may be written is ``path``, holds it or lies in it; ``home``
        as a whole does not count.
        """
        return any(
            one.is_relative_to(path) or (one != home and path.is_relative_to(one))
            for one in self.writable
            if one.is_relative_to(home)
        )

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
        found["readable"] = [_text(os.path.realpath(path)) for path in self.readable or ()]
        return {**found, "required": self.required, "network": to_json(self.network)}


def user_home() -> str:
    """Return the HOME of the gateway's user; no absolute path for a user without one."""
    return os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises for a user without one


def _folders(program: str) -> tuple[str, ...]:
    return (*PROGRAM_FOLDERS[program], *PROGRAM_FILES.get(program, ()))


def _is_below(name: str, folders: Iterable[str]) -> bool:
    return any(Path(name).is_relative_to(one) for one in folders)


def _text(path: str) -> str:
    return os.fsencode(path).decode("latin-1")
