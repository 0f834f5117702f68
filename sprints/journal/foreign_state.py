"""Convert a state.json from another gateway to ours. Pure.

Every documented key is checked, missing keys get their empty value, unknown keys are kept.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sprints.contract.contract import CODES, GATED
from sprints.contract.json_types import JsonObject, JsonValue
from sprints.contract.meta import DEEP, BadMeta, plain_json
from sprints.contract.strict_json import strict_json
from sprints.ids import BadId, check_id
from sprints.journal.path_mapping import FOLDERS, mapped
from sprints.models import Round, Sprint, Task
from sprints.state.event_format import stamp


class Unfit(ValueError):
    """The state cannot be imported; the message says where and why."""


@dataclass(slots=True)
class Documented:
    """The imported state.

    ``sprints`` are by id as in state.json; ``extra`` holds the keys next to them. ``mapped`` counts
    converted paths; ``astray`` are the paths outside any store, which are kept unchanged.
    """

    sprints: dict[str, JsonObject]
    extra: JsonObject
    mapped: int = 0
    astray: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule for one key: its value in words, and its default where it is missing."""

    words: str
    holds: Callable[[object], bool]
    empty: JsonValue = None


def read(text: str, artifacts: Path) -> Documented:
    """Return the state in ``text``, with its paths mapped to the folder ``artifacts``.

    Raises ``Unfit``.
    """
    try:
        whole = plain_json(strict_json(text), DEEP + INSIDE)
    except (ValueError, BadMeta) as exc:
        raise Unfit(f"state.json cannot be read: {exc}") from exc
    if not isinstance(whole, dict) or not isinstance(whole.get("sprints"), dict):
        raise Unfit("state.json has no object sprints")
    if whole.get("version", 1) != 1:
        raise Unfit(f"state.json is of version {whole['version']!r}; this gateway reads version 1")
    found = Documented({}, {k: v for k, v in whole.items() if k not in ("sprints", "version")})
    lower: dict[str, str] = {}
    for name in sorted(whole["sprints"]):
        where = f"/sprints/{name}"
        _named(name, where, "sprint id")
        if (twin := lower.setdefault(name.lower(), name)) != name:
            raise Unfit(f"state.json {where} differs from {twin} in the case of its letters alone")
        found.sprints[name] = _sprint(name, whole["sprints"][name], where, artifacts, found)
    return found


def _sprint(
    name: str, given: JsonValue, where: str, artifacts: Path, found: Documented
) -> JsonObject:
    sprint = _filled(given, SPRINT, where, sprint_id=name)
    at = sprint["created_ts"]
    for code, value in sprint["rounds"].items():
        here = f"{where}/rounds/{code}"
        if code not in CODES:
            raise Unfit(f"state.json {here} is not a round; there are: {', '.join(CODES)}")
        one = sprint["rounds"][code] = _filled(value, ROUND, here, round_id=code)
        for task_id, task in one["tasks"].items():
            place = f"{here}/tasks/{task_id}"
            if not TASK_ID.fullmatch(task_id):
                raise Unfit(f"state.json {place}: a task id has 1 to 80 characters, without / or ~")
            made = _filled(task, TASK, place, at, task_id=task_id)
            one["tasks"][task_id] = made
            for key in FOLDERS & {*made["details"]}:
                made["details"][key] = _led(made["details"][key], name, artifacts, found)
    if sprint["gates"] and not sprint["rounds"]:  # a gate runs in some round
        sprint["rounds"][GATED[0]] = _filled({}, ROUND, where, round_id=GATED[0])
    for gate_id, gate in sprint["gates"].items():
        here = f"{where}/gates/{gate_id}"
        _named(gate_id, here, "gate id")
        made = sprint["gates"][gate_id] = _filled(gate, GATE, here, at, gate_id=gate_id)
        for key in ("stdout_path", "stderr_path"):
            made[key] = _led(made[key], name, artifacts, found)
    own = _led(sprint["artifacts_dir"], name, artifacts, found)
    return sprint | {"artifacts_dir": own or str(artifacts / name)}


def _named(name: str, where: str, what: str) -> None:
    try:
        check_id(name, what)
    except BadId as exc:
        raise Unfit(f"state.json {where}: {exc}") from exc


