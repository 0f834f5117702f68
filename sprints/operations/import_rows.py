"""Write the rows of an import: from the other gateway's chain, or from its lines and sprints."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Model
from django.utils import timezone

from gates.models import Gate, GateRun
from gates.verdict import Verdict
from sprints.contract.contract import GATED
from sprints.contract.json_types import JsonObject
from sprints.journal import foreign_events, hash_chain, state_file
from sprints.journal.checked_events import Tell
from sprints.journal.foreign_events import Damaged
from sprints.journal.foreign_state import Documented, Unfit, lenient_moment, read
from sprints.journal.json_diff import differ
from sprints.journal.path_mapping import lead_sprint, led
from sprints.journal.rebuild_rows import ENDED, retell
from sprints.models import Event, Head, Hook, Schedule, Sprint, Task
from sprints.models.event import adopt, append
from sprints.models.redaction import clean
from sprints.operations.import_source import EVENTS, STATE, Source
from sprints.operations.rebuild import MODELS, batches, whole_bytes, written
from sprints.operations.store import store
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.event_format import Draft, stamp
from sprints.state.messages import message
from sprints.state.refusals import Refused
from sprints.state.state_mapping import escaped
from sprints.state.version0 import gate_of

CHUNK = 1000


@dataclass(slots=True)
class Imported:
    """The result of an import.

    ``chain``: the events are those of the other store, byte for byte. ``damaged`` are lines that
    are no events; the file ``aside`` keeps them. ``left`` names what was not imported. ``astray``
    are the paths outside any store, ``mapped`` is the number of mapped paths.
    """

    path: str
    chain: bool = False
    sprints: int = 0
    events: int = 0
    files: int = 0
    mapped: int = 0
    damaged: list[JsonObject] = field(default_factory=list)
    aside: str = ""
    left: list[str] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unexplained: str = ""


def write(source: Source, done: Imported, tell: Tell | None) -> list[Damaged]:
    """Write events and rows, and return the damaged lines. Needs a transaction.

    Raises ``Refused``, ``Unfit`` and ``OSError``.
    """
    if is_chain(source, done):
        return _chain(source, done, tell)
    return _retell(source, done, tell)


def is_chain(source: Source, done: Imported) -> bool:
    """Return whether all whole lines are events numbered and chained as ours."""
    events = source.root / EVENTS
    if not events.is_file():
        return False
    with events.open("rb") as file:
        whole = whole_bytes(file, os.fstat(file.fileno()).st_size)
        first = next(hash_chain.lines(file, whole), b"") if not file.seek(0) else b""
        if b'"hash": "' not in first:
            return False
        file.seek(0)
        try:
            for _ in hash_chain.chained(file, whole):
                pass
        except hash_chain.Broken as exc:
            done.notes.append(f"the hash chain of its {EVENTS} is broken at {exc}: it ends here")
            return False
    return True


def _chain(source: Source, done: Imported, tell: Tell | None) -> list[Damaged]:
    """Write the events unchanged, and the rows projected from them."""
    last = Head.objects.select_for_update().get(pk=1)
    if last.seq > 1:
        raise Refused(message("refused.import_events", number=last.seq, path=done.path))
    for model in (Event, Head, Gate, Hook, Schedule):
        model.objects.all().delete()
    with (source.root / EVENTS).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        whole = whole_bytes(file, size)
        try:
            rows, lost = written(file, whole, tell)
        except (KeyError, TypeError, ValueError) as exc:
            about = {"path": source.root / EVENTS, "error": repr(exc)}
            raise Refused(message("refused.import_impossible", **about)) from exc
        file.seek(whole)
        torn = file.read(hash_chain.MAX_LINE_BYTES)
    _lead_here(done)
    sprints = dict(state_file.many(sorted(Sprint.objects.values_list("pk", flat=True))))
    read(json.dumps({"sprints": sprints}), store().artifacts)  # a chain may contain anything
    _compare(source, done)
    running = Sprint.objects.filter(status="running", started_at__isnull=False).order_by("pk")
    for name in running.values_list("pk", flat=True):
        hold = f"to hold it: studio-gateway sprint pause {name}"
        done.notes.append(f"sprint {name} goes on here once a worker is at work; {hold}")
    for name in Schedule.objects.filter(next_at__isnull=False).values_list("pk", flat=True):
        hold = f"to hold it: studio-gateway schedule off {name}"
        done.notes.append(f"schedule {name} starts sprints here, too; {hold}")
    done.chain, done.sprints, done.events = True, rows.get("sprint", 0), rows["event"]
    done.left += lost
    return [Damaged(rows["event"] + 1, "it is torn: it ends without a newline", torn)] * bool(torn)


def _lead_here(done: Imported) -> None:
    """Map the paths of all rows to this store, and record the change of each sprint.

    Archived sprints are not in the state: the event of the import covers their paths.
    """
    artifacts = store().artifacts
    live = set(state_file.all_ids())
    for name, sprint in state_file.many(sorted(Sprint.objects.values_list("pk", flat=True))):
        ops = lead_sprint(sprint, name, artifacts)
        if ops:
            Sprint.objects.filter(pk=name).update(artifacts_dir=sprint["artifacts_dir"])
        for op in ops:
            if op["path"].endswith("/details"):
                _, _, _, _, code, _, task_id, _ = op["path"].split("/")
                row = Task.objects.filter(pk=f"{name}/{code}/{task_id}")
                row.update(details=op["value"])
        runs = list(GateRun.objects.filter(round__sprint=name))
        for run in runs:
            run.stdout_path = led(run.stdout_path, name, artifacts)
            run.stderr_path = led(run.stderr_path, name, artifacts)
        GateRun.objects.bulk_update(runs, ["stdout_path", "stderr_path"], batch_size=CHUNK)
        if ops and name in live:
            done.mapped += len(ops)
            words = message("event.sprint_moved", sprint_id=name, folder=artifacts)
            append([Draft(EventKind.SPRINT_MOVED, words, name, change=ops)], timezone.now())


def _compare(source: Source, done: Imported) -> None:
    """Note a difference between its state.json and its events, apart from paths."""
    try:
        there = read((source.root / STATE).read_bytes().decode("utf-8-sig"), store().artifacts)
    except (OSError, UnicodeDecodeError, Unfit) as exc:
        done.notes.append(f"its {STATE} is not used: {exc}")
        return
    extra = Head.objects.get(pk=1).extra
    path = differ(
        {**there.extra, "sprints": there.sprints},
        {**extra, "sprints": dict(state_file.many(state_file.all_ids()))},
    )
    if path:
        done.notes.append(f"its {STATE} differs at {path} from what its events explain; they count")
        done.unexplained = STATE


def _retell(source: Source, done: Imported, tell: Tell | None) -> list[Damaged]:
    """Write the lines as events in a chain of ours, then each sprint from its state.json."""
    came = _documented(source)
    done.mapped, done.astray = came.mapped, came.astray
    damaged: list[Damaged] = []
    places: dict[tuple[str, str], str] = {}
    events = source.root / EVENTS
    if events.is_file():
        with events.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            reported = (lambda so_far: tell(so_far, size)) if tell else None
            ts = min((one["created_ts"] for one in came.sprints.values()), default=_now())
            lines = foreign_events.read(file, size, ts, reported)
            done.events = adopt(_whole_ones(lines, damaged, places))
    done.sprints = adopt(_sprints(came, places))
    if came.extra:
        ops = [
            {"op": "add", "path": f"/{escaped(key)}", "value": value}
            for key, value in clean(came.extra).items()
        ]
        Head.objects.filter(pk=1).update(extra=clean(came.extra))
        words = message("event.state_imported")
        data = {"code": EventCode.STATE_IMPORTED.value}
        append([Draft(EventKind.NOTE, words, data=data, change=ops)], timezone.now())
    first_and_sprints = Event.objects.filter(seq=1) | Event.objects.filter(
        kind=EventKind.SPRINT_IMPORTED
    )
    rows = retell(row.body for row in first_and_sprints.order_by("seq").iterator(CHUNK))
    for some in batches(rows, Counter(), []):
        for kind in ("gate_run", "task", "sprint", "round"):
            model: type[Model] = MODELS[kind]
            made = [model(**values) for values in some.get(kind, ())]
            model._default_manager.bulk_create(made)
    return damaged


def _documented(source: Source) -> Documented:
    try:
        text = (source.root / STATE).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise Refused(message("refused.import_no_state", path=source.root, state=STATE)) from None
    except UnicodeDecodeError as exc:
        raise Unfit(f"{STATE} is not UTF-8 (byte {exc.start})") from exc
    return read(text, store().artifacts)


def _whole_ones(
    lines: Iterator[JsonObject | Damaged],
    damaged: list[Damaged],
    places: dict[tuple[str, str], str],
) -> Iterator[JsonObject]:
    """Yield the events; add damaged lines to ``damaged``, and each gate's round to ``places``."""
    for one in lines:
        if isinstance(one, Damaged):
            damaged.append(one)
            continue
        if (gate_id := gate_of(one)) and one["round_id"]:
            places[one["sprint_id"], gate_id] = one["round_id"]
        yield clean(one) | {"change": []}


