"""Events to rows: what the database would hold, as plain values; knows nothing of the rows' code.

What is in state.json comes from the fold; what is not comes from the data of the events. A task or
a run is given out when it ends, so that memory is bounded by what is open and by the state itself.
"""

from collections.abc import Iterable, Iterator, MutableMapping
from datetime import datetime
from typing import Any

from sprints.mirror.fold import apply
from sprints.mirror.shelf import Shelf

Row = tuple[str, dict[str, Any]]
ENDED = ("failed", "blocked", "succeeded", "cancelled")


def retell(events: Iterable[dict[str, Any]]) -> Iterator[Row]:
    """Every row as (kind, values), times aware: tasks, gate runs and deliveries as they end, the
    rest after the last event. Kinds: sprint, round, task, gate_run, delivery, gate, hook, agent
    (of those that were changed), and ``lost`` with the names of what events do not tell whole.
    Raises ``KeyError`` for a bad patch.
    """
    story = _Story()
    for event in events:
        story.before(event)
        for op in event["change"]:
            apply(story.state, op)
        yield from story.after(event)
    yield from story.end()


class _Story:
    """The state as far as it is told, and what is told beside it."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.beside: MutableMapping[str, dict[str, Any]] = Shelf()
        self.prompts: dict[str, dict[str, Any]] = {}
        self.replies: dict[str, Any] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.deliveries: dict[str, dict[str, Any]] = {}
        self.gates: dict[str, dict[str, Any]] = {}
        self.hooks: dict[str, dict[str, Any]] = {}
        self.agents: dict[str, dict[str, Any]] = {}
        self.schedules: set[str] = set()
        self.contract: dict[str, Any] = {}

    def before(self, event: dict[str, Any]) -> None:
        """What has to be known before the change is made: nothing of a new sprint is."""
        if event["kind"] == "sprint_created":
            blank = {"started_at": None, "finished_at": None, "attempt": 1}
            self.beside[event["sprint_id"]] = blank | {"contract": None, "cancel_by": "", "n": 0}

    def after(self, event: dict[str, Any]) -> Iterator[Row]:
        """What ends with the event."""
        data = event["data"]
        if event["seq"] == 1:
            for gate in data.get("gates", ()):
                self._gate(gate)
        if event["sprint_id"] is None or event["sprint_id"] not in self.beside:
            self._setting(event, data)
            return
        self._sprint(event, data)
        match event["kind"]:
            case "task_started":
                name = f"{event['sprint_id']}/{event['round_id']}/{data['task_id']}"
                self.prompts[name] = {"prompt": data["prompt"], "attempt": data["attempt"]}
            case "task_done":
                name = f"{event['sprint_id']}/{event['round_id']}/{data['task_id']}"
                self.replies.pop(name, None)
                yield self._task(name, data.get("text", data["reply"]))
            case "task_asks":
                name = f"{event['sprint_id']}/{event['round_id']}/{data['task_id']}"
                self.replies[name] = data.get("text", data["reply"])
            case "task_failed" | "task_stopped":
                name = f"{event['sprint_id']}/{event['round_id']}/{data['task_id']}"
                self.replies.pop(name, None)
            case "gate_started":
                self.runs[f"{event['sprint_id']}/{data['gate_id']}"] = {
                    "round_id": f"{event['sprint_id']}/{event['round_id']}",
                    **{key: data[key] for key in ("number", "attempt", "digest")},
                }
            case "gate_finished":
                words = {"status": data["verdict"], "reason": data["reason"]}
                words["duration_s"] = data["duration_s"]
                words |= {key: data.get(key, "") for key in ("tree", "excerpt")}
                yield self._run(f"{event['sprint_id']}/{data['gate_id']}", words)
            case "hook_started":
                self._hook_started(event, data)
            case "hook_finished":
                yield from self._hook_finished(data)

    def end(self) -> Iterator[Row]:
        """What is open still, and what may always change."""
        for name in [*self.prompts]:
            yield self._task(name, self.replies.get(name))
        for name in [*self.runs]:
            words = {"status": "running", "reason": "", "tree": "", "excerpt": ""}
            yield self._run(name, words | {"duration_s": None})
        for row in self.deliveries.values():
            yield "delivery", row
        for name, sprint in self.state.get("sprints", {}).items():
            yield "sprint", self._whole(name, sprint)
            for code, value in sprint["rounds"].items():
                yield (
                    "round",
                    {
                        "id": f"{name}/{code}",
                        "sprint_id": name,
                        "code": code,
                        **{key: value[key] for key in ("title", "status", "notes")},
                        "started_at": moment(value["started_ts"]),
                        "finished_at": moment(value["finished_ts"]),
                    },
                )
        if not self.gates:  # made before its first event told of the gates
            for gate in self.contract.get("gates", ()):
                self._gate(gate | {"profiles": [self.contract["profile"]], "enabled": True})
        yield from (("gate", row) for row in self.gates.values())
        yield from (("agent", row) for row in self.agents.values())
        kept = {name for name, row in self.hooks.items() if row["kind"] == "command"}
        yield from (("hook", self.hooks[name]) for name in sorted(kept))
        lost = [f"hook {name}" for name in sorted({*self.hooks} - kept)]
        lost += [f"schedule {name}" for name in sorted(self.schedules)]
        yield "lost", {"names": lost}

    def _whole(self, name: str, sprint: dict[str, Any]) -> dict[str, Any]:
        beside = dict(self.beside[name])
        meta = {key: value for key, value in sprint["meta"].items() if key != "waiting_for"}
        keys = ("title", "status", "current_round", "artifacts_dir", "last_error")
        return {
            "sprint_id": name,
            **{key: sprint[key] for key in keys},
            "created_at": moment(sprint["created_ts"]),
            "meta": meta,
            "waiting": sprint["meta"].get("waiting_for"),
            "version": beside.pop("n"),
            "started_at": moment(beside.pop("started_at")),
            "finished_at": moment(beside.pop("finished_at")),
            **beside,
        }

    def _sprint(self, event: dict[str, Any], data: dict[str, Any]) -> None:
        """What is on record of the sprint beside its part of the state."""
        beside, at = self.beside[event["sprint_id"]], event["ts"]
        beside["n"] += 1
        where = f"/sprints/{event['sprint_id']}/status"
        status = [op["value"] for op in event["change"] if op["path"] == where]
        if status:
            beside["finished_at"] = at if status[-1] in ENDED else None
        if "contract" in data:
            beside["contract"] = self.contract = data["contract"]
        if event["kind"] != "note":
            return
        if data.get("point") == "sprint_start":
            beside["started_at"] = at
        elif "attempt" in data and "digest" in data:
            beside |= {"attempt": data["attempt"], "cancel_by": ""}
        elif event["message"].startswith(("cancel asked by ", "sprint cancelled by ")):
            beside["cancel_by"] = data["by"]
            if status:
                self._drop(event["sprint_id"], moment(at))

    def _task(self, name: str, reply: Any) -> Row:
        sprint, code, task_id = name.split("/")
        value = self.state["sprints"][sprint]["rounds"][code]["tasks"][task_id]
        return "task", {
            "id": name,
            "round_id": f"{sprint}/{code}",
            **{key: value[key] for key in ("task_id", "title", "owner_agent", "status", "details")},
            "created_at": moment(value["created_ts"]),
            "updated_at": moment(value["updated_ts"]),
            "reply": reply,
            **self.prompts.pop(name),
        }

    def _run(self, name: str, words: dict[str, Any]) -> Row:
        sprint, gate_id = name.split("/")
        value, beside = self.state["sprints"][sprint]["gates"][gate_id], self.runs.pop(name)
        keys = ("title", "command", "required", "exit_code", "stdout_path", "stderr_path")
        return "gate_run", {
            "id": f"{name}/{beside['number']}",
            "gate_id": gate_id,
            **{key: value[key] for key in keys},
            "started_at": moment(value["started_ts"]),
            "finished_at": moment(value["finished_ts"]),
            **beside,
            **words,
        }

    def _hook_started(self, event: dict[str, Any], data: dict[str, Any]) -> None:
        row = self.deliveries.setdefault(
            data["delivery"],
            {
                "id": data["delivery"],
                "hook_id": data["hook_id"],
                "point": data["point"],
                "sprint_id": event["sprint_id"],
                "place": data.get("place", ""),
                "payload": data.get("payload", ""),
                "created_at": moment(event["ts"]),
                "failures": 0,
                "next_at": None,
            },
        )
        row |= {"status": "running", "tries": data["try"]}

    def _hook_finished(self, data: dict[str, Any]) -> Iterator[Row]:
        row = self.deliveries[data["delivery"]]
        row |= {key: data[key] for key in ("status", "exit_code", "reason", "duration_s")}
        row["reason"] = row["reason"][:500]
        row["failures"] = data.get("failures", row["failures"])
        row["next_at"] = moment(data.get("next_ts"))
        row["finished_at"] = moment(data.get("finished_ts"))
        if data["status"] in ("delivered", "failed"):
            yield "delivery", self.deliveries.pop(data["delivery"])

    def _drop(self, sprint_id: str, at: datetime | None) -> None:
        for row in self.deliveries.values():
            if row["sprint_id"] == sprint_id and row["status"] == "pending":
                row |= {"status": "dropped", "finished_at": at, "next_at": None}

    def _setting(self, event: dict[str, Any], data: dict[str, Any]) -> None:
        """What an operator has set: the last word of each."""
        removed = " removed: " in event["message"]
        match event["kind"]:
            case "gate_changed" if removed:
                self.gates.pop(data["gate_id"], None)
            case "gate_changed":
                self._gate(_defined(data))
            case "hook_changed" if removed:
                self.hooks.pop(data["hook_id"], None)
            case "hook_changed":
                self.hooks[data["hook_id"]] = _defined(data) | {"seq": event["seq"]}
            case "agent_changed":
                self.agents[data["agent_id"]] = _defined(data)
            case "schedule_changed" if removed:
                self.schedules.discard(data["schedule_id"])
            case "schedule_changed":
                self.schedules.add(data["schedule_id"])

    def _gate(self, data: dict[str, Any]) -> None:
        there = self.gates.get(data["gate_id"])
        position = there["position"] if there else len(self.gates)
        self.gates[data["gate_id"]] = data | {"position": position}


def moment(text: str | None) -> datetime | None:
    """A time of the files as an aware one."""
    return None if text is None else datetime.fromisoformat(text)


def _defined(data: dict[str, Any]) -> dict[str, Any]:
    """The definition that an event tells of, without who wanted it so."""
    return {key: value for key, value in data.items() if key != "by"}