def _filled(
    given: JsonValue, rules: Mapping[str, Rule], where: str, at: str | None = None, **own: str
) -> JsonObject:
    """Return the object with all documented keys.

    ``own`` are keys that must have the given values, ``at`` is the default for missing times.
    """
    if not isinstance(given, dict):
        raise Unfit(f"state.json {where} is not an object")
    for key, name in own.items():
        if given.get(key, name) != name:
            raise Unfit(f"state.json {where}/{key} is {given[key]!r}, not its name")
    made = {**own, **given}
    for key, rule in rules.items():
        if key not in made:
            empty = at if rule.empty is AT else rule.empty
            if empty is None and not rule.holds(None):
                raise Unfit(f"state.json {where}/{key} is missing")
            made[key] = type(empty)() if isinstance(empty, dict | list) else empty
        elif not rule.holds(made[key]):
            raise Unfit(f"state.json {where}/{key} is not {rule.words}")
        elif key.endswith("_ts") and made[key] is not None:
            made[key] = stamp(lenient_moment(made[key]))
    return made


def _led(path: JsonValue, sprint_id: str, artifacts: Path, found: Documented) -> JsonValue:
    """Return the path mapped to this store; unchanged if it belongs to no store."""
    if not isinstance(path, str) or not path:
        return path
    led = mapped(path, sprint_id, artifacts)
    if led is None:
        found.astray.append(path)
        return path
    found.mapped += led != path
    return led


def lenient_moment(text: str) -> datetime:
    """Return the time of a text; a time without a zone is in UTC. Raises ``ValueError``."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def is_time(value: object) -> bool:
    """Return whether ``value`` is the text of a time."""
    try:
        return isinstance(value, str) and bool(stamp(lenient_moment(value)))
    except (ValueError, OverflowError):
        return False


def _text(most: int = 1 << 20) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and len(value) <= most


def _or_null(holds: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or holds(value)


def _of(kind: type) -> Callable[[object], bool]:
    return lambda value: type(value) is kind


def _one_of(words: Iterable[str]) -> Rule:
    known = sorted(words)
    return Rule(f"one of {', '.join(known)}", lambda value: value in known)


AT = object()
INSIDE = 8  # levels of the file above a task's details
TASK_ID = re.compile(r"[^/~\x00-\x1f\x7f]{1,80}")
_TIME = "a time like 2026-11-24T09:57:01Z"
_LINE = Rule("a text of at most 200 characters", _text(200), "")
_OBJECT = Rule("an object", _of(dict), {})
_LIST = Rule("a list", _of(list), [])
_WHEN = Rule(_TIME, is_time, AT)
_MAYBE = Rule(f"{_TIME}, or null", _or_null(is_time))
_PATH = Rule("a path, or null", _or_null(_text(4000)), "")


def _status(words: Iterable[str], empty: str) -> Rule:
    rule = _one_of(words)
    return Rule(rule.words, rule.holds, empty)


SPRINT = {
    "title": _LINE,
    "created_ts": Rule(_TIME, is_time),
    "status": _status([*Sprint.Status], "created"),
    "current_round": Rule("a round, or null", lambda value: value is None or value in CODES),
    "rounds": _OBJECT,
    "gates": _OBJECT,
    "artifacts_dir": Rule("a path", _text(4000), ""),
    "last_error": Rule("a text, or null", _or_null(_text())),
    "meta": _OBJECT,
}
ROUND = {
    "title": _LINE,
    "status": _status([*Round.Status], "pending"),
    "started_ts": _MAYBE,
    "finished_ts": _MAYBE,
    "notes": _LIST,
    "tasks": _OBJECT,
}
TASK = {
    "title": _LINE,
    "owner_agent": Rule("a text of at most 32 characters", _text(32), ""),
    "status": _status([*Task.Status], "pending"),
    "created_ts": _WHEN,
    "updated_ts": _WHEN,
    "details": _OBJECT,
}
GATE = {
    "title": _LINE,
    "command": Rule(
        "a list of texts", lambda v: type(v) is list and all(type(one) is str for one in v), []
    ),
    "required": Rule("true or false", _of(bool), True),
    "started_ts": _WHEN,
    "finished_ts": _MAYBE,
    "exit_code": Rule("a whole number, or null", _or_null(_of(int))),
    "stdout_path": _PATH,
    "stderr_path": _PATH,
}
