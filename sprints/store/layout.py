"""Name the store's files and folders, without Django."""

import contextlib
import os
import shlex
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gates import fault_points, users_umask

FOLDER = ".studio_gateway"


class StoreError(Exception):
    """The store cannot be used; the message is one line that says what to type.

    ``remedy`` is the part of it that says what to type.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}; {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


def find_repo(start: Path, environ: Mapping[str, str]) -> Path:
    """Return the repository: ``STUDIO_GATEWAY_REPO``, else the git top level, else ``start``.

    Git itself is not asked: a ``.git`` at or above ``start`` marks the top.
    """
    if named := environ.get("STUDIO_GATEWAY_REPO"):
        with contextlib.suppress(RuntimeError):  # no such user, so no such folder
            named = str(Path(named).expanduser())
        return Path(named).resolve()
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / ".git").exists() and folder.name != FOLDER:
            return folder
    return start


@dataclass(frozen=True)
class Store:
    """The paths of one store (FORMATS: "Where things live")."""

    repo: Path

    @property
    def place(self) -> str:
        """Return this store's name among all machines that share a database."""
        return f"{socket.gethostname()}:{os.fsencode(self.root).decode('utf-8', 'replace')}"

    @property
    def fault(self) -> str:
        """Return why no row can hold the paths of this store, with the fix; empty if one can."""
        shown = os.fsencode(self.root).decode("utf-8", "replace")
        return (
            f"the path {shown} is not UTF-8; rename the folder" if shown != str(self.root) else ""
        )

    def place_of(self, folder: Path) -> str:
        """Return this store's place if ``folder`` is in its artifacts; else empty."""
        return self.place if folder.is_relative_to(self.artifacts) else ""

    @property
    def root(self) -> Path:
        """Return the store's folder."""
        return self.repo / FOLDER

    @property
    def state(self) -> Path:
        """Return the path of state.json."""
        return self.root / "state.json"

    @property
    def events(self) -> Path:
        """Return the path of events.jsonl."""
        return self.root / "events.jsonl"

    @property
    def config(self) -> Path:
        """Return the path of config.json."""
        return self.root / "config.json"

    @property
    def artifacts(self) -> Path:
        """Return the folder of all sprints' evidence."""
        return self.root / "artifacts"

    @property
    def web_lock(self) -> Path:
        """Return the path of the lock that a running web holds."""
        return self.root / "web.lock"

    def evidence_of(self, sprint_id: str) -> Path:
        """Return the folder of one sprint's evidence."""
        return self.artifacts / sprint_id

    @property
    def database(self) -> Path:
        """Return the path of the embedded database."""
        return self.root / "gateway.sqlite3"


def make_folders(store: Store) -> None:
    """Make the store's folders (0700), hide it from git and from ``git clean``. Repeatable.

    Raises ``StoreError``.
    """
    if not store.repo.is_dir():
        raise StoreError(f"no such folder: {store.repo}")
    try:
        for folder in (store.root, store.artifacts):
            folder.mkdir(mode=0o700, exist_ok=True)
        ignore = store.root / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        shield(store)
    except OSError as exc:
        closed = shut(store.root) if store.root.is_dir() else None
        plain = StoreError(f"cannot write in {store.repo}: {exc.strerror or exc}")
        raise closed or plain from exc


EXCLUDED = f"/{FOLDER}/"
SHIELD = {
    "HEAD": "ref: refs/heads/none\n",
    "config": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tstudioGateway = true\n",
}


def shield(store: Store) -> None:
    """Make ``git clean`` of the checkout leave the store alone. Repeatable. Raises ``OSError``.

    Git cleans no folder with a repository of its own, whose extension lets no git work in it. Git
    would report such a folder as new, so ``info/exclude`` has to name the store first. Nothing is
    done where that file cannot be written.
    """
    if not (exclude := _exclude(store.repo)):
        return
    if not _names_store(exclude):
        try:
            users_umask.make_folder(exclude.parent)
            is_new = not exclude.exists()
            with exclude.open("a+b") as file:
                if is_new:
                    users_umask.give(exclude)
                file.seek(0)
                whole = file.read().endswith(b"\n") or not file.tell()
                file.write(b"" if whole else b"\n")
                file.write(f"{EXCLUDED}\n".encode())
        except OSError:
            return
    for name in ("objects", "refs"):
        (store.root / ".git" / name).mkdir(parents=True, exist_ok=True)
    for name, text in SHIELD.items():
        (store.root / ".git" / name).write_text(text, "ascii")


def is_shielded(store: Store) -> bool:
    """Return whether ``git clean`` leaves the store alone, or there is no checkout to clean."""
    exclude = _exclude(store.repo)
    head = store.root / ".git" / "HEAD"
    return exclude is None or (_names_store(exclude) and head.is_file())


def altered_shield(store: Store) -> str:
    """Return which file of the shield is not what ``init`` writes, in words; empty if none is."""
    for name, text in SHIELD.items():
        with contextlib.suppress(FileNotFoundError):
            if (store.root / ".git" / name).read_bytes() != text.encode("ascii"):
                return f".git/{name} is not what the gateway has written; type: studio-gateway init"
    return ""


def _exclude(repo: Path) -> Path | None:
    """Return the path of ``info/exclude`` of a checkout, also of a linked worktree; else None."""
    folder = repo / ".git"
    with contextlib.suppress(OSError, ValueError):
        if folder.is_file():
            folder = repo / folder.read_text("utf-8").removeprefix("gitdir:").strip()
        if (common := folder / "commondir").is_file():
            folder = folder / common.read_text("utf-8").strip()
        if (folder / "HEAD").exists():
            return folder / "info" / "exclude"
    return None


def _names_store(exclude: Path) -> bool:
    with contextlib.suppress(OSError):
        return EXCLUDED.encode() in exclude.read_bytes().split(b"\n")
    return False


def shut(path: Path) -> StoreError | None:
    """Return why this process may not read and write ``path``, with the fix; None if it may."""
    if os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)):
        return None
    if hasattr(os, "statvfs") and os.statvfs(path).f_flag & os.ST_RDONLY:
        mounted = f"mount that writable (see: findmnt -T {shlex.quote(str(path))})"
        return StoreError(f"{path} lies on a read-only file system", mounted)
    mine = os.name == "nt" or path.stat().st_uid == os.geteuid()
    how = "chmod -R u+rwX" if mine else "sudo chown -R $(id -u)"
    whose = "closed to its owner" if mine else "another user's"
    return StoreError(f"{path} is {whose}", f"run: {how} {shlex.quote(str(path))}")


AGENT_LOGS = ".cursor/plans/agent_logs"  # in the repository, where a user wants the logs


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` atomically and durably by a file of mode 0600. Raises ``StoreError``."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            fault_points.fsync("before_state_fsync", file.fileno())
        fault_points.point("before_state_rename")
        temporary.replace(path)
        fault_points.point("after_state_rename")
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"cannot write {path}: {exc.strerror or exc}") from exc


def is_private(path: Path) -> bool:
    """Return whether only the owner may read ``path``; always true where modes mean nothing."""
    return os.name == "nt" or not stat.S_IMODE(path.stat().st_mode) & 0o077
