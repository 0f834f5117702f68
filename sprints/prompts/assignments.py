"""Parse the tasks that Agent 01 assigns: a fenced JSON block in its reply, read strictly. Pure."""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Self

from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.contract.strict_json import strict_json

MOST_TASKS, MOST_ITEMS, MOST_ERRORS = 12, 20, 12
LONGEST_BLOCK = 16_000  # characters
LONGEST = {"title": 120, "what": 2000, "rollback": 500}
LONGEST_ITEM = 200
NEEDED = ("id", "agent", "title", "what")
LISTS = ("files", "tests", "after")
KEYS = (*NEEDED, *LISTS, "rollback")

_BEGINS, _ENDS = "```json", "```"
_MARK = '"tasks"'  # marks our blocks: a reply may contain other JSON
EXAMPLE = """\
```json
{"tasks": [{
  "id": "importer", "agent": "agent_NN", "title": "Read the file",
  "what": "What is there once it is done, in a sentence or two.",
  "files": ["src/importer.py"], "tests": ["python -m pytest tests/test_importer.py"],
  "after": [], "rollback": "remove the file"}]}
```
"""
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Assignment:
    """One task of one implementer. ``after`` are the ids of its predecessors."""

    id: str
    agent: str
    title: str
    what: str
    files: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    rollback: str = ""

    def to_json(self) -> JsonObject:
        """Return the task as JSON data for the details of a task."""
        return asdict(self) | {key: [*getattr(self, key)] for key in LISTS}

    @classmethod
    def from_json(cls, data: JsonMapping) -> Self:
        """Return the task that ``to_json`` has written."""
        return cls(**{**data, **{key: tuple(data[key]) for key in LISTS}})

    def lines(self) -> str:
        """Return the task as text for a prompt."""
        reported = [f"- {self.id} ({self.agent}): {self.title}", f"  {self.what}"]
        for name in LISTS:
            if items := getattr(self, name):
                reported.append(f"  {name}: {', '.join(items)}")
        if self.rollback:
            reported.append(f"  rollback: {self.rollback}")
        return "\n".join(reported) + "\n"


class Unusable(ValueError):
    """The block is not a valid plan; ``errors`` say why, a line each."""

    def __init__(self, errors: list[str]) -> None:
        more = len(errors) - MOST_ERRORS
        kept = errors[:MOST_ERRORS] + ([f"and {more} more"] if more > 0 else [])
        super().__init__("; ".join(kept))
        self.errors = kept


def block(text: str) -> str | None:
    """Return the last task block of the reply, even if unterminated; None without one."""
    lines = text.split("\n")
    found = ["\n".join(lines[start + 1 : end]) for start, end in _blocks(lines)]
    ours = [body for body in found if _MARK in body and body.strip() not in EXAMPLE]
    return ours[-1] if ours else None


def without(text: str) -> str:
    """Return the reply without its task blocks."""
    lines = text.split("\n")
    for start, end in reversed(_blocks(lines)):
        if end < len(lines) and any(_MARK in line for line in lines[start:end]):
            del lines[start : end + 1]
    return "\n".join(lines)


def _blocks(lines: list[str]) -> list[tuple[int, int]]:
    """Return the first and last line of each fenced JSON block; past the end if unterminated."""
    found, start = [], -1
    for number, line in enumerate(lines):
        words = line.strip()
        if words == _BEGINS and start < 0:
            start = number
        elif words == _ENDS and start >= 0:
            found.append((start, number))
            start = -1
    return [*found, (start, len(lines))] if start >= 0 else found


def parse(body: str, able: Collection[str]) -> tuple[Assignment, ...]:
    """Return the tasks in order: as listed, but each after its predecessors.

    ``able`` are the agents to which tasks may be assigned. Raises ``Unusable`` with every reason.
    """
    if len(body) > LONGEST_BLOCK:
        raise Unusable([f"it has {len(body)} characters; at most {LONGEST_BLOCK}"])
    try:
        whole = strict_json(body)
    except ValueError as exc:
        raise Unusable([f"it is not JSON: {exc}"]) from exc
    if not isinstance(whole, dict) or [*whole] != ["tasks"] or not isinstance(whole["tasks"], list):
        raise Unusable(['it must be an object with one key, "tasks", a list'])
    rows = whole["tasks"]
    if not 1 <= len(rows) <= MOST_TASKS:
        raise Unusable([f"tasks: from 1 to {MOST_TASKS} of them, not {len(rows)}"])
    errors = [error for n, row in enumerate(rows, 1) for error in _wrong(n, row, able)]
    if not errors:
        errors = [*_unlinked(rows)]
    if errors:
        raise Unusable(errors)
    return _ordered([_made(row) for row in rows])


