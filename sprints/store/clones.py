"""Choose the folder of the sprints' clones: outside the checkout, where no test runner looks.

``clones.json`` in the store names a folder of its own below the state folder of the user. That
folder says in ``store.json`` whose it is. It holds a hard link to ``clones.json``, where the file
system allows that: the link tells a moved store from a copy, and a deleted store from a live one.
"""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gates import fault_points
from gates.removal import remove
from sprints.store.config import read_config
from sprints.store.file_lock import locked
from sprints.store.layout import StoreError, write_private

SETTING = "clones_folder"
POINTER, LOCK = "clones.json", "clones.lock"  # in the store
OWNER, LINK = "store.json", "held"  # in the folder of the clones
WORK, HOMES = "work", "homes"  # there, or in the store
PACKAGES = "node_modules"
OURS = "studio-gateway"  # the folder of all stores


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that one store has outside of itself.

    Until a move is over, ``before`` is the folder from which clones and private HOMEs come. All
    clones move at once, and so do all HOMEs, so each folder has one place at any moment.
    """

    folder: Path
    before: Path | None = None

    def is_moving(self, name: str) -> bool:
        """Return whether ``WORK`` or ``HOMES`` is still in ``before``."""
        there = self.folder / name
        return self.before is not None and (self.before / name).is_dir() and not there.is_dir()

    def place(self, name: str) -> Path:
        """Return the present folder of ``WORK`` or ``HOMES``."""
        return (self.before if self.before and self.is_moving(name) else self.folder) / name


def work_of(root: Path) -> Path:
    """Return the folder of the clones of the store at ``root``, chosen at its first use.

    A store that was copied gets a folder of its own. A store that cannot be written, or that has no
    place outside, has its clones inside. Raises ``StoreError``.
    """
    home = read(root)
    if home and owner_of(home.folder) == str(root):
        return home.place(WORK)
    with suppress(OSError), locked(root / LOCK):
        settled(root)
    return seen_of(root)


def homes_of(root: Path) -> Path:
    """Return the folder of the agents' private HOMEs, which lie beside the clones.

    What programs keep there may look like tests, too. Raises ``StoreError``.
    """
    work_of(root)
    return seen_of(root, HOMES)


def settle(root: Path) -> None:
    """Choose the folder at the setup of a store, anew if its own cannot be used any more.

    Clones in the store stay there until an upgrade. Raises ``StoreError`` and ``OSError``.
    """
    with locked(root / LOCK):
        home = settled(root)
        if home and not os.access(home.place(WORK), os.R_OK | os.W_OK | os.X_OK):
            _chosen(root)


def lend_packages(root: Path) -> None:
    """Let Node find the packages installed in the checkout, as it does in any folder below it.

    Node and npm look for ``node_modules`` in every folder above. Raises ``OSError``.
    """
    home, packages = read(root), root.parent / PACKAGES
    if home is None:
        return
    link = home.folder / PACKAGES
    if link.is_symlink() and (not packages.is_dir() or link.readlink() != packages):
        link.unlink()
    if packages.is_dir() and not link.is_symlink():
        with suppress(FileExistsError):  # another process was first
            link.symlink_to(packages, target_is_directory=True)


def seen_of(root: Path, name: str = WORK) -> Path:
    """Return the folder of the clones, or of the ``HOMES``, without choosing one.

    Older versions, and stores without a place outside, have them in the store itself.
    """
    home = read(root)
    return home.place(name) if home else root / name


def base_of(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder in which the store's own is made: by the setting, or in the user's state.

    Raises ``StoreError`` and ``OSError``.
    """
    try:
        state = Path(wish_of(root) or environ.get("XDG_STATE_HOME", "")).expanduser()
        if not state.is_absolute():
            home = Path("~").expanduser()
            if not home.is_dir():
                raise StoreError(f"there is no home folder {home}")
            state = home / ".local/state"
    except RuntimeError as exc:
        raise StoreError(f"this user has no home folder: {exc}") from exc
    return Path(os.path.realpath(state)) / OURS


def wish_of(root: Path) -> str:
    """Return the folder that the setting names; empty for the state folder of the user."""
    with suppress(StoreError):
        return str(read_config(root / "config.json").get(SETTING, ""))
    return ""


def is_misplaced(root: Path) -> bool:
    """Return whether an upgrade would move the clones. Raises ``StoreError``.

    Without a wish, any folder outside the store is right: environments may differ.
    """
    home = read(root)
    if home is None or home.before:
        return True
    return bool(wish_of(root)) and home.folder.parent != base_of(root)


def is_half_moved(root: Path) -> bool:
    """Return whether an upgrade ended while it moved the clones."""
    home = read(root)
    return home is not None and home.before is not None


def closed(root: Path) -> tuple[Path, ...]:
    """Return the folders with clones of this and other stores, which a sandbox must not open."""
    found, home = dict[Path, None](), read(root)
    if home:
        found[home.folder.parent] = None
    with suppress(StoreError):
        found[base_of(root)] = None
    return (*found,)


