"""List the documented keys and their types."""

import re

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
SPRINT_KEYS = {
    "sprint_id": str,
    "title": str,
    "created_ts": str,
    "status": str,
    "current_round": str | None,
    "rounds": dict,
    "gates": dict,
    "artifacts_dir": str,
    "last_error": str | None,
    "meta": dict,
}
ROUND_KEYS = {
    "round_id": str,
    "title": str,
    "status": str,
    "started_ts": str | None,
    "finished_ts": str | None,
    "notes": list,
    "tasks": dict,
}
TASK_KEYS = {
    "task_id": str,
    "title": str,
    "owner_agent": str,
    "status": str,
    "created_ts": str,
    "updated_ts": str,
    "details": dict,
}
GATE_KEYS = {
    "gate_id": str,
    "title": str,
    "command": list,
    "required": bool,
    "started_ts": str,
    "finished_ts": str | None,
    "exit_code": int | None,
    "stdout_path": str,
    "stderr_path": str,
}
EVENT_KEYS = {
    "ts": str,
    "kind": str,
    "message": str,
    "sprint_id": str | None,
    "round_id": str | None,
    "data": dict,
    "seq": int,
    "change": list,
    "prev": str,
    "hash": str,
}


def assert_shape(value, keys):
    """Exactly these keys, each of its type."""
    assert set(value) == set(keys)
    for key, kind in keys.items():
        assert isinstance(value[key], kind), key


def times(value):
    """Every time in it, wherever a key says that one is there."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if (key == "ts" or key.endswith("_ts")) and inner is not None:
                yield inner
            else:
                yield from times(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from times(inner)
