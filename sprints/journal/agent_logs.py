"""Write the studio's logs of its agents, schema 2.0: one file an agent, in the user's repository.

The setting ``agent_logs`` turns this on. An entry is a function of the rows and events of its
round and attempt; all other content of a file stays. The next command writes entries that a crash
has left out: a file in the store records the last event in the logs.
"""

import json
import os
import shlex
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from gates import fault_points, users_umask
from sprints.contract.json_types import JsonObject, JsonValue
from sprints.contract.strict_json import strict_json
from sprints.models import Agent, Event, Head, Task
from sprints.state.event_format import stamp
from sprints.store.file_lock import locked
from sprints.store.layout import AGENT_LOGS, Store, StoreError, write_private

FOLDER = Path(AGENT_LOGS)
MARK = "agent_logs.seq"  # a file in the store
VERSION = "2.0"
ENDS = ("task_done", "task_asks", "task_failed", "task_returned", "task_stopped")
STATUS = {"done": "done", "blocked": "failed", "cancelled": "failed"}


def keep(store: Store) -> None:
    """Bring the logs up to the last committed event, beginning where they were turned on.

    Raises ``OSError`` and ``StoreError``.
    """
    with locked(store.root / "agent_logs.lock"):
        last, mark = Head.objects.get(pk=1).seq, store.root / MARK
        since = int(mark.read_text("ascii")) if mark.exists() else None
        if since is not None and since < last:
            _write(store.repo, since, last)
        if since != last:
            write_private(mark, f"{last}\n")


def _write(repo: Path, since: int, last: int) -> None:
    recorded = Event.objects.filter(seq__gt=since, seq__lte=last, kind__in=ENDS)
    sprints: dict[str, set[str]] = defaultdict(set)
    for event in recorded.only("line", "sprint_id").iterator():
        sprints[event.body["data"]["agent"]].add(event.sprint_id or "")
    for agent_id, names in sorted(sprints.items()):
        _update(repo, agent_id, sorted(names))


def _update(repo: Path, agent_id: str, sprint_ids: Iterable[str]) -> None:
    label = Agent.objects.values_list("label", flat=True).filter(pk=agent_id).first() or agent_id
    number = agent_id.removeprefix("agent_")
    path = _place(repo) / f"agent_{number}_{label}.json"
    log = _read(path, {"id": number, "name": label})
    for sprint_id in sprint_ids:
        there = log["sprints"].setdefault(sprint_id, {})
        there.setdefault("sprint_meta", {"plan_ref": None, "notes": ""})
        rounds = there.setdefault("rounds", {})
        for name, entry in _entries(sprint_id, agent_id).items():
            rounds[name] = {**rounds.get(name, {}), **entry}
    _replace(path, json.dumps(log, indent=2, ensure_ascii=False) + "\n")


def _place(repo: Path) -> Path:
    """Return the folder, made if missing. Raises ``StoreError`` if it leaves the repository."""
    folder = repo / FOLDER
    if not folder.resolve().is_relative_to(repo.resolve()):
        raise StoreError(f"{folder} leads out of the repository", "config set agent_logs false")
    users_umask.make_folder(folder)
    return folder


def _read(path: Path, agent: dict[str, str]) -> JsonObject:
    """Return the log in the file; a new log if there is no file."""
    log: JsonValue = {"schema_version": VERSION, "agent": agent, "notes": "", "sprints": {}}
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise StoreError(f"{path} is not a file", "move it away")
    if path.exists():
        try:
            log = strict_json(path.read_text("utf-8"))
        except ValueError as exc:
            raise StoreError(f"{path} is not JSON: {exc}", "mend it, or move it away") from exc
    whole: JsonObject = log if isinstance(log, dict) else {}
    sprints = whole.get("sprints")
    if not _all_objects(sprints) or not all(
        _all_objects(one.get("rounds", {})) for one in whole["sprints"].values()
    ):
        raise StoreError(f"{path} is no log of schema {VERSION}", "mend it, or move it away")
    return whole


def _all_objects(value: JsonValue) -> bool:
    return isinstance(value, dict) and all(isinstance(one, dict) for one in value.values())


def _entries(sprint_id: str, agent_id: str) -> dict[str, JsonObject]:
    """Return the agent's questions and answers in the sprint, one entry a round and attempt."""
    replies = _replies(sprint_id, agent_id)
    found: dict[str, list[Task]] = defaultdict(list)
    tasks = Task.objects.filter(round__sprint=sprint_id, owner_agent=agent_id)
    for task in tasks.order_by("created_at", "id"):
        if task.status in STATUS:
            again = f"_attempt{task.attempt}" if task.attempt > 1 else ""
            found[f"{task.round_id.split('/')[1]}{again}"].append(task)
    return {name: _entry(sprint_id, name, tasks, replies) for name, tasks in found.items()}


def _replies(sprint_id: str, agent_id: str) -> dict[str, JsonObject]:
    """Return the parts of the last reply of each task, by its row."""
    recorded = Event.objects.filter(sprint_id=sprint_id, kind__in=ENDS).order_by("seq")
    bodies = (event.body for event in recorded.only("line").iterator())
    return {
        f"{sprint_id}/{body['round_id']}/{body['data']['task_id']}": body["data"]["reply"]
        for body in bodies
        if body["data"]["agent"] == agent_id and isinstance(body["data"].get("reply"), dict)
    }


def _entry(
    sprint_id: str, name: str, tasks: list[Task], replies: dict[str, JsonObject]
) -> JsonObject:
    last = tasks[-1]
    said = [replies[task.pk] for task in tasks if task.pk in replies]
    ran = [task.details for task in tasks if task.details.get("command")]
    asks = last.details.get("asks")
    return {
        "sprint_id": sprint_id,
        "round_id": name,
        "round_meta": {"attempt": last.attempt, "tasks": [task.task_id for task in tasks]},
        "prompt_text": last.prompt,
        "status": "blocked" if asks and last.status == "blocked" else STATUS[last.status],
        "what_i_changed": _all(said, "deliverables"),
        "files_touched": _all([one.get("work", {}) for one in ran], "paths"),
        "commands_run": [
            {"command": shlex.join(one["command"]), "exit_code": one.get("exit_code")}
            for one in ran
        ],
        "evidence": [one["folder"] for one in ran],
        "blockers": _all(said, "questions"),
        "follow_ups": _all(said, "next_actions"),
        "response": {
            "received_at": stamp(last.updated_at),
            "status": said[-1]["status"] if said else last.details.get("reason", ""),
            "raw": last.reply,
        },
    }


def _all(parts: Iterable[JsonObject], key: str) -> list[str]:
    return list(dict.fromkeys(line for part in parts for line in part.get(key, ())))


def _replace(path: Path, text: str) -> None:
    """Replace the file atomically and durably, unless it has this text already."""
    raw = text.encode("utf-8", "replace")
    if path.exists() and path.read_bytes() == raw:
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(raw)
            file.flush()
            fault_points.fsync("before_state_fsync", file.fileno())
        users_umask.give(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
