"""Read and write config.json, with a check of every known key."""

import json
import secrets
from collections.abc import Callable
from pathlib import Path

from gates.problem import Problem, ProblemCode
from sprints.contract.agent_spec import PRIVATE, USER
from sprints.contract.approval_policy import are_patterns
from sprints.contract.git_values import REMOTE_RULE, is_remote
from sprints.contract.json_types import JsonObject, JsonValue
from sprints.contract.protected_paths import MOST_PATTERNS, PATTERN_LENGTH
from sprints.contract.sandbox import MODES, MOST_PATHS, is_path
from sprints.contract.strict_json import strict_json
from sprints.store.layout import StoreError, shut, write_private

Holds = Callable[[JsonValue], bool]  # whether a value is sound

BIND_HOST, PORT = "127.0.0.1", 18790  # unless config.json says otherwise


class NoToken(StoreError):
    """config.json is sound, but holds no token."""


def read_config(path: Path) -> JsonObject:
    """Return config.json as a dict, with every known key checked; unknown keys are kept.

    Raises ``StoreError`` with one line that names the file, the key and the remedy.
    """
    try:
        if path.is_symlink():
            raise StoreError(f"{path} is a symbolic link", "put the file itself there")
        if path.exists() and not path.is_file():
            raise StoreError(f"{path} is not a file", "move it away, then init")
        config = strict_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found = path.parent.exists()
        what = f"no config.json in {path.parent}" if found else "no gateway is set up here"
        raise StoreError(what, "run: studio-gateway init") from None
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
        raise NoToken(f"{path}: auth_token is missing", "run: studio-gateway init")
    return config


def _text(least: int) -> Holds:
    return lambda v: isinstance(v, str) and len(v) >= least and v == v.strip() and v.isprintable()


def _integer(low: int, high: int) -> Holds:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def _amount(most: float) -> Holds:
    return lambda v: (
        isinstance(v, int | float) and not isinstance(v, bool) and 0 < v <= most  # no NaN either
    )


def _boolean(value: object) -> bool:
    return isinstance(value, bool)


ASKED = ("none", "before_build", "before_ship", "before_build,before_ship")


RULES: dict[str, tuple[str, Holds]] = {
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
    "protected_paths": (
        f"a list of at most {MOST_PATTERNS} patterns of 1 to {PATTERN_LENGTH} characters",
        are_patterns,
    ),
    "gate_profile": ("quick or full", lambda value: value in ("quick", "full")),
    "confinement": (f"one of {', '.join(MODES)}", lambda value: value in MODES),
    "confine_paths": (
        f"a list of at most {MOST_PATHS} paths that begin with / or ~/",
        lambda value: (
            isinstance(value, list) and len(value) <= MOST_PATHS and all(map(is_path, value))
        ),
    ),
    "gate_home": (f"one of {PRIVATE}, {USER}", lambda value: value in (PRIVATE, USER)),
    "clones_folder": (
        "a path that begins with / or ~/, or empty",
        lambda value: value == "" or is_path(value),
    ),
}


def bad_value(key: str, value: object) -> Problem | None:
    """Return why ``value`` is refused for the setting ``key``, None where it is sound."""
    rule, holds = RULES[key]
    if holds(value):
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    code = ProblemCode.OUT_OF_RANGE if is_number else ProblemCode.WRONG_FORMAT
    return Problem(key, code, f"{key} must be {rule}")


def fresh_token() -> str:
    """Return a new token: ``sgw_<key>_<secret>``, with 256 random bits in the secret."""
    return f"sgw_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


def turn(path: Path, key: str, value: object) -> JsonValue:
    """Set one key of config.json and return its old value, None if it was missing.

    The caller holds the store's lock. Raises ``StoreError``.
    """
    config = read_config(path)
    before = config.get(key)
    write_private(path, json.dumps(config | {key: value}, indent=2, sort_keys=True) + "\n")
    return before


def make_config(path: Path) -> JsonObject:
    """Make config.json (0600 from its first byte), or add keys that an older one lacks.

    Repeatable: an existing token stays. Raises ``StoreError``.
    """
    fresh = {
        "auth_token": fresh_token(),
        "bind_host": BIND_HOST,
        "port": PORT,
        "secret_key": secrets.token_urlsafe(50),
    }
    try:
        there = read_config(path) if path.exists() or path.is_symlink() else {}
    except NoToken:
        there = strict_json(path.read_text(encoding="utf-8"))
    config = fresh | there
    if config != there:
        write_private(path, json.dumps(config, indent=2, sort_keys=True) + "\n")
    return config
