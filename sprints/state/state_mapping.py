"""Map rows to state.json: which field has which key, and where."""

from datetime import datetime

from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.state.engine_meta import SprintMeta
from sprints.state.event_format import stamp

# field of the row -> key of state.json; fields not listed are not in the file. A key
# with a slash belongs to another field's object, and exists only with a value.
KEYS: dict[str, dict[str, str]] = {
    "sprint": {
        "sprint_id": "sprint_id",
        "title": "title",
        "created_at": "created_ts",
        "status": "status",
        "current_round": "current_round",
        "artifacts_dir": "artifacts_dir",
        "last_error": "last_error",
        "meta": "meta",
        "waiting": "meta/waiting_for",
        "stop_reason": "meta/stop_reason",
    },
    "round": {
        "code": "round_id",
        "title": "title",
        "status": "status",
        "started_at": "started_ts",
        "finished_at": "finished_ts",
        "notes": "notes",
    },
    "task": {
        "task_id": "task_id",
        "title": "title",
        "owner_agent": "owner_agent",
        "status": "status",
        "created_at": "created_ts",
        "updated_at": "updated_ts",
        "details": "details",
    },
    "gate_run": {
        "gate_id": "gate_id",
        "title": "title",
        "command": "command",
        "required": "required",
        "started_at": "started_ts",
        "finished_at": "finished_ts",
        "exit_code": "exit_code",
        "stdout_path": "stdout_path",
        "stderr_path": "stderr_path",
    },
}


CHILDREN: dict[str, tuple[str, ...]] = {"sprint": ("rounds", "gates"), "round": ("tasks",)}


def escaped(key: str) -> str:
    """Return ``key`` as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def unescaped(part: str) -> str:
    """Return the key that a part of a JSON pointer stands for (RFC 6901)."""
    return part.replace("~1", "/").replace("~0", "~")


def pointer(row: str, pk: str) -> str:
    """Return the JSON pointer of the row in state.json. Ids need no escaping."""
    parts = pk.split("/")
    sprint = f"/sprints/{parts[0]}"
    match row:
        case "sprint":
            return sprint
        case "round":
            return f"{sprint}/rounds/{parts[1]}"
        case "task":
            return f"{sprint}/rounds/{parts[1]}/tasks/{parts[2]}"
        case _:
            return f"{sprint}/gates/{parts[1]}"


def plain(value: JsonValue) -> JsonValue:
    """Return ``value`` as JSON data: times as text, a meta as it is stored."""
    if isinstance(value, datetime):
        return stamp(value)
    return value.stored if isinstance(value, SprintMeta) else value


def fragment(row: str, values: JsonMapping) -> JsonObject:
    """Return the row's own object in state.json, without children.

    Imported keys (``extra``) are added unchanged.
    """
    own = {key: plain(values.get(name)) for name, key in KEYS[row].items() if "/" not in key}
    for name, key in KEYS[row].items():
        if "/" in key and values.get(name) is not None:
            where, inner = key.split("/")
            own[where] = own[where] | {inner: plain(values[name])}
    return own | {child: {} for child in CHILDREN.get(row, ())} | (values.get("extra") or {})
