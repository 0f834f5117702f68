"""The store on disk: where things lie, and config.json. Knows nothing of Django."""

import contextlib
import json
import os
import secrets
import shlex
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gates import faults
from sprints.contract.remote_names import REMOTE_RULE, is_remote
from sprints.contract.sandbox import MODES, MOST_PATHS, is_path

FOLDER = ".studio_gateway"
BIND_HOST, PORT = "127.0.0.1", 18790  # unless config.json says otherwise


class StoreError(Exception):
    """The store cannot be used; the message is one line that says what to type.

    ``remedy`` is that part of it, where it stands alone.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}; {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


def find_repo(start: Path, environ: Mapping[str, str]) -> Path:
    """The repository that is served: ``STUDIO_GATEWAY_REPO``, else the git top level at or above
    ``start``, else ``start``. Git itself is not asked: a ``.git`` marks the top.
    """
    if named := environ.get("STUDIO_GATEWAY_REPO"):
        with contextlib.suppress(RuntimeError):  # no such user: then it is no such folder
            named = str(Path(named).expanduser())
        return Path(named).resolve()
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            return folder
    return start


@dataclass(frozen=True)
class Store:
    """The paths of one store (FORMATS: "Where things live")."""

    repo: Path

    @property
    def place(self) -> str:
        """Names this store among those of all machines that share a database."""
        return f"{socket.gethostname()}:{self.root}"

    def place_of(self, folder: Path) -> str:
        """This store's, where ``folder`` is of its artifacts; else empty."""
        return self.place if folder.is_relative_to(self.artifacts) else ""

    @property
    def root(self) -> Path:
        return self.repo / FOLDER

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def events(self) -> Path:
        return self.root / "events.jsonl"

    @property
    def config(self) -> Path:
        return self.root / "config.json"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def web_lock(self) -> Path:
        return self.root / "web.lock"

    def evidence_of(self, sprint_id: str) -> Path:
        """The folder of one sprint."""
        return self.artifacts / sprint_id

    @property
    def database(self) -> Path:
        return self.root / "gateway.sqlite3"


def make_folders(store: Store) -> None:
    """Make the store's folders (0700) and the ``.gitignore`` that hides it. Repeatable."""
    if not store.repo.is_dir():
        raise StoreError(f"no such folder: {store.repo}")
    try:
        for folder in (store.root, store.artifacts):
            folder.mkdir(mode=0o700, exist_ok=True)
        ignore = store.root / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    except OSError as exc:
        closed = shut(store.root) if store.root.is_dir() else None
        plain = StoreError(f"cannot write in {store.repo}: {exc.strerror or exc}")
        raise closed or plain from exc


