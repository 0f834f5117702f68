"""Decode recorded events to their outside causes: operators' acts and outcomes. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from gates.verdict import Cause, Judgement, Verdict
from sprints.contract.git_values import Seen
from sprints.contract.json_types import JsonObject, JsonValue
from sprints.contract.protected_paths import Touched
from sprints.contract.token_usage import Usage
from sprints.core import blocking_hooks, gate_runs, shipping
from sprints.core.actions import (
    Action,
    Ask,
    Brought,
    Compare,
    Compared,
    Judged,
    Merged,
    Outcome,
    Published,
    RecoverHook,
    RecoverShip,
    RecoverTask,
    Replied,
    RunGate,
)
from sprints.prompts import exchange
from sprints.prompts.exchange import Exchange
from sprints.prompts.reply_format import Reply
from sprints.state import ship_values
from sprints.state.delivery_result import DeliveryResult
from sprints.state.engine_meta import SprintMeta
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.event_format import moment
from sprints.state.messages import message
from sprints.state.snapshot import Snapshot, SprintValue, TaskValue, evolve
from sprints.state.state_mapping import KEYS, unescaped
from sprints.state.transitions import Change, Create, Transition, Update
from sprints.state.version0 import act_of, cause_of

ACT_KINDS = (
    "sprint_created sprint_changed task_answered sprint_archived sprint_restored sprint_moved"
    " budget_changed approved rejected approval_expired"
).split()
# The acts of operators and watchers among notes and errors; all others are the engine's.
ACTS = (
    EventCode.SPRINT_STARTED,
    EventCode.SPRINT_RETRIED,
    EventCode.SPRINT_PAUSED,
    EventCode.SPRINT_RESUMED,
    EventCode.MOVED_FIRST,
    EventCode.STEP_REQUESTED,
    EventCode.STEP_CLEARED,
    EventCode.CANCEL_REQUESTED,
    EventCode.EVIDENCE_MOVED,
    EventCode.WAIT_OVERDUE,
    EventCode.ENGINE_ERROR,
)
ENDED = ("failed", "blocked", "succeeded", "cancelled")
FIELDS = {row: {key: name for name, key in keys.items()} for row, keys in KEYS.items()}


def is_act(event: JsonObject, snapshot: Snapshot | None) -> bool:
    """Return whether the event has another cause than the core.

    The end of a sprint that did not run is an operator's act. Without ``snapshot``, the sprint
    before the event, that end counts as the core's.
    """
    if event["kind"] in ACT_KINDS:
        return True
    what = act_of(event)
    if what == EventCode.SPRINT_CANCELLED and snapshot is not None:
        return snapshot.sprint.status != "running"
    return what in ACTS


def begin(event: JsonObject) -> Snapshot:
    """Return the sprint that ``event`` creates."""
    (made,) = event["change"]
    value = made["value"]
    sprint = SprintValue(
        sprint_id=value["sprint_id"],
        title=value["title"],
        status=value["status"],
        current_round=value["current_round"],
        artifacts_dir=value["artifacts_dir"],
        last_error=value["last_error"],
        meta=SprintMeta(value["meta"]),
        created_at=moment(value["created_ts"]),
        started_at=None,
        finished_at=None,
        attempt=1,
        contract=None,
        cancel_by="",
    )
    return Snapshot(sprint, (), (), (), None, 1, moment(event["ts"]))


def act(event: JsonObject, snapshot: Snapshot) -> Snapshot:
    """Return the sprint after that act."""
    at = moment(event["ts"])
    if event["kind"] in ("sprint_archived", "sprint_restored"):
        return snapshot
    changes = [_change(op, snapshot) for op in event["change"]]
    beside = _beside(event, at)
    changes.append(Update("sprint", snapshot.sprint_id, (), beside))
    if act_of(event) == EventCode.ENGINE_ERROR:
        lost = {"status": Verdict.INTERRUPTED.value, "reason": message("reason.engine_fell")}
        open_runs = [run.id for run in snapshot.gate_runs if gate_runs.is_open(run)]
        changes += [Update("gate_run", run_id, (), lost) for run_id in open_runs]
    move = Transition(EventKind(event["kind"]), event["message"], tuple(changes))
    return evolve(snapshot, [move], at)


def _beside(event: JsonObject, at: datetime) -> JsonObject:
    """Return the changes of the sprint that are not in state.json."""
    data, found = event["data"], JsonObject()
    status = [op["value"] for op in event["change"] if op["path"].endswith("/status")]
    if any(op["path"].count("/") == 3 and op["path"].endswith("/status") for op in event["change"]):
        found["finished_at"] = at if status[0] in ENDED else None
    if "contract" in data:
        found["contract"] = data["contract"]
    if data.get("point") == "sprint_start":
        found["started_at"] = at
    if "attempt" in data and "digest" in data:
        found |= {"attempt": data["attempt"], "cancel_by": ""}
    if act_of(event) in (EventCode.CANCEL_REQUESTED, EventCode.SPRINT_CANCELLED):
        found["cancel_by"] = data["by"]
    return found


def _change(op: JsonObject, snapshot: Snapshot) -> Change:
    """Return an operation on state.json as the change of a row."""
    name = snapshot.sprint_id
    parts = [unescaped(part) for part in op["path"].split("/")[3:]]
    value = op.get("value")
    match parts:
        case ["meta", "waiting_for"]:
            return Update("sprint", name, (), {"waiting": value})
        case ["meta", "stop_reason"]:
            return Update("sprint", name, (), {"stop_reason": value})
        case ["last_error"]:  # a version before codes had no other
            return Update("sprint", name, (), {"last_error": value, "stop_reason": None})
        case [key]:
            return _update("sprint", name, key, value)
        case ["rounds", code] if isinstance(value, dict):
            made = {FIELDS["round"][k]: _plain(k, one) for k, one in value.items() if k != "tasks"}
            return Create("round", f"{name}/{code}", made | {"sprint_id": name})
        case ["rounds", code, "status"] if value == "pending":
            values = {"status": value, "overdue_note": ""}  # it is not overdue any more
            return Update("round", f"{name}/{code}", (), values)
        case ["rounds", code, key]:
            return _update("round", f"{name}/{code}", key, value)
        case ["rounds", code, "tasks", task_id, key]:
            return _update("task", f"{name}/{code}/{task_id}", key, value)
        case ["gates", gate_id, key]:
            runs = [run for run in snapshot.gate_runs if run.gate_id == gate_id]
            return _update("gate_run", runs[-1].id, key, value)
    raise ValueError(f"an act changes {op['path']}")


def _update(row: str, pk: str, key: str, value: JsonValue) -> Update:
    return Update(row, pk, (), {FIELDS[row][key]: _plain(key, value)})


def _plain(key: str, value: JsonValue) -> JsonValue:
    return moment(value) if key.endswith("_ts") and value is not None else value


def answered(event: JsonObject, snapshot: Snapshot) -> tuple[Action, Outcome] | None:
    """Return the recorded action and its outcome; None if the event records none."""
    data = event["data"]
    match event["kind"]:
        case "gate_finished":
            said = Judgement(
                Verdict(data["verdict"]),
                data["exit_code"],
                data["reason"],
                data["duration_s"],
                data.get("strays_killed", 0),
                data.get("dropped_bytes", 0),
                **_outputs(data),
                tree=data.get("tree", ""),
                put_back=data.get("put_back", 0),
                excerpt=data.get("excerpt", ""),
                confined=data.get("confined", ""),
                network=data.get("network", {}),
                cause=cause_of(event),
            )
            ended = _told_at(event, "finished_ts")
            return RunGate(event["round_id"], data["gate_id"]), Judged(ended, said)
        case "task_done" | "task_asks" | "task_stopped" | "task_failed" | "task_returned":
            pk = f"{snapshot.sprint_id}/{event['round_id']}/{data['task_id']}"
            task = next(task for task in snapshot.tasks if task.id == pk)
            ended = _told_at(event, "updated_ts")
            ask = Ask(event["round_id"], task.owner_agent, task.details["kind"])
            action = RecoverTask(pk) if "runner" in task.details else ask
            return action, Replied(ended, _exchange(event, task))
        case "hook_finished":
            return RecoverHook(data["delivery"]), _brought(event, snapshot)
        case "ship_merged" | "ship_skipped" | "ship_moved" | "shipped" | "ship_refused":
            return RecoverShip(event["round_id"]), _shipped(event, snapshot)
        case "paths_compared":
            return Compare(event["round_id"]), Compared(
                moment(event["ts"]), Touched.from_json(data)
            )
    return None


def _shipped(event: JsonObject, snapshot: Snapshot) -> Outcome:
    """Return the outcome of the merge or publication that was under way."""
    at, kind, data = moment(event["ts"]), event["kind"], event["data"]
    reason = data.get("reason", "") if kind == "ship_refused" else ""
    if shipping.status(snapshot) == shipping.PUBLISHING:
        tag, unfinished = data.get("tag", ""), data.get("unfinished", "")
        return Published(at, tag, unfinished, moved=kind == "ship_moved", reason=reason)
    keys = ("branch", "base", "head", "commit", "tree", "url", "rebased")
    cause = ship_values.ShipCause(data.get("cause", ""))
    known = {key: data.get(key, "") for key in keys}
    return Merged(at, ship_values.Merge(**known, reason=reason, cause=cause))


def _told_at(event: JsonObject, key: str) -> datetime:
    """Return the time of the outcome, from the event's change."""
    return moment(next(op["value"] for op in event["change"] if op["path"].endswith(f"/{key}")))


