"""Map a path of another store to this one. Pure."""

import re
from pathlib import PurePath

from sprints.contract.json_types import JsonObject, JsonValue

FOLDERS = {"folder", "stdout", "stderr"}  # path keys of a task's details


def mapped(path: str, sprint_id: str, artifacts: PurePath) -> str | None:
    """Return ``path`` mapped to the folder ``artifacts``; None if it is in no store's artifacts.

    The path may be absolute, or relative to a repository, its store or a sprint's folder, and may
    have Windows separators.
    """
    windows = re.match(r"[A-Za-z]:[\\/]|\\\\", path) or ("\\" in path and "/" not in path)
    parts = [part for part in (re.split(r"[\\/]", path) if windows else path.split("/")) if part]
    parts = [part for part in parts if part != "."]
    rest = None
    for at, part in enumerate(parts):
        inside = parts[at - 1 : at] == [".studio_gateway"] or parts[at + 1 : at + 2] == [sprint_id]
        if part == "artifacts" and (inside or at == 0):
            rest = parts[at + 1 :]
    relative = path[1:2] != ":" and not path.startswith(("/", "\\"))
    if rest is None and relative and parts[:1] in (["gates"], ["agents"], ["hooks"]):
        rest = [sprint_id, *parts]
    if rest is None or ".." in rest or any("\\" in part for part in rest):
        return None
    return str(artifacts.joinpath(*rest))


def led(path: str, sprint_id: str, artifacts: PurePath) -> str:
    """Return the mapped path, or the path itself if it cannot be mapped."""
    return (path and mapped(path, sprint_id, artifacts)) or path


def lead_sprint(sprint: JsonObject, name: str, artifacts: PurePath) -> list[JsonObject]:
    """Map the paths of a sprint of state.json in place; return the operations on state.json."""
    ops = []

    def put(where: str, target: JsonObject, key: str, value: JsonValue) -> None:
        if value != target[key]:
            target[key] = value
            path = f"/sprints/{name}{where}/{key}"
            ops.append({"op": "replace", "path": path, "value": value})

    put("", sprint, "artifacts_dir", led(sprint["artifacts_dir"], name, artifacts))
    for gate_id, gate in sprint["gates"].items():
        for key in ("stdout_path", "stderr_path"):
            put(f"/gates/{gate_id}", gate, key, gate[key] and led(gate[key], name, artifacts))
    for code, value in sprint["rounds"].items():
        for task_id, task in value["tasks"].items():
            where = f"/rounds/{code}/tasks/{task_id}"
            put(where, task, "details", led_details(task["details"], name, artifacts))
    return ops


def led_details(details: JsonObject, sprint_id: str, artifacts: PurePath) -> JsonObject:
    """Return a task's details with their paths mapped."""
    paths = {key: details[key] for key in FOLDERS & {*details} if isinstance(details[key], str)}
    return details | {key: led(path, sprint_id, artifacts) for key, path in paths.items()}
