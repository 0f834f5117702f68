"""Project events to settings: gates, hooks, agents and schedules. Pure."""

from collections.abc import Iterator

from sprints.contract.json_types import JsonObject
from sprints.journal.missing_secrets import lacking
from sprints.state.event_codes import EventCode
from sprints.state.event_format import moment_or_none
from sprints.state.version0 import act_of

SCHEDULE = "schedule_id cron zone title brief profile deadline last_sprint_id".split()


class Settings:
    """The last definition of each setting. ``contract`` is that of the last started sprint."""

    def __init__(self) -> None:
        self.contract: JsonObject = {}
        self._gates: dict[str, JsonObject] = {}
        self._hooks: dict[str, JsonObject] = {}
        self._agents: dict[str, JsonObject] = {}
        self._schedules: dict[str, JsonObject] = {}
        self._old: set[str] = set()  # schedules recorded by older events only in part

    def apply(self, event: JsonObject) -> None:
        """Apply an event that belongs to no sprint."""
        data, removed = event["data"], act_of(event) == EventCode.REMOVED
        if event["seq"] == 1:
            for gate in data.get("gates", ()):
                self._gate(gate)
        match event["kind"]:
            case "gate_changed" if removed:
                self._gates.pop(data["gate_id"], None)
            case "gate_changed":
                self._gate(_defined(data))
            case "hook_changed" if removed:
                self._hooks.pop(data["hook_id"], None)
            case "hook_changed":
                self._hooks[data["hook_id"]] = _defined(data) | {"seq": event["seq"]}
            case "agent_changed":
                self._agents[data["agent_id"]] = _defined(data)
            case "schedule_changed" if removed:
                self._schedules.pop(data["schedule_id"], None)
                self._old.discard(data["schedule_id"])
            case "schedule_changed":
                self._schedule(data)
            case "schedule_fired" | "schedule_skipped" | "error":
                if data.get("schedule_id") in self._schedules:
                    self._fired(data)

    def rows(self) -> Iterator[tuple[str, JsonObject]]:
        """Yield the gates, changed agents, hooks and schedules, as recorded in events."""
        if not self._gates:  # the store is older than events about gates
            for gate in self.contract.get("gates", ()):
                self._gate(gate | {"profiles": [self.contract["profile"]], "enabled": True})
        yield from (("gate", row) for row in self._gates.values())
        yield from (("agent", row) for row in self._agents.values())
        yield from (("hook", self._hooks[name]) for name in sorted(self._hooks))
        yield from (("schedule", self._schedules[name]) for name in sorted(self._schedules))

    def lost(self) -> list[str]:
        """Return a line for each setting that the events record only in part."""
        lines = [words for kind, row in self.rows() if (words := lacking(kind, row))]
        hint = "its brief is not in these events; type: studio-gateway schedule add"
        return lines + [f"schedule {name}: {hint} {name} --help" for name in sorted(self._old)]

    def _gate(self, data: JsonObject) -> None:
        there = self._gates.get(data["gate_id"])
        position = there["position"] if there else len(self._gates)
        self._gates[data["gate_id"]] = data | {"position": position}

    def _schedule(self, data: JsonObject) -> None:
        name = data["schedule_id"]
        if {*SCHEDULE} <= data.keys():
            next_at = {"next_at": moment_or_none(data["next_ts"])}
            self._schedules[name] = {key: data[key] for key in SCHEDULE} | next_at
            self._old.discard(name)
        else:
            self._schedules.pop(name, None)
            self._old.add(name)

    def _fired(self, data: JsonObject) -> None:
        """Set when the schedule is due next, and the sprint that it has made, if any."""
        if "next_ts" not in data:
            self._schedules.pop(data["schedule_id"])
            self._old.add(data["schedule_id"])
            return
        row = self._schedules[data["schedule_id"]]
        row["next_at"] = moment_or_none(data["next_ts"])
        row["last_sprint_id"] = data.get("sprint_id", row["last_sprint_id"])


def _defined(data: JsonObject) -> JsonObject:
    """Return the definition in the event's data, without its author."""
    return {key: value for key, value in data.items() if key != "by"}