def _exchange(event: JsonObject, task: TaskValue) -> Exchange:
    data = event["data"]
    usage = Usage.from_json(data["used"]) if "used" in data else None
    if data.get("lost", 0) > task.details.get("lost", 0):
        return replace(
            exchange.LOST,
            seen=_seen(data.get("work")),
            usage=usage,
            session=_session(data),
            **_outputs(data),
        )
    reply = None
    if "reply" in data and isinstance(data["reply"], dict):
        said = data["reply"]
        lists = (tuple(said[key]) for key in ("deliverables", "questions", "next_actions"))
        reply = Reply(said["status"], *lists)
    return Exchange(
        reply,
        reason=data.get("reason", ""),
        stopped=event["kind"] == "task_stopped",
        text=data.get("text", ""),
        tail=data.get("tail", ""),
        exit_code=data.get("exit_code"),
        duration_s=data.get("duration_s"),
        strays_killed=data.get("strays_killed", 0),
        dropped_bytes=data.get("dropped_bytes", 0),
        **_outputs(data),
        out_of_budget=cause_of(event) == Cause.BUDGET_ENDED,
        seen=_seen(data.get("work")),
        usage=usage,
        denied=tuple(data.get("denied", ())),
        session=_session(data),
        confined=data.get("confined", ""),
        network=data.get("reached", {}),
        cause=cause_of(event),
    )


