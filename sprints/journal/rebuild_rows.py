"""Project events to rows as plain values, without using the models' code.

Values in state.json come from the projection; all others come from the data of the events. A task
or a run is emitted when it ends, so memory is bounded by the open ones and by the state itself.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import PurePath
from typing import TypeVar

from sprints.contract.json_types import JsonObject
from sprints.journal.path_mapping import lead_sprint, led, led_details
from sprints.journal.projection import apply
from sprints.journal.settings_projection import Settings
from sprints.journal.spill_dict import Shelf
from sprints.state.event_codes import EventCode
from sprints.state.event_format import moment_or_none
from sprints.state.version0 import act_of, cause_of

Value = TypeVar("Value")
Row = tuple[str, JsonObject]
TASK_KINDS = "task_started task_done task_asks task_failed task_stopped task_returned".split()
MOVED = "imported"  # the kind of the event that imported a whole store
ENDED = ("failed", "blocked", "succeeded", "cancelled")
WAIT = {"what", "who", "since_ts", "until_ts"}
PATHS = ("stdout_path", "stderr_path")  # the only texts that may be null in imported rows
FELL: JsonObject = {
    "status": "interrupted",
    "reason": "the engine fell",
    "duration_s": None,
    "tree": "",
}
FELL |= {"excerpt": "", "confined": "", "cause": "", "network": {}}
IMPORTED_RUN: JsonObject = {"number": 1, "attempt": 1, "digest": ""}
OURS = {
    "sprint": "sprint_id title created_ts status current_round artifacts_dir last_error meta rounds"
    " gates",
    "round": "round_id title status started_ts finished_ts notes tasks",
    "task": "task_id title owner_agent status created_ts updated_ts details",
    "gate_run": "gate_id title command required started_ts finished_ts exit_code stdout_path"
    " stderr_path",
}


def retell(events: Iterable[JsonObject], moves: Sequence[tuple[int, str]] = ()) -> Iterator[Row]:
    """Yield every row as (kind, values), with aware times.

    Tasks, gate runs and deliveries come as they end, the rest after the last event. Kinds: sprint,
    round, task, gate_run, delivery, gate, hook, schedule, agent (changed ones), ``head`` with the
    keys next to the sprints, and ``lost`` with a line for each incomplete setting. Raises
    ``KeyError`` for an impossible patch.

    ``moves`` are the seqs of the events that imported the whole store, each with the new artifacts
    folder. Paths of rows that ended earlier are mapped there.
    """
    story = _Story(moves)
    for event in events:
        story.before(event)
        apply(story.state, event["change"])
        yield from story.after(event)
    yield from story.end()


class _Story:
    """The projected state up to the present event, and the rows' values beside it."""

    def __init__(self, moves: Sequence[tuple[int, str]]) -> None:
        self.moves = moves
        self.seq = 0
        self.state: JsonObject = {}
        self.beside: MutableMapping[str, JsonObject] = Shelf()
        self.prompts: dict[str, JsonObject] = {}
        self.runs: dict[str, JsonObject] = {}
        self.overdue: dict[str, str] = {}  # the warning among the notes of a round, by its id
        self.deliveries: dict[str, JsonObject] = {}
        self.settings = Settings()
        self.archived: MutableMapping[str, JsonObject] = Shelf()

    def before(self, event: JsonObject) -> None:
        """Prepare for the event's change: a new sprint begins with empty values."""
        self.seq = event["seq"]
        if event["kind"] in ("sprint_created", "sprint_imported") and "imported" not in event:
            blank = {"started_at": None, "finished_at": None, "attempt": 1, "archived_at": None}
            self.beside[event["sprint_id"]] = blank | {"contract": None, "cancel_by": "", "n": 0}
        elif event["kind"] == "sprint_archived" and event["sprint_id"] in self.beside:
            name = event["sprint_id"]
            self.archived[name] = self.state["sprints"][name]
            self.beside[name]["archived_at"] = event["ts"]

    def after(self, event: JsonObject) -> Iterator[Row]:
        """Yield the rows that end with the event."""
        data = event["data"]
        if "imported" in event:
            return  # an imported line, which explains nothing here
        if event["sprint_id"] is None or event["sprint_id"] not in self.beside:
            self.settings.apply(event)
            if event["kind"] == MOVED:
                for name, sprint in self.archived.items():
                    lead_sprint(sprint, name, PurePath(data["artifacts"]))
            return
        self._sprint(event, data)
        match event["kind"]:
            case kind if kind in TASK_KINDS:
                name = f"{event['sprint_id']}/{event['round_id']}/{data['task_id']}"
                self._asked(name, event["kind"], data)
                if event["kind"] == "task_done":
                    yield self._task(name)
            case "gate_started":
                self.runs[f"{event['sprint_id']}/{data['gate_id']}"] = {
                    "round_id": f"{event['sprint_id']}/{event['round_id']}",
                    **{key: data[key] for key in ("number", "attempt", "digest")},
                }
            case "gate_finished":
                words = {"status": data["verdict"], "reason": data["reason"]}
                words |= {"duration_s": data["duration_s"], "cause": cause_of(event).value}
                words |= {key: data.get(key, "") for key in ("tree", "excerpt", "confined")}
                words["network"] = data.get("network", {})
                yield self._run(f"{event['sprint_id']}/{data['gate_id']}", words)
            case "error":
                yield from (self._run(name, FELL) for name in self._cut_short(event))
            case "sprint_restored":
                del self.archived[event["sprint_id"]]
                self.beside[event["sprint_id"]]["archived_at"] = None
            case "sprint_imported":
                yield from self._imported(event["sprint_id"], data)
            case "hook_started":
                self._hook_started(event, data)
            case "hook_finished":
                yield from self._hook_finished(data)

    def end(self) -> Iterator[Row]:
        """Yield the rows that are still open, and those that can always change."""
        self.moves = ()  # paths of open rows were mapped with their sprint
        for name in [*self.prompts]:
            yield self._task(name)
        for name in [*self.runs]:
            yield self._run(name, FELL | {"status": "running", "reason": ""})
        for row in self.deliveries.values():
            yield "delivery", row
        for name, sprint in chain(self.state.get("sprints", {}).items(), self.archived.items()):
            yield "sprint", self._whole(name, sprint)
            for code, value in sprint["rounds"].items():
                yield (
                    "round",
                    {
                        "id": f"{name}/{code}",
                        "sprint_id": name,
                        "code": code,
                        **{key: value[key] for key in ("title", "status", "notes")},
                        "started_at": moment_or_none(value["started_ts"]),
                        "finished_at": moment_or_none(value["finished_ts"]),
                        "overdue_note": self.overdue.get(f"{name}/{code}", ""),
                        "extra": beyond("round", value),
                    },
                )
        yield from self.settings.rows()
        beside = {k: v for k, v in self.state.items() if k not in ("sprints", "version")}
        if beside:
            yield "head", {"id": 1, "extra": beside}
        yield "lost", {"lines": self.settings.lost()}

    def _of(self, sprint_id: str) -> JsonObject:
        """Return the sprint's state, archived or not."""
        sprint: JsonObject = self.archived.get(sprint_id) or self.state["sprints"][sprint_id]
        return sprint

    def _whole(self, name: str, sprint: JsonObject) -> JsonObject:
        beside = dict(self.beside[name])
        meta, waiting, reason = dict(sprint["meta"]), None, None
        if isinstance(meta.get("waiting_for"), dict) and {*meta["waiting_for"]} >= WAIT:
            waiting = meta.pop("waiting_for")  # otherwise it is an imported key
        if isinstance(meta.get("stop_reason"), dict) and "code" in meta["stop_reason"]:
            reason = meta.pop("stop_reason")
        keys = ("title", "status", "current_round", "artifacts_dir", "last_error")
        return {
            "sprint_id": name,
            **{key: sprint[key] for key in keys},
            "created_at": moment_or_none(sprint["created_ts"]),
            "meta": meta,
            "waiting": waiting,
            "stop_reason": reason,
            "extra": beyond("sprint", sprint),
            "version": beside.pop("n"),
            **{
                at: moment_or_none(beside.pop(at))
                for at in ("started_at", "finished_at", "archived_at")
            },
            **beside,
        }

    def _sprint(self, event: JsonObject, data: JsonObject) -> None:
        """Update the sprint's values that are not in the state."""
        beside, at = self.beside[event["sprint_id"]], event["ts"]
        beside["n"] += 1
        where = f"/sprints/{event['sprint_id']}/status"
        status = [op["value"] for op in event["change"] if op["path"] == where]
        if status:
            beside["finished_at"] = at if status[-1] in ENDED else None
        self._add_rounds(event)
        if "contract" in data:
            beside["contract"] = self.settings.contract = data["contract"]
        if event["kind"] != "note":
            return
        if data.get("point") == "sprint_start":
            beside["started_at"] = at
        if "attempt" in data and "digest" in data:
            beside |= {"attempt": data["attempt"], "cancel_by": ""}
        elif act_of(event) in (EventCode.CANCEL_REQUESTED, EventCode.SPRINT_CANCELLED):
            beside["cancel_by"] = data["by"]
            if status:
                self._drop(event["sprint_id"], moment_or_none(at))

    def _add_rounds(self, event: JsonObject) -> None:
        """Keep which note is the warning that a round is over its minutes, until it reopens."""
        for op in event["change"]:
            match op["path"].split("/"):
                case ["", "sprints", name, "rounds", code, "status"] if op["value"] == "pending":
                    self.overdue.pop(f"{name}/{code}", None)
                case ["", "sprints", name, "rounds", code, "notes"]:
                    if act_of(event) == EventCode.ROUND_OVERDUE:
                        self.overdue[f"{name}/{code}"] = op["value"][-1]

    def _asked(self, name: str, kind: str, data: JsonObject) -> None:
        """Update a task's prompt and reply; the reply stays until the next one."""
        if kind == "task_started":
            before = self.prompts.get(name, {}).get("reply")
            asked = {"prompt": data["prompt"], "attempt": data["attempt"]}
            self.prompts[name] = asked | {"reply": before}
        else:
            self.prompts[name]["reply"] = data.get("text") or data.get("reply")

    def _task(self, name: str) -> Row:
        sprint, code, task_id = name.split("/")
        value = self._of(sprint)["rounds"][code]["tasks"][task_id]
        return "task", {
            "id": name,
            "round_id": f"{sprint}/{code}",
            **{key: value[key] for key in ("task_id", "title", "owner_agent", "status")},
            "details": self._moved(value["details"], sprint, led_details),
            "created_at": moment_or_none(value["created_ts"]),
            "updated_at": moment_or_none(value["updated_ts"]),
            "extra": beyond("task", value),
            **self.prompts.pop(name),
        }

    def _run(self, name: str, words: JsonObject) -> Row:
        sprint, gate_id = name.split("/")
        value, beside = self._of(sprint)["gates"][gate_id], self.runs.pop(name)
        keys = ("gate_id", "title", "command", "required", "exit_code")
        return "gate_run", {
            "id": f"{name}/{beside['number']}",
            **{key: value[key] for key in keys},
            **{key: self._moved(value[key] or "", sprint, led) for key in PATHS},
            "extra": beyond("gate_run", value),
            "started_at": moment_or_none(value["started_ts"]),
            "finished_at": moment_or_none(value["finished_ts"]),
            **beside,
            **words,
        }

    def _cut_short(self, event: JsonObject) -> list[str]:
        """Return the open gate runs that end because the core failed on their sprint."""
        paths = [op["path"].split("/") for op in event["change"]]
        ends = [f"{path[2]}/{path[4]}" for path in paths if path[3::2] == ["gates", "finished_ts"]]
        return [name for name in ends if name in self.runs]

    def _moved(
        self, value: Value, sprint_id: str, lead: Callable[[Value, str, PurePath], Value]
    ) -> Value:
        if self.moves and self.seq < self.moves[-1][0]:
            return lead(value, sprint_id, PurePath(self.moves[-1][1]))
        return value

    def _imported(self, sprint_id: str, data: JsonObject) -> Iterator[Row]:
        """Yield the runs of an imported sprint, which are over; its tasks may still end."""
        self.beside[sprint_id]["finished_at"] = data["finished_ts"]
        blank = {"prompt": "", "attempt": 1, "reply": None}
        for code, value in self.state["sprints"][sprint_id]["rounds"].items():
            for task_id in value["tasks"]:
                self.prompts[f"{sprint_id}/{code}/{task_id}"] = dict(blank)
        for gate_id, run in data["runs"].items():
            place = {"round_id": f"{sprint_id}/{run['round_id']}"}
            self.runs[f"{sprint_id}/{gate_id}"] = place | IMPORTED_RUN
            recorded = ("status", "reason", "duration_s")
            yield self._run(f"{sprint_id}/{gate_id}", {key: run[key] for key in recorded})

    def _hook_started(self, event: JsonObject, data: JsonObject) -> None:
        row = self.deliveries.setdefault(
            data["delivery"],
            {
                "id": data["delivery"],
                "hook_id": data["hook_id"],
                "point": data["point"],
                "sprint_id": event["sprint_id"],
                "place": data.get("place", ""),
                "payload": data.get("payload", ""),
                "created_at": moment_or_none(event["ts"]),
                "failures": 0,
                "next_at": None,
            },
        )
        row |= {"status": "running", "tries": data["try"]}

    def _hook_finished(self, data: JsonObject) -> Iterator[Row]:
        row = self.deliveries[data["delivery"]]
        row |= {key: data[key] for key in ("status", "exit_code", "reason", "duration_s")}
        row["reason"] = row["reason"][:500]
        row["failures"] = data.get("failures", row["failures"])
        row["next_at"] = moment_or_none(data.get("next_ts"))
        row["finished_at"] = moment_or_none(data.get("finished_ts"))
        if data["status"] in ("delivered", "failed"):
            yield "delivery", self.deliveries.pop(data["delivery"])

    def _drop(self, sprint_id: str, at: datetime | None) -> None:
        for row in self.deliveries.values():
            if row["sprint_id"] == sprint_id and row["status"] == "pending":
                row |= {"status": "dropped", "finished_at": at, "next_at": None}


def beyond(row: str, value: JsonObject) -> JsonObject:
    """Return the keys in that part of the state that are not fields of the row."""
    ours = OURS[row].split()
    nulls = {key: None for key in PATHS if row == "gate_run" and value[key] is None}
    return {key: one for key, one in value.items() if key not in ours} | nulls