def obstacle(root: Path) -> str:
    """Return why the clones cannot lie outside the store; empty if they can."""
    try:
        base = base_of(root)
        check(base, root)
        with suppress(FileNotFoundError):
            probe = base / f".{secrets.token_hex(6)}"
            probe.mkdir(mode=0o700)
            probe.rmdir()
    except StoreError as exc:
        return exc.what
    except OSError as exc:
        return f"{exc.filename or base}: {exc.strerror or exc}"
    return ""


def read(root: Path) -> Home | None:
    """Return the folder that the store at ``root`` names; None if it names none."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        found = json.loads((root / POINTER).read_text("utf-8"))
        folder, before = Path(found["folder"]), found.get("before")
        home = Home(folder, Path(before) if before else None)
        named = (folder, home.before or folder)
        if all(one.is_absolute() and "\0" not in str(one) for one in named):
            return home
    return None


def owner_of(folder: Path) -> str:
    """Return the path of the store whose clones are in ``folder``; empty if it says none."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((folder / OWNER).read_text("utf-8"))["store"])
    return ""


def names(root: Path, folder: Path) -> bool:
    """Return whether the store at ``root`` names this folder as its own."""
    home = read(root)
    return home is not None and home.folder == folder


def links_of(folder: Path) -> int:
    """Return how many names the link to the store's file has; 0 where there is no link."""
    with suppress(OSError):
        return (folder / LINK).stat().st_nlink
    return 0


def settled(root: Path) -> Home | None:
    """Return the folder of the store, chosen anew if it is another's; None: the clones are inside.

    The caller holds the lock. Raises ``OSError``.
    """
    for left in root.glob(f".{POINTER}.*"):
        left.unlink()
    home = read(root)
    if home and not _is_of_another(root, home.folder):
        with suppress(OSError, StoreError):
            _own(root, home)
        return home
    if home is None and any(any((root / name).glob("*")) for name in (WORK, HOMES)):
        return None  # an upgrade moves them
    return _chosen(root)


def _chosen(root: Path) -> Home | None:
    """Return a new folder, which the store names; None if the clones can only lie inside."""
    try:
        base = base_of(root)
        check(base, root)
        return begin(root, base)
    except (OSError, StoreError):
        (root / POINTER).unlink(missing_ok=True)
        return None


def _is_of_another(root: Path, folder: Path) -> bool:
    """Return whether the store at ``root`` is a copy of one that still has ``folder``."""
    with suppress(OSError):
        if (root / POINTER).samefile(folder / LINK):
            return False
        if links_of(folder) > 1:
            return True
    owner = Path(owner_of(folder) or root)
    with suppress(OSError):
        return owner != root and names(owner, folder) and not owner.samefile(root)
    return False


def check(base: Path, root: Path) -> None:
    """Raise ``StoreError`` if clones in ``base`` would be found or could not be run."""
    repo = Path(os.path.realpath(root.parent))
    if base.is_relative_to(repo):
        raise StoreError(f"{base} lies in the checkout")
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "statvfs") and os.statvfs(base).f_flag & os.ST_NOEXEC:
        raise StoreError(f"no program can run in {base} (mounted noexec)")


def begin(root: Path, base: Path, before: Path | None = None) -> Home:
    """Make a folder for the store in ``base``, and name it there. Raises ``OSError``."""
    folder = base / secrets.token_hex(6)
    folder.mkdir(mode=0o700)
    try:
        if before is None:
            (folder / WORK).mkdir(mode=0o700)
        _sign(root, folder)
        home = Home(folder, before)
        point(root, home)
    except BaseException:
        remove(folder)
        raise
    fault_points.point("clones_named")
    return home


def _own(root: Path, home: Home) -> None:
    """Have the folder be this store's, also if the store was moved or the folder deleted."""
    folder = home.folder
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if not home.is_moving(WORK):
        (folder / WORK).mkdir(mode=0o700, exist_ok=True)
    if owner_of(folder) != str(root):
        _sign(root, folder)
    _hold(root / POINTER, folder)


def _sign(root: Path, folder: Path) -> None:
    write_private(folder / OWNER, json.dumps({"store": str(root)}) + "\n")


def point(root: Path, home: Home) -> None:
    """Name the folder in the store, after it has the link by which it knows a live store."""
    values = {"folder": str(home.folder)} | ({"before": str(home.before)} if home.before else {})
    new = root / f".{POINTER}.{os.getpid()}"
    write_private(new, json.dumps(values, indent=2, sort_keys=True) + "\n")
    _hold(new, home.folder)
    new.replace(root / POINTER)


def _hold(pointer: Path, folder: Path) -> None:
    """Give the folder its link to the store's file, where the two file systems are one."""
    link, new = folder / LINK, folder / f".{LINK}"
    with suppress(OSError):
        if link.is_file() and link.samefile(pointer):
            return
        new.unlink(missing_ok=True)
        new.hardlink_to(pointer)
        new.replace(link)
