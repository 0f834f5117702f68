"""Find the folders that a sandboxed program may read: the system and the toolchains on PATH."""

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

# Missing ones are ignored. No data of users or services: not /home, /mnt, /srv, /tmp, /var/lib.
SYSTEM = tuple(
    Path(name)
    for name in (
        "/usr /bin /sbin /lib /lib32 /lib64 /libx32 /etc /opt /nix /gnu /snap /proc /sys "
        "/run/systemd/resolve /run/resolvconf /run/NetworkManager/resolv.conf /run/current-system "
        "/run/opengl-driver /var/cache/fontconfig /var/lib/ca-certificates /var/lib/dpkg"
    ).split()
)
# What only root may read there, and a sandboxed root not.
SYSTEM_SECRETS = tuple(
    Path("/etc", name)
    for name in (
        "shadow shadow- gshadow gshadow- sudoers sudoers.d ssl/private krb5.keytab security/opasswd"
    ).split()
)
# Version managers: a folder below a HOME that PATH names or enters, what its programs read there
# besides, and the variable by which they find it when HOME is another one.
MANAGERS: Mapping[str, tuple[tuple[str, ...], dict[str, str]]] = {
    ".cargo/bin": ((".rustup",), {"RUSTUP_HOME": ".rustup"}),
    ".pyenv": ((".pyenv",), {"PYENV_ROOT": ".pyenv"}),
    ".rbenv": ((".rbenv",), {"RBENV_ROOT": ".rbenv"}),
    ".asdf": ((".asdf", ".tool-versions"), {"ASDF_DATA_DIR": ".asdf"}),
    ".volta": ((".volta",), {"VOLTA_HOME": ".volta"}),
    ".local/share/mise": ((".local/share/mise",), {"MISE_DATA_DIR": ".local/share/mise"}),
    ".local/bin": ((".local/lib",), {"PYTHONUSERBASE": ".local"}),
}
BIN = ("bin", "sbin", ".bin", "Scripts")
# What an installation has beside its folder of programs; a project or a HOME does not.
INSTALLED = ("lib", "lib64", "libexec", "include", "share", "pyvenv.cfg", "conda-meta")
NO_PREFIX = (".local", ".cargo", ".config", "go")  # below a HOME: they hold more than programs
SHELLS = ("sh", "bash", "dash", "zsh")
MOST_LINKS = 2000  # that are followed in one folder of PATH
FIRST_LINE = 256


def readable(path: str, words: Iterable[str], home: Path) -> tuple[Path, ...]:
    """Return what programs read that a PATH and absolute paths among the ``words`` name.

    That is each folder and file itself, the installation around it, and those that its links lead
    to. ``home`` is the user's HOME, which is never part of the result as a whole.
    """
    found: set[Path] = set()
    for folder in _folders(path):
        if not _is_system(folder, home) and not _holds(folder, home):
            found |= {
                folder,
                *_around(folder, home),
                *_linked(folder, home),
                *_managed(folder, home),
            }
    for word in _named(tuple(words)):
        file = Path(word)
        if file.is_absolute() and file.exists() and not _holds(file, home):
            found |= {file, *_program(file, home)}
    # What a link, a ``..`` or an environment's file leads to may be HOME, too.
    found = {one for one in found if not _holds(one, home)}
    return tuple(sorted(found.union(*(_without(one, home) for one in SYSTEM))))


def _without(folder: Path, home: Path) -> Iterator[Path]:
    """Yield the folder, or what lies in it beside ``home``, for instance of a service in /opt."""
    if not _holds(folder, home):
        yield folder
    elif folder not in (home, Path(os.path.realpath(home))):
        with suppress(OSError):
            for one in folder.iterdir():
                if not one.is_symlink():  # the target of a link has its own rule
                    yield from _without(one, home)


def _named(words: tuple[str, ...]) -> Iterator[str]:
    """Yield the words of a command, and those of a line that it gives to a shell."""
    yield from words
    if words and Path(words[0]).name in SHELLS and "-c" in words[:-1]:
        with suppress(ValueError):
            yield from shlex.split(words[words.index("-c") + 1])


def variables(path: str, home: Path) -> dict[str, str]:
    """Return the variables that let version managers on PATH find what they have installed."""
    found: dict[str, str] = {}
    for folder in _folders(path):
        for name, base in _managers(folder, home):
            _, needed = MANAGERS[name]
            there = {key: base / at for key, at in needed.items()}
            found |= {key: str(one) for key, one in there.items() if one.is_dir()}
    return found