def _sprints(came: Documented, places: dict[tuple[str, str], str]) -> Iterator[JsonObject]:
    for name, sprint in came.sprints.items():
        ends = [value["finished_ts"] for value in sprint["rounds"].values()]
        ends += [value["finished_ts"] for value in sprint["gates"].values()]
        ended = max(filter(None, ends), default=sprint["created_ts"])
        runs = {key: _run(name, sprint, gate, places) for key, gate in sprint["gates"].items()}
        whole = clean(sprint)
        yield {
            "ts": _now(),
            "kind": EventKind.SPRINT_IMPORTED.value,
            "message": message("event.sprint_imported", sprint_id=name),
            "sprint_id": name,
            "round_id": None,
            "data": {
                "finished_ts": ended if sprint["status"] in ENDED else None,
                "runs": runs,
            },
            "change": [{"op": "add", "path": f"/sprints/{name}", "value": whole}],
        }


def _run(
    name: str, sprint: JsonObject, gate: JsonObject, places: dict[tuple[str, str], str]
) -> JsonObject:
    """Return the values of a gate run's row that are not in the state."""
    likely = (places.get((name, gate["gate_id"])), sprint["current_round"], *GATED)
    code = next((code for code in likely if code in sprint["rounds"]), max(sprint["rounds"]))
    began, ended, code_of_exit = gate["started_ts"], gate["finished_ts"], gate["exit_code"]
    took = (lenient_moment(ended) - lenient_moment(began)).total_seconds() if ended else None
    verdict = Verdict.PASSED if code_of_exit == 0 else Verdict.FAILED
    if code_of_exit is None:
        verdict = Verdict.ERROR if ended else Verdict.INTERRUPTED
    code_text = "reason.imported" if code_of_exit is None else "reason.exit_imported"
    reason = message(code_text, exit_code=code_of_exit)
    return {"round_id": code, "status": verdict.value, "reason": reason, "duration_s": took}


def _now() -> str:
    return stamp(timezone.now())
