"""What operators have set, as events tell it: gates, hooks, agents and schedules. Pure."""

from collections.abc import Iterator
from typing import Any


class Settings:
    """The last word of each. ``contract`` is the last that a sprint was started under."""

    def __init__(self) -> None:
        self.contract: dict[str, Any] = {}
        self._gates: dict[str, dict[str, Any]] = {}
        self._hooks: dict[str, dict[str, Any]] = {}
        self._agents: dict[str, dict[str, Any]] = {}
        self._schedules: set[str] = set()

    def heed(self, event: dict[str, Any]) -> None:
        """An event that belongs to no sprint."""
        data, removed = event["data"], " removed: " in event["message"]
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
                self._schedules.discard(data["schedule_id"])
            case "schedule_changed":
                self._schedules.add(data["schedule_id"])

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The gates, the agents that were changed, and the hooks that events tell whole."""
        if not self._gates:  # made before its first event told of the gates
            for gate in self.contract.get("gates", ()):
                self._gate(gate | {"profiles": [self.contract["profile"]], "enabled": True})
        yield from (("gate", row) for row in self._gates.values())
        yield from (("agent", row) for row in self._agents.values())
        yield from (("hook", self._hooks[name]) for name in sorted(self._told_whole()))

    def lost(self) -> list[str]:
        """The names of what events do not tell whole."""
        hooks = [f"hook {name}" for name in sorted({*self._hooks} - self._told_whole())]
        return [*hooks, *(f"schedule {name}" for name in sorted(self._schedules))]

    def _told_whole(self) -> set[str]:
        return {name for name, row in self._hooks.items() if row["kind"] == "command"}

    def _gate(self, data: dict[str, Any]) -> None:
        there = self._gates.get(data["gate_id"])
        position = there["position"] if there else len(self._gates)
        self._gates[data["gate_id"]] = data | {"position": position}


def _defined(data: dict[str, Any]) -> dict[str, Any]:
    """The definition that an event tells of, without who wanted it so."""
    return {key: value for key, value in data.items() if key != "by"}
