"""Prepare a HOME that a sandboxed program has for itself, with the sign-in of its own program.

The program can change everything in that HOME, so the gateway follows no link there. A sign-in is a
link to the user's file, not a copy: programs renew their sign-ins, and a renewed one ends the old.
"""

import json
import os
import re
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gates import toolchains
from gates.sandbox import CACHES, PROGRAM_FOLDERS, Sandbox, user_home


class SignIn(NamedTuple):
    """The files below HOME in which a coding agent keeps its sign-in, and how a person signs in.

    ``folder`` is the variable that names another place for the first folder of these paths.
    """

    files: tuple[str, ...]
    command: str
    folder: str = ""


SIGN_INS: Mapping[str, SignIn] = {
    "claude": SignIn((".claude/.credentials.json",), "claude auth login", "CLAUDE_CONFIG_DIR"),
    "codex": SignIn((".codex/auth.json",), "codex login", "CODEX_HOME"),
    "gemini": SignIn((".gemini/oauth_creds.json", ".gemini/google_accounts.json"), "gemini"),
    "opencode": SignIn((".local/share/opencode/auth.json",), "opencode auth login"),
    "qwen": SignIn((".qwen/oauth_creds.json",), "qwen"),
    "copilot": SignIn((".copilot/config.json",), "copilot login"),
}
# Variables that name folders in the user's HOME.
OF_A_HOME = (
    *("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
    *("XDG_RUNTIME_DIR", "XDG_STATE_HOME"),
)
LONGEST = 1 << 20  # bytes of a sign-in
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
DIRECTORY = NOFOLLOW | getattr(os, "O_DIRECTORY", 0)


@dataclass(frozen=True, slots=True)
class PrivateHome:
    """A prepared HOME. ``links`` maps each linked path in it to the user's file."""

    folder: Path
    links: Mapping[str, Path]


def named_in(command: Iterable[str]) -> frozenset[str]:
    """Return the coding-agent programs that a command names, also within a word for a shell."""
    words = {word for one in command for word in re.split(r"[^\w.-]+", one)}
    return frozenset(words) & PROGRAM_FOLDERS.keys()


def prepare(
    folder: Path, user: Path, programs: Iterable[str], env: Mapping[str, str], who: tuple[str, str]
) -> PrivateHome:
    """Make the HOME ``folder`` if it is missing, and link the sign-ins of these programs.

    ``user`` is the user's HOME, ``env`` the gateway's environment, ``who`` the name and e-mail
    address for commits that the program makes. Raises ``OSError``.
    """
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    settle(PrivateHome(folder, _noted(folder)))  # what a program renewed before a crash of ours
    links: dict[str, Path] = {}
    for program in sorted(programs):
        for name in PROGRAM_FOLDERS[program]:
            with suppress(OSError):  # then the program must make it
                os.close(_entered(folder, name))
        for name, real in _sign_ins(program, user, env).items():
            with suppress(OSError):  # what the program has put there instead is its own sign-in
                if _link(folder, name, real):
                    links[name] = real
    with suppress(OSError):
        _write_new(folder, ".gitconfig", _git_identity(*who))
    if links != _noted(folder):
        data = json.dumps({name: str(real) for name, real in links.items()})
        _overwrite(_note_of(folder), data.encode())
    return PrivateHome(folder, links)


def for_gate(
    command: tuple[str, ...], env: Mapping[str, str], own: Mapping[str, str], sandbox: Sandbox
) -> tuple[dict[str, str], Sandbox]:
    """Return environment and sandbox of a gate whose sandbox has a private HOME.

    The caches of package managers in it are links to the user's, so that they stay filled. ``own``
    is the gate's own part of ``env``. Raises ``OSError``.
    """
    assert sandbox.home
    user, path = Path(user_home()), env.get("PATH", "")
    sandbox.home.parent.mkdir(mode=0o700, exist_ok=True)
    sandbox.home.mkdir(mode=0o700, exist_ok=True)
    for name in CACHES:
        if not (user / name).exists() and not os.path.lexists(sandbox.home / name):
            continue
        with suppress(OSError):  # what a gate has put there instead is its own cache
            _link(sandbox.home, name, user / name)
    kept = {key: value for key, value in env.items() if key not in OF_A_HOME or key in own}
    caches = [user / name for name in CACHES]
    readable = (*toolchains.readable(path, command, user), *(sandbox.readable or ()))
    return (
        {**toolchains.variables(path, user), **kept, "HOME": str(sandbox.home)},
        sandbox.writing(caches).in_private_home(sandbox.home, readable, ()),
    )


def settle(home: PrivateHome) -> None:
    """Give the user's files the sign-ins that a program renewed by replacing its links.

    A user who has signed in since, or signed out, keeps that.
    """
    for name, real in home.links.items():
        with suppress(OSError):
            if renewed := _replaced(home.folder, name):
                data, changed = renewed
                if changed >= real.stat().st_mtime_ns:
                    _overwrite(real, data)
                _remove(home.folder, name)
                _link(home.folder, name, real)


def _note_of(folder: Path) -> Path:
    """Return the file that says which links a HOME has; it lies beside it, out of reach."""
    return folder.with_name(f".{folder.name}.links.json")


def _noted(folder: Path) -> dict[str, Path]:
    """Return the links that a HOME got for its last program; none if that is not known."""
    with suppress(OSError, ValueError, AttributeError, TypeError):
        found = json.loads(_note_of(folder).read_text("utf-8"))
        return {str(name): Path(real) for name, real in found.items()}
    return {}


def is_signed_in(home: PrivateHome, program: str) -> bool:
    """Return whether a sign-in of the program lies in the HOME, as a link or as its own file."""
    return any(os.path.lexists(home.folder / name) for name in SIGN_INS[program].files)


def _sign_ins(program: str, user: Path, env: Mapping[str, str]) -> dict[str, Path]:
    """Return the user's sign-in files of a program, by their path below a HOME."""
    files, _, variable = SIGN_INS[program]
    moved = env.get(variable, "") if variable else ""
    first = PROGRAM_FOLDERS[program][0]
    return {
        name: Path(moved) / Path(name).relative_to(first) if moved.startswith("/") else user / name
        for name in files
    }


def _entered(folder: Path, name: str) -> int:
    """Return a descriptor of the folder ``name`` below ``folder``, made if it is missing.

    Raises ``OSError``, also where a part of it is a link.
    """
    at = os.open(folder, os.O_RDONLY | DIRECTORY)
    for part in Path(name).parts:
        below = at
        try:
            with suppress(FileExistsError):
                os.mkdir(part, 0o700, dir_fd=below)
            at = os.open(part, os.O_RDONLY | DIRECTORY, dir_fd=below)
        finally:
            os.close(below)
    return at


def _link(folder: Path, name: str, real: Path) -> bool:
    """Make ``name`` a link to what the user has; return False and remove it if there is none.

    Raises ``OSError``, also where something else than a link lies there.
    """
    at = _entered(folder, str(Path(name).parent))
    try:
        last = Path(name).name
        with suppress(FileNotFoundError):
            if os.readlink(last, dir_fd=at) == str(real) and real.exists():
                return True
            os.unlink(last, dir_fd=at)
        if not real.exists():
            return False
        os.symlink(real, last, dir_fd=at)
        return True
    finally:
        os.close(at)


def _replaced(folder: Path, name: str) -> tuple[bytes, int] | None:
    """Return what a file holds that took the place of a link, and its time; None if none did."""
    at = _entered(folder, str(Path(name).parent))
    try:
        flags = os.O_RDONLY | NOFOLLOW | getattr(os, "O_NONBLOCK", 0)
        try:
            file = os.open(Path(name).name, flags, dir_fd=at)
        except OSError:  # still a link, or gone
            return None
        with os.fdopen(file, "rb") as opened:
            about = os.fstat(opened.fileno())
            data = opened.read(LONGEST + 1) if stat.S_ISREG(about.st_mode) else b""
        return (data, about.st_mtime_ns) if 0 < len(data) <= LONGEST else None
    finally:
        os.close(at)


def _overwrite(path: Path, data: bytes) -> None:
    """Replace the user's file, mode 0600, at once. Raises ``OSError``."""
    path = Path(os.path.realpath(path))
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _git_identity(name: str, email: str) -> str:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'[user]\n\tname = "{quoted}"\n\temail = {email}\n'


def _remove(folder: Path, name: str) -> None:
    at = _entered(folder, str(Path(name).parent))
    try:
        os.unlink(Path(name).name, dir_fd=at)
    finally:
        os.close(at)


def _write_new(folder: Path, name: str, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW
    at = os.open(folder, os.O_RDONLY | DIRECTORY)
    try:
        with os.fdopen(os.open(name, flags, 0o600, dir_fd=at), "w", encoding="utf-8") as file:
            file.write(text)
    finally:
        os.close(at)