def shut(path: Path) -> StoreError | None:
    """Why this process may not read and write ``path``, and what mends it; None where it may."""
    if os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)):
        return None
    if hasattr(os, "statvfs") and os.statvfs(path).f_flag & os.ST_RDONLY:
        mounted = f"mount that writable (see: findmnt -T {shlex.quote(str(path))})"
        return StoreError(f"{path} lies on a read-only file system", mounted)
    mine = os.name == "nt" or path.stat().st_uid == os.geteuid()
    how = "chmod -R u+rwX" if mine else "sudo chown -R $(id -u)"
    whose = "closed to its owner" if mine else "another user's"
    return StoreError(f"{path} is {whose}", f"run: {how} {shlex.quote(str(path))}")


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"the key {twice!r} stands twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def strict_json(text: str) -> Any:
    """Parse JSON as the standard has it. Raises ``ValueError`` for NaN, repeated keys, nesting
    that Python cannot follow, and whatever else is not JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=_no_twice, parse_constant=_no_constant)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc


def read_config(path: Path) -> dict[str, Any]:
    """config.json as a dict, every known key checked; unknown keys are kept.

    Raises ``StoreError`` with one line that names the file, the key and the remedy.
    """
    try:
        if path.is_symlink():
            raise StoreError(f"{path} is a symbolic link", "put the file itself there")
        if path.exists() and not path.is_file():
            raise StoreError(f"{path} is not a file", "move it away, then init")
        config = strict_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StoreError(f"no config.json in {path.parent}", "run: studio-gateway init") from None
    except (OSError, ValueError) as exc:
        closed = shut(path.parent) if isinstance(exc, PermissionError) else None
        raise closed or StoreError(
            f"{path} cannot be read: {exc}", "mend or delete it, then init"
        ) from exc
    if not isinstance(config, dict):
        raise StoreError(f"{path} must hold a JSON object", "mend or delete it, then init")
    for key, (rule, holds) in RULES.items():
        if key in config and not holds(config[key]):
            raise StoreError(f"{path}: {key} must be {rule}")
    if "auth_token" not in config:
        raise StoreError(f"{path}: auth_token is missing", "run: studio-gateway init")
    return config


def _text(least: int) -> Any:
    return lambda v: isinstance(v, str) and len(v) >= least and v == v.strip() and v.isprintable()


def _integer(low: int, high: int) -> Any:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def _amount(most: float) -> Any:
    return lambda v: (
        isinstance(v, int | float) and not isinstance(v, bool) and 0 < v <= most  # no NaN either
    )


def _boolean(value: object) -> bool:
    return isinstance(value, bool)


AGENT_LOGS = ".cursor/plans/agent_logs"  # in the repository, where a user wants them there
ASKED = ("none", "before_build", "before_ship", "before_build,before_ship")
RULES: dict[str, tuple[str, Any]] = {
    "auth_token": ("a text of at least 16 characters", _text(16)),
    "secret_key": ("a text of at least 32 characters", _text(32)),
    "bind_host": ("a host name or address", _text(1)),
    "port": ("a whole number from 1 to 65535", _integer(1, 65535)),
    "enable_auto_merge": ("true or false", _boolean),
    "ship_remote": (REMOTE_RULE, is_remote),
    "automation_paused": ("true or false", _boolean),
    "max_concurrent_global": ("a whole number from 1 to 64", _integer(1, 64)),
    "agent_launches": ("a whole number from 1 to 10000", _integer(1, 10_000)),
    "agent_minutes": ("a number above 0 and at most 100000", _amount(100_000)),
    "agent_tokens": ("a whole number from 1 to 1000000000000", _integer(1, 10**12)),
    "agent_usd": ("a number above 0 and at most 1000000", _amount(1_000_000)),
    "agent_logs": ("true or false", _boolean),
    "approvals": (f"one of {' | '.join(ASKED)}", lambda value: value in ASKED),
    "gate_profile": ("quick or full", lambda value: value in ("quick", "full")),
    "confinement": (f"one of {', '.join(MODES)}", lambda value: value in MODES),
    "confine_paths": (
        f"a list of at most {MOST_PATHS} paths that begin with / or ~/",
        lambda value: (
            isinstance(value, list) and len(value) <= MOST_PATHS and all(map(is_path, value))
        ),
    ),
}


def fresh_token() -> str:
    """A new token: ``sgw_<key>_<secret>``, 256 bits of chance in the secret."""
    return f"sgw_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


def turn(path: Path, key: str, value: object) -> Any:
    """Set one switch of config.json and return what it was, None where it was not there. The
    caller holds the store's lock. Raises ``StoreError``.
    """
    config = read_config(path)
    before = config.get(key)
    write_private(path, json.dumps(config | {key: value}, indent=2, sort_keys=True) + "\n")
    return before


def make_config(path: Path) -> dict[str, Any]:
    """Make config.json (0600 from its first byte), or add what an older one lacks. Repeatable:
    a token that is there stays. Raises ``StoreError``.
    """
    fresh = {
        "auth_token": fresh_token(),
        "bind_host": BIND_HOST,
        "port": PORT,
        "secret_key": secrets.token_urlsafe(50),
    }
    try:
        there = read_config(path) if path.exists() or path.is_symlink() else {}
    except StoreError as exc:
        if "auth_token is missing" not in str(exc):
            raise
        there = strict_json(path.read_text(encoding="utf-8"))
    config = fresh | there
    if config != there:
        write_private(path, json.dumps(config, indent=2, sort_keys=True) + "\n")
    return config


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` at once by a file of mode 0600, durably. Raises ``StoreError``."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            faults.fsync("before_state_fsync", file.fileno())
        faults.point("before_state_rename")
        temporary.replace(path)
        faults.point("after_state_rename")
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"cannot write {path}: {exc.strerror or exc}") from exc


def is_private(path: Path) -> bool:
    """True if nobody but the owner may read ``path`` (always true where modes mean nothing)."""
    return os.name == "nt" or not stat.S_IMODE(path.stat().st_mode) & 0o077