def program(name: str, path: str, home: Path) -> tuple[Path, ...]:
    """Return what the program reads that a command begins with, if it lies on PATH."""
    for folder in _folders(path):
        if (folder / name).is_file() and not _is_system(folder, home):
            return (folder / name, *_program(folder / name, home))
    return ()


def _folders(path: str) -> Iterator[Path]:
    yield from (Path(name) for name in path.split(os.pathsep) if name.startswith("/"))


def _holds(folder: Path, home: Path) -> bool:
    """Return whether ``folder`` is the user's HOME or above it, or a link that leads there."""
    homes = (home, Path(os.path.realpath(home)))
    return any(one.is_relative_to(at) for one in homes for at in (folder, os.path.realpath(folder)))


def _is_system(path: Path, home: Path) -> bool:
    """Return whether ``SYSTEM`` opens the path; it opens nothing of a HOME that lies there."""
    return not path.is_relative_to(home) and any(path.is_relative_to(one) for one in SYSTEM)


def _managed(folder: Path, home: Path) -> Iterator[Path]:
    for name, base in _managers(folder, home):
        yield from (base / one for one in MANAGERS[name][0])


def _managers(folder: Path, home: Path) -> Iterator[tuple[str, Path]]:
    """Yield the version managers in which a folder of PATH lies, each with the HOME that has it.

    That may be another HOME than the user's ``home``, for instance of a service.
    """
    for name in MANAGERS:
        for base in (home, *folder.parents):
            if folder.is_relative_to(base / name):
                yield name, base
                break


def _linked(folder: Path, home: Path) -> Iterator[Path]:
    """Yield what the links in a folder of programs lead to."""
    with suppress(OSError), os.scandir(folder) as entries:
        for _, entry in zip(range(MOST_LINKS), entries, strict=False):
            if entry.is_symlink():
                yield from _program(Path(entry.path), home)


def _program(file: Path, home: Path) -> Iterator[Path]:
    """Yield the file that a program really is, its installation, and that of its interpreter."""
    real = Path(os.path.realpath(file))
    for one in dict.fromkeys((file, real)):
        if not _is_system(one, home) and one.is_file():
            yield one
            yield from _around(one.parent, home)
    interpreter = _interpreter(real)
    if interpreter and interpreter != file and not _is_system(interpreter, home):
        yield from _around(interpreter.parent, home)
        yield from _around(Path(os.path.realpath(interpreter)).parent, home)


def _interpreter(file: Path) -> Path | None:
    """Return the interpreter that the first line of a script names; None if it names none."""
    with suppress(OSError, ValueError):
        if file.is_file():
            with file.open("rb") as script:
                line = script.readline(FIRST_LINE)
            if line.startswith(b"#!") and (words := line[2:].split()):
                named = Path(os.fsdecode(words[0]))
                return named if named.is_absolute() and named.name != "env" else None
    return None


def _around(folder: Path, home: Path) -> Iterator[Path]:
    """Yield the installation whose programs lie in ``folder``, and the Python of an environment."""
    real = Path(os.path.realpath(folder))
    for one in dict.fromkeys((folder, real)):
        if "node_modules" in one.parts:
            yield Path(*one.parts[: one.parts.index("node_modules") + 1])
        if one.name not in BIN or not _is_prefix(one.parent, home):
            continue
        yield one.parent
        if base := _base_of(one.parent):
            yield from (place for place in (base, Path(os.path.realpath(base))))
            if base.name in BIN and _is_prefix(base.parent, home):
                yield from (base.parent, Path(os.path.realpath(base)).parent)


def _is_prefix(folder: Path, home: Path) -> bool:
    is_shared = folder.name in NO_PREFIX and (folder.name[0] == "." or folder.parent == home)
    if _holds(folder, home) or is_shared or _is_system(folder, home):
        return False
    return not (folder / ".git").exists() and any((folder / name).exists() for name in INSTALLED)


def _base_of(environment: Path) -> Path | None:
    """Return the folder of the Python that a virtual environment is built on; else None."""
    with suppress(OSError, UnicodeDecodeError):
        for line in (environment / "pyvenv.cfg").read_text("utf-8").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "home" and value.strip().startswith("/"):
                return Path(value.strip())
    return None
