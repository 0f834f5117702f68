"""Replay a recorded sprint with today's core, and find the first difference. Pure.

Outside causes come from the record: acts of operators, outcomes of gates, agents and hooks, and
times. The core must produce the recorded events again from them: kinds, rounds, codes with their
fields, and changes. Texts are not compared: messages, prompts and what a sprint waits for in words.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sprints.contract.json_types import JsonObject, JsonValue
from sprints.core.actions import Begun
from sprints.core.agent_tasks import is_open
from sprints.core.decide import decide
from sprints.core.gate_runs import is_open as is_running
from sprints.core.reducer import needs_effect, reduce
from sprints.core.shipping import OPEN, SHIP, status
from sprints.core.wait_reason import with_wait_reason
from sprints.replay.decode import act, answered, begin, is_act
from sprints.state.event_format import canonical, moment
from sprints.state.snapshot import Snapshot, evolve
from sprints.state.transitions import Transition, draft_of

NOT_COMPARED = ("prompt", "by", "hook_depth")  # keys of an event's data
WAITING = "/meta/waiting_for"
COMPARED = ("kind", "round_id", "data", "change")


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first event that today's core would write differently; ``what`` names the part."""

    sprint_id: str
    seq: int
    what: str
    recorded: str
    today: str


@dataclass(slots=True)
class _Differs(Exception):
    event: JsonObject
    what: str
    recorded: JsonValue
    today: JsonValue


def replay(events: Iterable[JsonObject]) -> Divergence | None:
    """Return the first divergence in the ordered events of one sprint; None if there is none."""
    snapshot: Snapshot | None = None
    for batch in _batches(events):
        first = batch[0]
        try:
            if snapshot is None:
                snapshot = begin(first)
            elif is_act(first, snapshot):
                snapshot = act(first, snapshot)
            else:
                snapshot = _lived_again(snapshot, batch)
        except _Differs as exc:
            return _worded(exc)
        except Exception as exc:  # any exception is a divergence
            fall = f"the engine falls over: {type(exc).__name__}: {exc}"
            return _worded(_Differs(first, "event", first["message"], fall))
    return None


def _batches(events: Iterable[JsonObject]) -> Iterator[list[JsonObject]]:
    """Yield the events that were recorded together, at one time; an act stands alone."""
    batch: list[JsonObject] = []
    for event in events:
        alone = is_act(event, None)
        if batch and (alone or event["ts"] != batch[0]["ts"] or is_act(batch[0], None)):
            yield batch
            batch = []
        batch.append(event)
    if batch:
        yield batch


def _lived_again(snapshot: Snapshot, batch: Sequence[JsonObject]) -> Snapshot:
    """Return the sprint after ``batch``, as today's core makes it. Raises ``_Differs``."""
    at = moment(batch[0]["ts"])
    now = replace(snapshot, at=at)
    moves: list[Transition] = []
    if answer := answered(batch[0], now):
        moves = reduce(now, *answer)
        now = evolve(now, moves, at)
    while len(moves) < len(batch):
        action = decide(now, _under_way(now))
        if action is None:
            _compare(snapshot.sprint_id, batch, moves, COMPARED[:-1])  # it may have begun earlier
            raise _Differs(batch[len(moves)], "event", batch[len(moves)]["message"], "nothing")
        more = reduce(now, action, Begun(at))
        now = evolve(now, more, at)
        moves += more
        if needs_effect(action) and len(moves) < len(batch):
            answer = answered(batch[len(moves)], now)
            if answer is None:
                raise _Differs(batch[len(moves)], "event", batch[len(moves)]["message"], action)
            more = reduce(now, *answer)
            now = evolve(now, more, at)
            moves += more
    moves = with_wait_reason(snapshot, moves, at)
    _compare(snapshot.sprint_id, batch, moves, COMPARED)
    if len(moves) > len(batch):
        raise _Differs(batch[-1], "event", "nothing more", moves[len(batch)].message)
    return evolve(snapshot, moves, at)


def _under_way(snapshot: Snapshot) -> set[str]:
    """Return the ids of everything that waits for an outside effect.

    These are the ids that a runner attends to. A lost runner leaves no event, so this set also
    stands for one without a runner.
    """
    found = {run.id for run in snapshot.gate_runs if is_running(run)}
    found |= {task.id for task in snapshot.tasks if is_open(task)}
    found |= {row.id for row in snapshot.deliveries if row.status == "running"}
    return found | ({SHIP} if status(snapshot) in OPEN else set())


def _compare(
    sprint_id: str,
    batch: Sequence[JsonObject],
    moves: Sequence[Transition],
    keys: Sequence[str],
) -> None:
    for event, move in zip(batch, moves, strict=False):
        draft = draft_of(sprint_id, move)
        for what in keys:
            then, now = event[what], json.loads(canonical({"it": getattr(draft, what)}))["it"]
            if what == "data":
                then, now = _compared(then), _compared(now)
                for key in {"code", "cause"} - then.keys():  # version 0 recorded none
                    if key == "code" and key in now:  # nor the fields of a stop
                        now = {name: one for name, one in now.items() if name in then}
                    now.pop(key, None)
            if what == "change":
                then, now = _without_words(then, now)
            if then != now:
                raise _Differs(event, what, then, now)


def _compared(data: JsonObject) -> JsonObject:
    kept = {key: value for key, value in data.items() if key not in NOT_COMPARED}
    if "payload" in kept:
        kept["payload"] = _without_message(kept["payload"])
    return kept


def _without_message(text: str) -> JsonObject:
    """Return the payload of a hook without the message in it."""
    payload: JsonObject = json.loads(text)
    about = {key: one for key, one in payload["data"].items() if key != "message"}
    return payload | {"data": about}


def _without_words(
    then: list[JsonObject], now: list[JsonObject]
) -> tuple[list[JsonObject], list[JsonObject]]:
    """Return both patches as codes and fields have them: what a sprint waits for without its text,
    and today's without what version 0 did not record.
    """
    coded = any(op["path"].endswith("/meta/stop_reason") for op in then)
    now = [op for op in now if coded or not op["path"].endswith("/meta/stop_reason")]
    waits = (op["value"] for op in then if "value" in op and op["path"].endswith(WAITING))
    keys = next(({*value} - {"what"} for value in waits), set())
    old = "code" not in keys

    def plain(op: JsonObject) -> JsonObject:
        if "value" not in op or not op["path"].endswith(WAITING):
            return op
        value = op["value"]
        kept = {
            key: one for key, one in value.items() if key != "what" and (not old or key in keys)
        }
        return op | {"value": kept}

    return [plain(op) for op in then], [plain(op) for op in now]


def _worded(found: _Differs) -> Divergence:
    event = found.event
    then, now = _apart(found.recorded, found.today)
    return Divergence(event["sprint_id"], event["seq"], found.what, then, now)


def _apart(then: JsonValue, now: JsonValue) -> tuple[str, str]:
    """Return both values as text, without their common parts where these can be told."""
    if isinstance(then, dict) and isinstance(now, dict):
        keys = [key for key in {**then, **now} if then.get(key) != now.get(key)]
        then, now = ({key: one.get(key) for key in keys} for one in (then, now))
    elif isinstance(then, list) and isinstance(now, list):
        both = [one for one in then if one in now]
        then, now = ([one for one in side if one not in both] for side in (then, now))
    return _short(then), _short(now)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= 300 else f"{text[:299]}…"
