"""Check a sprint's meta: storable JSON, and valid values for the keys that the gateway reads."""

import json
from dataclasses import replace

from gates.problem import BadSettings, Problem, ProblemCode
from sprints.contract.contract import DEFAULT_GATE, ContractError, draft
from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.contract.protected_paths import MOST_PATTERNS

BRIEF_BYTES = 1 << 20
OTHER_BYTES = 1 << 16  # everything but the brief, as JSON: each event of a pause contains it
KEY_LENGTH = 100
DEEP = 32  # the writers of files follow nesting by recursion

# Written only by the gateway.
OURS = frozenset(
    "created_by waiting_for paused_by paused_ts paused_why pause_after queue_first_ts agent_budget "
    "shipping unships unshipped_by approval stop_reason".split()
)
# Frozen with the contract: a change would have no effect.
FROZEN = frozenset(
    "gate_profile round_deadline gates_at_once round_minutes required_acks_by_round "
    "enable_auto_merge ship_remote fix_attempts implementer rerun_red approvals approval_hours "
    "approval_default protected_paths".split()
)
BOOLEANS = ("automation_paused", "enable_auto_merge", "rerun_red")


class BadMeta(BadSettings):
    """Values are refused in a sprint's meta; ``problems`` lists every reason."""


def plain_json(value: JsonValue, deep: int = DEEP) -> JsonValue:
    """Return ``value`` as every database returns it: 1e3 and 1000.0 become 1000.

    Raises ``BadMeta`` for values that JSON cannot hold (NaN, infinity) or PostgreSQL cannot store
    (NUL, a lone surrogate).
    """
    if deep < 0:
        text = f"meta is nested too deeply; at most {DEEP} levels"
        raise BadMeta(Problem("meta", ProblemCode.TOO_LONG, text))
    match value:
        case None | bool() | int():
            return value
        case str():
            return _text(value)
        case float() if value.is_integer():
            return int(value)
        case float() if value == value and abs(value) != float("inf"):
            return value
        case list():
            return [plain_json(one, deep - 1) for one in value]
        case dict():
            return {_text(key): plain_json(one, deep - 1) for key, one in value.items()}
    text = "meta holds a value that is not JSON"
    raise BadMeta(Problem("meta", ProblemCode.WRONG_TYPE, text))


def merged(meta: JsonMapping, patch: JsonMapping, shown: JsonMapping | None = None) -> JsonObject:
    """Return ``meta`` after a shallow merge of ``patch``, in which None removes a key.

    A key with its present value is no change, so a client may send back a whole sprint that it has
    read.
    ``shown`` is what state.json shows in the meta and the row keeps elsewhere.

    Raises ``BadMeta`` with every reason.
    """
    now = {"waiting_for": None, "stop_reason": None, **meta, **(shown or {})}
    changed = {
        key: value
        for key, value in plain_json(dict(patch), DEEP + 1).items()
        if (key in now or value is not None) and not (key in now and same(now[key], value))
    }
    problems = [
        Problem(key, ProblemCode.READ_ONLY, f"{key} is written by the gateway alone")
        for key in sorted(OURS & {*changed})
    ]
    given = {key: value for key, value in changed.items() if value is not None}
    problems += _problems(given)
    after = {k: v for k, v in {**meta, **changed}.items() if v is not None or k not in changed}
    problems += _too_large(after) if changed else []
    if problems:
        raise BadMeta(*problems)
    return after


def _problems(given: JsonMapping) -> list[Problem]:
    """Return every key of the gateway whose value is refused."""
    found = []
    if not isinstance(given.get("brief", ""), str):
        found.append(Problem("brief", ProblemCode.WRONG_TYPE, "brief must be a text"))
    found += [
        Problem(key, ProblemCode.WRONG_TYPE, f"{key} must be true or false")
        for key in BOOLEANS
        if _is_no_boolean(given, key)
    ]
    own = given.get("protected_paths")
    if isinstance(own, list) and len(own) > MOST_PATTERNS:
        text = f"protected_paths of a sprint lists at most {MOST_PATTERNS} patterns"
        found.append(Problem("protected_paths", ProblemCode.TOO_LONG, text))
    if not all(key.isprintable() and 0 < len(key) <= KEY_LENGTH for key in given):
        text = f"a key of meta is one line of 1 to {KEY_LENGTH} characters"
        found.append(Problem("meta", ProblemCode.WRONG_FORMAT, text))
    try:
        draft(given, [replace(DEFAULT_GATE, timeout_s=0.001, grace_s=0.0)])
    except ContractError as exc:
        found += exc.problems
    return found


def frozen(before: JsonMapping, after: JsonMapping) -> list[str]:
    """Return the changed keys that a running sprint must keep as its contract froze them."""
    return [key for key in sorted(FROZEN) if not same(before.get(key), after.get(key))]


def same(one: object, other: object) -> bool:
    """Return whether both values are the same JSON, in which true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _is_no_boolean(given: JsonMapping, key: str) -> bool:
    return key in given and not isinstance(given[key], bool)


def _too_large(meta: JsonMapping) -> list[Problem]:
    found = []
    brief = meta.get("brief")
    if isinstance(brief, str) and len(brief.encode()) > BRIEF_BYTES:
        text = f"a brief has at most {BRIEF_BYTES} bytes"
        found.append(Problem("brief", ProblemCode.TOO_LONG, text))
    others = {key: value for key, value in meta.items() if key != "brief"}
    if len(json.dumps(others)) > OTHER_BYTES:
        text = f"meta without its brief has at most {OTHER_BYTES} bytes"
        found.append(Problem("meta", ProblemCode.TOO_LONG, text))
    return found


def _text(text: str) -> str:
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        words = "a text in meta holds a NUL or half a surrogate pair"
        raise BadMeta(Problem("meta", ProblemCode.WRONG_FORMAT, words))
    return text