def _wrong(number: int, row: JsonValue, able: Collection[str]) -> Iterator[str]:
    """Yield the faults of one task alone."""
    if not isinstance(row, dict):
        yield f"task {number} must be an object"
        return
    name = f"task {number}"
    if isinstance(row.get("id"), str) and _ID.fullmatch(row["id"]):
        name = f"task {row['id']}"
    elif "id" in row:
        yield f"{name}: id must be 1 to 40 of a-z, 0-9, - and _, and begin with a letter or digit"
    yield from (f"{name}: {key} is missing" for key in NEEDED if key not in row)
    yield from (f"{name}: there is no key {_shown(key)}" for key in row if key not in KEYS)
    for key, longest in LONGEST.items():
        if key in row and not _is_text(row[key], longest, empty=key == "rollback"):
            yield f"{name}: {key} must be a text of at most {longest} characters"
    for key in LISTS:
        items = row.get(key, [])
        if not isinstance(items, list) or not all(_is_text(one, LONGEST_ITEM) for one in items):
            yield f"{name}: {key} must be a list of texts, each at most {LONGEST_ITEM} characters"
        elif len(items) > MOST_ITEMS:
            yield f"{name}: {key} has {len(items)} entries; at most {MOST_ITEMS}"
        elif key == "files":
            yield from (
                f"{name}: {_shown(one)} is no path inside the repository"
                for one in items
                if not _is_inside(one)
            )
    if "agent" in row and row["agent"] not in able:
        there = f"you may name: {', '.join(able)}"
        yield f"{name}: {_shown(row['agent'])} is no active agent that is a program; {there}"


def _unlinked(rows: list[JsonObject]) -> Iterator[str]:
    """Yield the faults between tasks that are valid alone."""
    ids = [row["id"] for row in rows]
    yield from (
        f"the id {one} stands twice" for one in sorted({i for i in ids if ids.count(i) > 1})
    )
    for row in rows:
        unknown = [one for one in row.get("after", []) if one not in ids]
        yield from (f"task {row['id']}: after names no task {_shown(one)}" for one in unknown)
    if left := _left([_made(row) for row in rows if len({*ids}) == len(ids)]):
        waiting = ", ".join(task.id for task in left if {*task.after} <= {*ids})
        if waiting:
            yield f"the tasks {waiting} wait for each other"


def _left(tasks: list[Assignment]) -> list[Assignment]:
    """Return the tasks that wait for each other."""
    done = {task.id for task in _ordered(tasks)}
    return [task for task in tasks if task.id not in done]


def _ordered(tasks: list[Assignment]) -> tuple[Assignment, ...]:
    """Return the tasks in order: each time the first listed one whose predecessors are done."""
    order: list[Assignment] = []
    while ready := [
        task
        for task in tasks
        if task not in order and {*task.after} <= {before.id for before in order}
    ]:
        order.append(ready[0])
    return tuple(order)


def _made(row: JsonObject) -> Assignment:
    values: JsonObject = {key: " ".join(row[key].split()) for key in LONGEST if key in row}
    values |= {key: tuple(dict.fromkeys(row.get(key, ()))) for key in LISTS}
    return Assignment(id=row["id"], agent=row["agent"], **values)


def _is_text(value: object, longest: int, *, empty: bool = False) -> bool:
    """Return whether ``value`` is printable text of at most ``longest`` characters."""
    if not isinstance(value, str) or len(value) > longest:
        return False
    words = " ".join(value.split())
    return words.isprintable() and bool(words or empty)


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return not path.startswith("/") and "\\" not in path and ".." not in parts


def _shown(value: object) -> str:
    return json.dumps(value)[:60]