def _session(data: JsonObject) -> str:
    known: JsonObject = data.get("session", {})
    return str(known.get("id", ""))


def _seen(work: JsonObject | None) -> Seen | None:
    """Return the change of the clone recorded in the task."""
    if work is None:
        return None
    lists: JsonObject = {key: tuple(work.get(key, ())) for key in ("paths", "notes")}
    return Seen(**work | lists)


def _outputs(data: JsonObject) -> JsonObject:
    """Return ``outputs``, name and digest of each file of the run, and their ``place``."""
    outputs = data.get("outputs", {}).items()
    found = tuple((path.rpartition("/")[2], digest) for path, digest in outputs)
    return {"outputs": found, "place": data.get("outputs_at", "")}


def _brought(event: JsonObject, snapshot: Snapshot) -> Brought:
    data, at = event["data"], moment(event["ts"])
    row = blocking_hooks.delivery_of(snapshot, data["delivery"])
    delivered = data["status"] == "delivered"
    stopped = not delivered and data["failures"] == row.failures
    if data["finished_ts"]:
        at = moment(data["finished_ts"])
    elif data["next_ts"]:
        wait_s = snapshot.started_contract.hook(row.hook_id).wait_s(data["failures"])
        at = moment(data["next_ts"]) - timedelta(seconds=wait_s)
    said = DeliveryResult(
        delivered, data["reason"], data["duration_s"], data["exit_code"], stopped=stopped
    )
    said = replace(said, cause=cause_of(event))
    if stopped and said.cause == Cause.LOST:
        said = blocking_hooks.LOST
    return Brought(at, replace(said, **_outputs(data)))
